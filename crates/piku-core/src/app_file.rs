//! Why a single file of an app is not read or written.

use camino::Utf8PathBuf;

use crate::app::AppName;

/// Why a file of an app can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppFileError {
    /// There is no such file, or no such folder for it.
    #[error("`{app}` has no `{path}`")]
    Missing {
        /// The app.
        app: AppName,
        /// The path as given.
        path: Utf8PathBuf,
    },
    /// The path, or a link on its way, leaves the app's folders.
    #[error("`{path}` is not below the folder or the data of `{app}`")]
    Outside {
        /// The app.
        app: AppName,
        /// The path as given.
        path: Utf8PathBuf,
    },
    /// It is a folder, a pipe, or a socket.
    #[error("`{path}` is not a file")]
    NotAFile {
        /// The path as given.
        path: Utf8PathBuf,
    },
    /// The connection ended early.
    #[error("only {came} of {wanted} bytes of `{path}` came; nothing was written")]
    Incomplete {
        /// The path as given.
        path: Utf8PathBuf,
        /// How many bytes came.
        came: u64,
        /// How many were announced.
        wanted: u64,
    },
}

impl AppFileError {
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "file::missing",
            Self::Outside { .. } => "file::outside",
            Self::NotAFile { .. } => "file::not-a-file",
            Self::Incomplete { .. } => "file::incomplete",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing { app, .. } => {
                Some(format!("`run {app} ls` lists the app's folder; `--data` is for its data"))
            }
            Self::Outside { .. } => Some("give a path below the app's folder, without `..`".to_owned()),
            Self::NotAFile { .. } => Some("pack a folder first, such as by `tar`".to_owned()),
            Self::Incomplete { .. } => Some("try again".to_owned()),
        }
    }
}
