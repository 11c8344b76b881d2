//! Steps that change what is live, and those who carry them out.

use std::fmt;

use camino::Utf8PathBuf;

use super::{HostError, emperor, files};

/// One change to the machine. Each is safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes a file beside its place and renames it, so that nobody sees half of it.
    Write {
        /// Where.
        path: Utf8PathBuf,
        /// Permission bits.
        mode: u32,
        /// The whole text.
        text: String,
    },
    /// Points a symbolic link at `target`, replacing the one that was there by a rename.
    Link {
        /// The link.
        path: Utf8PathBuf,
        /// What it points to.
        target: Utf8PathBuf,
    },
    /// Gives the file `of` a second name: how a vassal is enabled, whole or not at all.
    Enable {
        /// The new name.
        path: Utf8PathBuf,
        /// The existing file.
        of: Utf8PathBuf,
    },
    /// Removes a file or a link; one that is gone already is fine.
    Remove(Utf8PathBuf),
    /// Makes the emperor look for new and removed vassals now.
    WakeEmperor {
        /// The file that holds its process id.
        pidfile: Utf8PathBuf,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { path, mode, text } => write!(f, "write {path} ({mode:o}, {} bytes)", text.len()),
            Self::Link { path, target } => write!(f, "link {path} -> {target}"),
            Self::Enable { path, of } => write!(f, "enable {path} (from {of})"),
            Self::Remove(path) => write!(f, "remove {path}"),
            Self::WakeEmperor { .. } => write!(f, "wake the emperor"),
        }
    }
}

/// Carries out steps.
pub(crate) trait Host {
    /// Carries out one step.
    ///
    /// # Errors
    /// [`HostError`] when the machine refuses; the step may be tried again.
    fn carry_out(&self, step: &Step) -> Result<(), HostError>;
}

/// Carries out `steps` in order, stopping at the first that fails.
///
/// # Errors
/// The [`HostError`] of the step that failed; those before it are done.
pub(crate) fn apply(host: &dyn Host, steps: &[Step]) -> Result<(), HostError> {
    steps.iter().try_for_each(|step| host.carry_out(step))
}

/// The machine itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Machine;

impl Host for Machine {
    fn carry_out(&self, step: &Step) -> Result<(), HostError> {
        match step {
            Step::Write { path, mode, text } => files::write(path, text.as_bytes(), *mode),
            Step::Link { path, target } => files::link(path, target),
            Step::Enable { path, of } => files::second_name(path, of),
            Step::Remove(path) => files::remove(path),
            Step::WakeEmperor { pidfile } => {
                emperor::wake(pidfile);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FakeHost;

    #[test]
    fn the_machine_and_the_fake_leave_the_same_files() {
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
        let fake = FakeHost::default();
        apply(&fake, &steps).unwrap();
        apply(&Machine, &steps).unwrap();
        for (path, text) in fake.files() {
            match text.strip_prefix("-> ") {
                Some(target) => assert_eq!(path.read_link_utf8().unwrap(), target),
                None => assert_eq!(std::fs::read_to_string(&path).unwrap(), text),
            }
        }
        assert!(!at("a.ini").exists());
    }
}
