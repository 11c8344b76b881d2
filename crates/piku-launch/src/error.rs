//! Why something could not be launched.

use camino::Utf8PathBuf;

/// Something could not be launched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or changed.
    #[error("could not {action} `{path}`")]
    File {
        /// What was attempted, as a verb: `read`, `lock`.
        action: &'static str,
        /// The path.
        path: Utf8PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A file is not a launch record.
    #[error("`{path}` is not what piku wrote")]
    Damaged {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Error {
    /// Wraps an error of the file system.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<Utf8PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
