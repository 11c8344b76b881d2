//! Steps that change what is live, and the hosts that carry them out.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

use super::{HostError, emperor, files};

/// A change to the machine. Repeating it is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Creates a folder with this mode, regardless of the umask. An existing folder gets the mode.
    Folder {
        /// The path.
        path: Utf8PathBuf,
        /// Permission bits.
        mode: u32,
    },
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
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, mode } => write!(f, "make folder {path} ({mode:o})"),
            Self::Write { path, mode, text } => write!(f, "write {path} ({mode:o}, {} bytes)", text.len()),
            Self::Link { path, target } => write!(f, "link {path} -> {target}"),
            Self::Enable { path, of } => write!(f, "enable {path} (from {of})"),
            Self::Remove(path) => write!(f, "remove {path}"),
            Self::WakeEmperor { .. } => write!(f, "wake the emperor"),
        }
    }
}

/// Something that carries out steps.
pub trait Host {
    /// Carries out one step.
    ///
    /// # Errors
    /// [`HostError`] if the step fails. It may be tried again.
    fn carry_out(&self, step: &Step) -> Result<(), HostError>;
}

/// Carries out `steps` in order and stops at the first error.
///
/// # Errors
/// The [`HostError`] of the failed step. Earlier steps have been carried out.
pub fn apply(host: &dyn Host, steps: &[Step]) -> Result<(), HostError> {
    steps.iter().try_for_each(|step| host.carry_out(step))
}

/// The real machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Host for Machine {
    fn carry_out(&self, step: &Step) -> Result<(), HostError> {
        match step {
            Step::Folder { path, mode } => files::make_folder(path, *mode),
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

/// A machine in memory, for tests and dry runs. It records the steps.
#[derive(Debug, Default)]
pub struct FakeHost {
    steps: Mutex<Vec<Step>>,
}

impl FakeHost {
    /// Every step so far, one per line.
    #[must_use]
    pub fn transcript(&self) -> String {
        let steps = self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        steps.iter().map(|step| format!("{step}\n")).collect()
    }

    /// The files that the steps would have created, with their text; links read `-> target`.
    #[must_use]
    pub fn files(&self) -> BTreeMap<Utf8PathBuf, String> {
        let steps = self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut files = BTreeMap::new();
        for step in steps.iter() {
            match step {
                Step::Write { path, text, .. } => drop(files.insert(path.clone(), text.clone())),
                Step::Link { path, target } => drop(files.insert(path.clone(), format!("-> {target}"))),
                Step::Enable { path, of } => {
                    let text = files.get(of).cloned().unwrap_or_default();
                    files.insert(path.clone(), text);
                }
                Step::Remove(path) => drop(files.remove(Utf8Path::new(path))),
                Step::Folder { .. } | Step::WakeEmperor { .. } => {}
            }
        }
        files
    }
}

impl Host for FakeHost {
    fn carry_out(&self, step: &Step) -> Result<(), HostError> {
        self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(step.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_and_the_fake_leave_the_same_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let steps = [
            Step::Folder { path: at("on"), mode: 0o700 },
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
