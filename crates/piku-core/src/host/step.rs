//! Steps that change what is live.

use std::fmt;

use camino::Utf8PathBuf;

use super::{HostError, emperor, files, legacy};
use crate::root::Root;

/// A change to the machine. Repeating it is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes a file atomically.
    Write {
        /// The path.
        path: Utf8PathBuf,
        /// Permission bits.
        mode: u32,
        /// The whole text.
        text: String,
    },
    /// Points a symbolic link at `target`, atomically replacing an existing one.
    Link {
        /// The link.
        path: Utf8PathBuf,
        /// What it points to.
        target: Utf8PathBuf,
    },
    /// Hard-links the file `of`. This enables a vassal atomically.
    Enable {
        /// The new name.
        path: Utf8PathBuf,
        /// The existing file.
        of: Utf8PathBuf,
    },
    /// Removes a file or a link if it exists.
    Remove(Utf8PathBuf),
    /// Makes the emperor scan for new and removed vassals now.
    WakeEmperor {
        /// The file that holds its process id.
        pidfile: Utf8PathBuf,
    },
    /// Makes the emperor of legacy piku in this root scan for removed vassals now.
    WakeLegacyEmperor(Root),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { path, mode, text } => write!(f, "write {path} ({mode:o}, {} bytes)", text.len()),
            Self::Link { path, target } => write!(f, "link {path} -> {target}"),
            Self::Enable { path, of } => write!(f, "enable {path} (from {of})"),
            Self::Remove(path) => write!(f, "remove {path}"),
            Self::WakeEmperor { .. } => write!(f, "wake the emperor"),
            Self::WakeLegacyEmperor(_) => write!(f, "wake the emperor of legacy piku"),
        }
    }
}

impl Step {
    /// Carries it out.
    ///
    /// # Errors
    /// [`HostError`] if the step fails. It may be tried again.
    pub(crate) fn carry_out(&self) -> Result<(), HostError> {
        match self {
            Self::Write { path, mode, text } => files::write(path, text.as_bytes(), *mode),
            Self::Link { path, target } => files::link(path, target),
            Self::Enable { path, of } => files::second_name(path, of),
            Self::Remove(path) => files::remove(path),
            Self::WakeEmperor { pidfile } => {
                emperor::wake(pidfile);
                Ok(())
            }
            Self::WakeLegacyEmperor(root) => {
                legacy::wake(root);
                Ok(())
            }
        }
    }
}

/// Carries out `steps` in order and stops at the first error.
///
/// # Errors
/// The [`HostError`] of the failed step. Earlier steps have been carried out.
pub(crate) fn apply(steps: &[Step]) -> Result<(), HostError> {
    steps.iter().try_for_each(Step::carry_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_leave_what_they_say_and_can_be_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        std::fs::create_dir(at("on")).unwrap();
        let steps = [
            Step::Write { path: at("a.ini"), mode: 0o600, text: "[uwsgi]\n".into() },
            Step::Enable { path: at("on/a.ini"), of: at("a.ini") },
            Step::Link { path: at("live"), target: at("one") },
            Step::Link { path: at("live"), target: at("two") },
            Step::Remove(at("a.ini")),
            Step::Remove(at("a.ini")),
        ];
        for _ in 0..2 {
            apply(&steps).unwrap();
            assert_eq!(std::fs::read_to_string(at("on/a.ini")).unwrap(), "[uwsgi]\n");
            assert_eq!(at("live").read_link_utf8().unwrap(), at("two"));
            assert!(!at("a.ini").exists());
        }
    }
}
