//! What has become of one path in the tree that is looked at.

use std::path::{Path, PathBuf};

use super::super::place::{self, Move};
use super::super::written::{self, Files};
use super::Looking;
use crate::host::listing::Sort;
use crate::persisted::Place;

impl Looking<'_> {
    /// Notes that a path is to be moved.
    pub(super) fn push(&mut self, path: &Path, at: PathBuf, again: bool) -> Option<Place> {
        let what = written::whole(path, self.now, self.leaving)?;
        self.found.moves.push(Move { what, at: at.clone(), again });
        Some(Place::Data { at, moving_from: None })
    }

    pub(super) fn at_in_data(&self, path: &Path) -> Option<PathBuf> {
        place::in_data(&self.left.tree.as_std_path().join(path), self.data)
    }

    /// Whether the app has written anything at a path or below it.
    pub(super) fn is_written(&self, path: &Path) -> bool {
        let differs = |path: &Path| self.before.get(path) != self.now.get(path);
        let files = self.now.below(path).filter(|(_, stamp)| stamp.sort != Sort::Folder);
        let is_folder = self.now.get(path).is_some_and(|stamp| stamp.sort == Sort::Folder);
        !is_folder && differs(path) || files.map(|(path, _)| path).any(differs)
    }

    pub(super) fn is_of_commit(&self, path: &Path) -> bool {
        written::differing(path, self.leaving, &Files::new()).next().is_some()
    }
}
