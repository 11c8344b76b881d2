//! The limits on settings, so that a process can always be started with them.

use std::ops::Range;

use piku_procfile::Diagnostic;

use super::assignment::is_key;

/// The longest value of a setting, in bytes.
///
/// Linux limits an environment string to 128 KiB (`MAX_ARG_STRLEN`), including the key, `=`, and a NUL.
pub const MAX_VALUE: usize = 131_000;

/// The maximum size of all settings of an app together, in bytes.
///
/// Linux limits the arguments and the environment of a program together to a quarter of the stack limit, which is
/// 2 MiB on most machines (execve(2)). The rest is left for piku's own variables and the arguments.
pub const MAX_TOGETHER: usize = 1024 * 1024;

/// The maximum length of `KEY=value`, in bytes: 128 KiB without the NUL.
const MAX_STRING: usize = 128 * 1024 - 1;

/// Why a setting can't be stored.
///
/// The message never includes the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSetting {
    /// The key is not `[A-Za-z_][A-Za-z0-9_]*`.
    #[error("`{}` can't be the key of a setting", .key.escape_debug())]
    Key {
        /// The key as given.
        key: String,
    },
    /// The value contains a NUL byte, which would end the environment string.
    #[error("the value of `{key}` holds a NUL byte")]
    Nul {
        /// Its key.
        key: String,
    },
    /// The value is longer than Linux allows.
    #[error("the value of `{key}` is {length} bytes long, and no process could be started with it")]
    TooLong {
        /// Its key.
        key: String,
        /// The length of the value, in bytes.
        length: usize,
    },
    /// The settings together are larger than Linux allows.
    #[error(
        "the settings are more than {MAX_TOGETHER} bytes together, and no process could be started with them"
    )]
    TooMuch,
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
            Self::TooMuch => TOO_MUCH_HELP.to_owned(),
        }
    }
}

/// Checks that a process can be started with this setting.
///
/// # Errors
/// [`InvalidSetting`] says why not.
pub fn check(key: &str, value: &str) -> Result<(), InvalidSetting> {
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

const TOO_MUCH_HELP: &str = "put what is large into files below $DATA_ROOT, and set the paths of those files";

/// The bytes that a setting takes up in the environment of a process.
pub(super) fn weight(key: &str, value: &str) -> usize {
    // Plus `=`, NUL, and the pointer to the string.
    key.len() + value.len() + 2 + size_of::<usize>()
}

/// Checks that all of these together fit into the environment of a process.
pub(super) fn check_together<'a>(
    all: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), InvalidSetting> {
    let sum: usize = all.map(|(key, value)| weight(key, value)).sum();
    if sum > MAX_TOGETHER { Err(InvalidSetting::TooMuch) } else { Ok(()) }
}

/// Reports the line of a file that exceeds [`MAX_TOGETHER`].
pub(super) fn too_much(span: Range<usize>) -> Diagnostic {
    Diagnostic::error("env::too-much", span, InvalidSetting::TooMuch.to_string()).with_help(TOO_MUCH_HELP)
}

/// Reports a line of a file whose value is too long.
pub(super) fn too_long(key: &str, span: Range<usize>) -> Diagnostic {
    let message = format!("the value of `{key}` is so long that no process could be started with it");
    Diagnostic::error("env::too-long", span, message).with_help(too_long_help())
}

fn too_long_help() -> String {
    format!(
        "keep it to {MAX_VALUE} bytes, or put it into a file below $DATA_ROOT and set the path of that file"
    )
}
