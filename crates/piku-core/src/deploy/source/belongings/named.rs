//! What becomes of the paths that `PIKU_PERSIST` names, and of what the app has written in them before.

use std::path::{Path, PathBuf};

use super::Looking;
use crate::deploy::source::place;
use crate::host::listing::{Sort, Stamp};
use crate::persisted::Place;
use crate::settings::is_private_to_piku;

impl Looking<'_> {
    /// Paths of `PIKU_PERSIST` that are not persisted yet, but have been written.
    pub(super) fn named(&mut self) {
        for named in self.wanted.persist {
            let path = Path::new(named);
            let at = self.data.as_std_path().join(path);
            if self.found.persisted.has(path) {
                continue;
            }
            let is_own =
                self.now.get(path).is_some_and(|stamp| matches!(stamp.sort, Sort::File | Sort::Folder));
            let place = Place::Data { at: path.to_owned(), moving_from: None };
            if is_own && self.is_written(path) {
                if at.symlink_metadata().is_err() {
                    self.push(path, path.to_owned(), false);
                } else {
                    self.gather(path);
                }
            }
            self.found.persisted.0.insert(path.to_owned(), place);
        }
    }

    /// Moves each file of a folder that is to be persisted as a whole, since its place in the data has others already,
    /// such as files that were moved by themselves before.
    pub(super) fn gather(&mut self, folder: &Path) {
        let is_written = |path: &Path, stamp: Stamp| {
            matches!(stamp.sort, Sort::File | Sort::Link) && self.before.get(path) != Some(stamp)
        };
        let written = self.now.below(folder).filter(|(path, stamp)| is_written(path, *stamp));
        let written: Vec<(PathBuf, Sort)> =
            written.map(|(path, stamp)| (path.to_owned(), stamp.sort)).collect();
        for (path, sort) in written {
            let is_kept = self.found.persisted.0.contains_key(&path) || self.at_in_data(&path).is_some();
            if !is_kept && !is_private_to_piku(&path) {
                self.keep(path, sort);
            }
        }
    }

    /// A link that the app made, as the next tree has it.
    pub(super) fn link(&self, path: &Path) -> Option<Place> {
        let link = place::link(&self.left.tree.as_std_path().join(path))?;
        Some(place::within(link, path, &self.left.tree, self.live))
    }
}
