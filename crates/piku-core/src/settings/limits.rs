//! What a setting can't be, because no process could be started with it.

use std::ops::Range;

use piku_procfile::Diagnostic;

use super::assignment::is_key;

/// The longest value of a setting, in bytes.
///
/// Linux takes no environment string over 128 KiB (`MAX_ARG_STRLEN`), and that is the key, `=`, and a NUL as well.
pub const MAX_VALUE: usize = 131_000;

/// The longest `KEY=value`, in bytes: 128 KiB without the NUL.
const MAX_STRING: usize = 128 * 1024 - 1;

/// Why a setting can't be stored.
///
/// The value is never part of the message: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSetting {
    /// The key is not `[A-Za-z_][A-Za-z0-9_]*`.
    #[error("`{}` can't be the key of a setting", .key.escape_debug())]
    Key {
        /// What was given.
        key: String,
    },
    /// The value holds a NUL byte, which ends every environment string.
    #[error("the value of `{key}` holds a NUL byte")]
    Nul {
        /// Its key.
        key: String,
    },
    /// The value is longer than any process could be started with.
    #[error("the value of `{key}` is {length} bytes long, and no process could be started with it")]
    TooLong {
        /// Its key.
        key: String,
        /// The length of the value, in bytes.
        length: usize,
    },
}

impl InvalidSetting {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Key { .. } => {
                "use letters, digits, and `_` only, beginning with a letter or `_`".to_owned()
            }
            Self::Nul { .. } => "encode the value, for example as base64".to_owned(),
            Self::TooLong { .. } => too_long_help(),
        }
    }
}

/// Checks that a process can be started with this setting.
pub(super) fn check(key: &str, value: &str) -> Result<(), InvalidSetting> {
    let owned = key.to_owned();
    if !is_key(key) {
        Err(InvalidSetting::Key { key: owned })
    } else if value.contains('\0') {
        Err(InvalidSetting::Nul { key: owned })
    } else if value.len() > MAX_VALUE || key.len() + 1 + value.len() > MAX_STRING {
        Err(InvalidSetting::TooLong { key: owned, length: value.len() })
    } else {
        Ok(())
    }
}

/// The same about a line of a file.
pub(super) fn too_long(key: &str, span: Range<usize>) -> Diagnostic {
    let message = format!("the value of `{key}` is so long that no process could be started with it");
    Diagnostic::error("env::too-long", span, message).with_help(too_long_help())
}

fn too_long_help() -> String {
    format!(
        "keep it to {MAX_VALUE} bytes, or put it into a file below $DATA_ROOT and set the path of that file"
    )
}
