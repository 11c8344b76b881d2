//! The first entry of a backup, and the names of the others.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::app::AppName;

/// The name of the first entry.
pub(crate) const MANIFEST: &str = "piku-backup.json";

/// The version of the form of a backup. Raise it when an older piku would restore a newer backup wrongly.
pub(crate) const FORMAT: u32 = 1;

/// What a backup says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// As [`FORMAT`].
    pub(crate) format: u32,
    /// The app that was backed up.
    pub(crate) app: AppName,
    /// The version of the piku that made it.
    pub(crate) piku: String,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// The live commit; `None` for an app that never was live.
    pub(crate) commit: Option<String>,
    /// The full name of the branch that a clone checks out.
    pub(crate) head: Option<String>,
    /// Whether the app's data is in it.
    pub(crate) data: bool,
}

impl Manifest {
    /// Reads the first entry of a backup.
    pub(crate) fn read(text: &[u8]) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let not_one = |error: serde_json::Error| BackupError::NotABackup { why: error.to_string() };
        let Format { format } = serde_json::from_slice(text).map_err(not_one)?;
        if format > FORMAT {
            return Err(BackupError::Newer { format });
        }
        let manifest: Self = serde_json::from_slice(text).map_err(not_one)?;
        let is_id = |id: &String| matches!(id.len(), 40 | 64) && id.bytes().all(|c| c.is_ascii_hexdigit());
        if manifest.commit.as_ref().is_some_and(|commit| !is_id(commit)) {
            return Err(BackupError::NotABackup { why: "its commit is none".to_owned() });
        }
        Ok(manifest)
    }
}

/// A part of a backup that is one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// `envs/<app>/ENV`.
    Settings,
    /// `envs/<app>/SCALING`.
    Scaling,
    /// `envs/<app>/PERSISTED`.
    Persisted,
    /// `nginx/<app>.users`.
    Users,
    /// The certificate that a person added, with its key.
    Certificate,
    /// A git bundle of the repository.
    Repository,
}

impl Part {
    /// All of them, in the order in which they are written.
    pub(crate) const ALL: [Self; 6] =
        [Self::Settings, Self::Scaling, Self::Persisted, Self::Users, Self::Certificate, Self::Repository];

    /// Its name in the archive.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Settings => "ENV",
            Self::Scaling => "SCALING",
            Self::Persisted => "PERSISTED",
            Self::Users => "users",
            Self::Certificate => "certificate.pem",
            Self::Repository => "repository.bundle",
        }
    }

    /// The part of this name.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name().as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_or_said_to_be_none() {
        let text = |format: u32, commit: &str| {
            format!(
                r#"{{"format":{format},"app":"blog","piku":"0.1.0","made":"2026-11-26T14:50:59Z","commit":"{commit}","head":null,"data":true}}"#
            )
        };
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(Manifest::read(text(1, id).as_bytes()).unwrap().commit.as_deref(), Some(id));
        assert!(matches!(Manifest::read(text(2, id).as_bytes()), Err(BackupError::Newer { format: 2 })));
        for odd in [text(1, "--upload-pack=x"), text(1, ""), "{}".to_owned(), String::new()] {
            assert!(matches!(Manifest::read(odd.as_bytes()), Err(BackupError::NotABackup { .. })), "{odd}");
        }
    }
}
