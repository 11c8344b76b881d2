//! A machine in memory, for tests.

use std::collections::BTreeMap;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Host, HostError, Step};

/// Remembers the steps, and the files they would leave.
#[derive(Debug, Default)]
pub(crate) struct FakeHost {
    steps: Mutex<Vec<Step>>,
}

impl FakeHost {
    /// Every step so far, one a line.
    pub(crate) fn transcript(&self) -> String {
        let steps = self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        steps.iter().map(|step| format!("{step}\n")).collect()
    }

    /// The files that would be there now, with their text; links read `-> target`.
    pub(crate) fn files(&self) -> BTreeMap<Utf8PathBuf, String> {
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
                Step::WakeEmperor { .. } => {}
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
