//! Why a path can't be persisted.

use camino::Utf8PathBuf;

use crate::app::AppName;
use crate::settings::spelled;

/// Why a path can't be persisted. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PersistError {
    /// It is below a link or a file.
    #[error("`{path}` can't be kept: a link is in its way")]
    Link {
        /// The path.
        path: String,
    },
    /// Nothing of what the app has written is in its data any more.
    #[error("`{path}` of `{app}` is not in its data any more, nor is anything else")]
    Missing {
        /// The app.
        app: AppName,
        /// The first such path.
        path: String,
        /// The folder of its data.
        data: Utf8PathBuf,
    },
    /// The app's data is on another file system than its folder, and that is too full.
    #[error("moving what `{app}` wrote in its folder takes {sizes} in `{data}`")]
    NoRoom {
        /// The app.
        app: AppName,
        /// The size of what is to be moved, and the room there is: `2.0 MB, and there is room for 1.0 MB`.
        sizes: String,
        /// The folder of its data.
        data: Utf8PathBuf,
        /// The largest path, as `PIKU_PERSIST` has it.
        largest: Option<String>,
    },
    /// The commit has a file where the app has written a folder, or the reverse.
    #[error(
        "the commit has `{other}`, where `{app}` has written `{path}`: one is a file, and the other a folder"
    )]
    InTheWay {
        /// The app.
        app: AppName,
        /// What the app has written.
        path: String,
        /// The path in the commit.
        other: String,
    },
}

impl PersistError {
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Link { .. } => "deploy::persist",
            Self::Missing { .. } => "deploy::data-missing",
            Self::NoRoom { .. } => "deploy::no-room",
            Self::InTheWay { .. } => "deploy::in-the-way",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Link { .. } => {
                "make sure that no parent folder is a link, neither in the app's folder nor in $DATA_ROOT"
                    .to_owned()
            }
            Self::Missing { app, path, data } => {
                let path = spelled(path.as_ref()).unwrap_or_else(|| path.clone());
                format!(
                    "if `{data}` is on a disk of its own, mount that; if you have removed it, leave it out: `config:set \
                     {app} 'PIKU_PERSIST=!{path}'`"
                )
            }
            Self::NoRoom { app, data, largest, .. } => {
                let leave_out = largest.as_ref().map(|path| {
                    format!(", or leave the largest out: `config:set {app} 'PIKU_PERSIST=!{path}'` (it stays on the server)")
                });
                format!("make room in `{data}`{}", leave_out.unwrap_or_default())
            }
            Self::InTheWay { app, path, .. } => {
                let path = spelled(path.as_ref()).unwrap_or_else(|| path.clone());
                format!(
                    "rename it in the commit, or leave what the app wrote out: `config:set {app} \
                     'PIKU_PERSIST=!{path}'` (it stays on the server)"
                )
            }
        }
    }
}
