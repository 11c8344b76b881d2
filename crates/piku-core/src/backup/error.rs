//! Why an app can't be backed up, or restored.

use camino::Utf8PathBuf;

use crate::app::AppName;
use crate::host::HostError;

/// An app can't be backed up, or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// What came in is something else.
    #[error("what came in is not a backup made by piku: {why}; nothing was changed")]
    NotABackup {
        /// What is missing or wrong.
        why: String,
    },
    /// It was made by a newer version of piku.
    #[error("the backup was made by a newer piku, in format {format}; nothing was changed")]
    Newer {
        /// The version of its form.
        format: u32,
    },
    /// It ends too early, or its checksum is wrong.
    #[error("the backup is cut off or damaged; nothing was changed")]
    Damaged {
        /// What the reader found.
        source: std::io::Error,
    },
    /// It has something that `backup` writes never.
    #[error("the backup has `{path}`, which {why}; nothing was changed")]
    Hostile {
        /// The name of the entry.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A part of it has a mistake.
    #[error("`{part}` in the backup can't be used: {why}; nothing was changed")]
    Part {
        /// The part.
        part: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The disk is too small.
    #[error("what the backup holds does not fit on the disk of `{folder}`; nothing was changed")]
    NoRoom {
        /// Where it would go.
        folder: Utf8PathBuf,
    },
    /// A database is in use, and no program is there that can copy it.
    #[error(
        "`{path}` is a SQLite database in use, and neither `python3` nor `sqlite3` is there to copy it whole"
    )]
    NoSqlite {
        /// The database.
        path: String,
    },
    /// A database could not be copied.
    #[error("the SQLite database `{path}` could not be copied whole")]
    Database {
        /// The database.
        path: String,
        /// What the program said.
        source: HostError,
    },
    /// It could not be unpacked.
    #[error("the backup could not be unpacked; nothing was changed")]
    NotUnpacked {
        /// The error of the system.
        source: std::io::Error,
    },
    /// There is an app of that name.
    #[error("there is an app `{app}` already; nothing was changed")]
    Exists {
        /// The app.
        app: AppName,
    },
    /// Something else on the machine failed.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The reader of the backup is gone, or the disk is full.
    #[error("the backup could not be written, and what was written so far is none")]
    Write {
        /// The error of the system.
        source: std::io::Error,
    },
}

impl BackupError {
    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotABackup { .. } => "backup::not-one",
            Self::Newer { .. } => "backup::newer",
            Self::Damaged { .. } => "backup::damaged",
            Self::Hostile { .. } => "backup::hostile",
            Self::Part { .. } => "backup::part",
            Self::NoRoom { .. } => "backup::no-room",
            Self::NoSqlite { .. } => "backup::no-sqlite",
            Self::Database { .. } => "backup::database",
            Self::NotUnpacked { .. } => "backup::not-unpacked",
            Self::Exists { .. } => "app::exists",
            Self::Host(error) => error.code(),
            Self::Write { .. } => "backup::write",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotABackup { .. } => "pass a file that `backup APP > FILE` wrote".to_owned(),
            Self::Newer { .. } => "update piku on this server first".to_owned(),
            Self::Damaged { .. } => "copy the file again, or take an earlier backup".to_owned(),
            Self::NoRoom { .. } => "free some space; `doctor` tells how much is left".to_owned(),
            Self::NoSqlite { .. } => {
                "install one, such as with `apt install sqlite3`, or stop the app first".to_owned()
            }
            Self::Database { .. } => "try again when the app writes less, or stop it first".to_owned(),
            Self::Exists { app } => format!(
                "`restore {app} --replace` replaces it and keeps its data aside; another name makes another app"
            ),
            Self::Hostile { .. }
            | Self::Part { .. }
            | Self::Write { .. }
            | Self::NotUnpacked { .. }
            | Self::Host(_) => return None,
        })
    }
}
