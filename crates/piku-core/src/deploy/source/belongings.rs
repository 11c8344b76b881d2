//! Finds what an app wrote in the tree that it is about to leave, and where it is to be from now on.

mod looked_at;
mod named;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camino::Utf8Path;

use super::left::LeftTree;
use super::place::{self, Move};
use super::written::{self, Decided, Files, Seen};
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::host::listing::{Listing, Sort, is_database};
use crate::host::{HostError, files, git, processes, relocate};
use crate::persisted::{Persisted, Place};

/// What an app keeps when its tree is left.
#[derive(Debug, Default)]
pub(crate) struct Belongings {
    /// Every path that the next tree links, including those to be moved.
    pub(crate) persisted: Persisted,
    /// What has to be moved to the data first.
    pub(crate) moves: Vec<Move>,
    /// Files of running processes.
    pub(crate) passing: BTreeSet<PathBuf>,
    /// Files that stay behind because piku or the build reads the commit's.
    pub(crate) private: Vec<PathBuf>,
    /// Persisted paths that the release leaves out.
    pub(crate) unwanted: Vec<(PathBuf, Place)>,
    /// Files of the commit that are hidden by what the app has at their paths, and that this commit adds or changes.
    pub(crate) hidden: Vec<PathBuf>,
    /// Persisted paths whose contents are gone from the data.
    pub(crate) missing: Vec<PathBuf>,
    /// Paths that can't be linked, each with the path of the commit that is in the way.
    pub(crate) conflicts: Vec<(PathBuf, PathBuf)>,
}

/// What the next release wants.
pub(crate) struct Wanted<'a> {
    pub(crate) commit: &'a str,
    /// `PIKU_PERSIST`.
    pub(crate) persist: &'a [String],
    pub(crate) left_out: &'a [String],
    /// Files of running processes that an earlier look has found.
    pub(crate) passing: &'a BTreeSet<PathBuf>,
}

/// Looks at the tree. Changes nothing.
pub(crate) fn look(
    scene: &Scene<'_>,
    app: &AppName,
    left: &LeftTree,
    wanted: &Wanted<'_>,
) -> Result<Belongings, DeployError> {
    let root = scene.root;
    let now = Listing::of(&left.tree)?;
    let leaving = left.files(scene, app)?;
    let arriving = git::blobs(&root.repo(app), wanted.commit).map_err(HostError::from)?;
    let before = left.before(scene, app, &now, &leaving)?;
    let (data, live) = (root.data(app), root.app(app));
    let known = Persisted::load(root, app)?;
    let mut looking = Looking {
        left,
        data: &data,
        live: &live,
        now: &now,
        before: &before,
        leaving: &leaving,
        wanted,
        found: Belongings::default(),
    };
    looking.known(known);
    looking.named();
    let known = looking.found.persisted.clone();
    let decided = written::decide(&Seen {
        before: &before,
        now: &now,
        passing: wanted.passing,
        leaving: &leaving,
        arriving: &arriving,
        known: &known,
        left_out: wanted.left_out,
    });
    looking.decided(decided);
    let mut found = looking.found;
    let passing = now.0.iter().filter(|(_, stamp)| stamp.sort == Sort::Passing).map(|(path, _)| path.clone());
    found.passing = passing.chain(wanted.passing.iter().cloned()).collect();
    found.compare(wanted, &data, &leaving, &arriving);
    Ok(found)
}

impl Belongings {
    /// Whether nobody may write to what is moved: to a file, which processes find by its path, or to what has to be
    /// copied. Nothing happens to who uses a folder that is moved within a file system.
    pub(crate) fn needs_stop(&self, tree: &Utf8Path, data: &Utf8Path) -> bool {
        let apart = relocate::are_apart(tree.as_std_path(), data.as_std_path());
        self.moves.iter().any(|one| one.what.sort != Sort::Folder || apart)
    }

    /// Whether something of what is moved is a database or is being written to, or has to be copied.
    pub(crate) fn is_in_use(&self, tree: &Utf8Path, data: &Utf8Path) -> bool {
        let files = self.moves.iter().filter(|one| one.what.sort == Sort::File);
        let files: Vec<PathBuf> = files.map(|one| tree.as_std_path().join(&one.what.path)).collect();
        !self.moves.is_empty() && relocate::are_apart(tree.as_std_path(), data.as_std_path())
            || files.iter().any(|file| is_database(file))
            || !files.is_empty() && processes::writer_of(&files).is_some()
    }

    /// Compares what is persisted with the files of the next commit.
    fn compare(&mut self, wanted: &Wanted<'_>, data: &Utf8Path, leaving: &Files, arriving: &Files) {
        for (path, place) in &self.persisted.0 {
            if wanted.persist.iter().any(|named| path == Path::new(named)) {
                continue;
            }
            let moved = self.moves.iter().find(|one| one.what.path == *path).map(|one| one.what.sort);
            let sort = moved.unwrap_or_else(|| match place.in_data() {
                Some(at) if data.as_std_path().join(at).is_dir() => Sort::Folder,
                Some(_) => Sort::File,
                None => Sort::Link,
            });
            match written::conflict(path, sort, arriving) {
                Some(other) => self.conflicts.push((path.clone(), other)),
                None => self.hidden.extend(written::differing(path, arriving, leaving).map(Path::to_owned)),
            }
        }
    }
}

struct Looking<'a> {
    left: &'a LeftTree,
    data: &'a Utf8Path,
    /// The link to the tree.
    live: &'a Utf8Path,
    now: &'a Listing,
    before: &'a Listing,
    leaving: &'a Files,
    wanted: &'a Wanted<'a>,
    found: Belongings,
}

impl Looking<'_> {
    /// What has become of the paths that are persisted already, and of other links to the data.
    fn known(&mut self, known: Persisted) {
        let links = self.now.0.iter().filter(|(_, stamp)| stamp.sort == Sort::Link).map(|(path, _)| path);
        // Links that the build or the `release` command made are made again by them.
        let is_ours = |path: &Path| {
            known.0.contains_key(path) || self.left.persist.iter().any(|named| path == Path::new(named))
        };
        let links = links.filter(|path| !self.leaving.contains_key(*path));
        let links = links.filter(|path| is_ours(path) || self.before.get(path) != self.now.get(path));
        let linked: Vec<(PathBuf, PathBuf)> =
            links.filter_map(|path| Some((path.clone(), self.at_in_data(path)?))).collect();
        let mut all = known.0;
        for (path, at) in linked {
            all.insert(path, Place::Data { at, moving_from: None });
        }
        for (path, place) in &all {
            if written::is_left_out(path, self.wanted.left_out) {
                self.found.unwanted.push((path.clone(), place.clone()));
            } else if let Some(place) = self.place_now(path, place, &all) {
                self.found.persisted.0.insert(path.clone(), place);
            }
        }
    }

    /// Where a persisted path is from now on; `None` if the app has removed it, or the build makes it itself.
    fn place_now(
        &mut self,
        path: &Path,
        place: &Place,
        all: &std::collections::BTreeMap<PathBuf, Place>,
    ) -> Option<Place> {
        let here = self.left.tree.as_std_path().join(path);
        let is_named = self.wanted.persist.iter().any(|named| path == Path::new(named));
        let Ok(about) = here.symlink_metadata() else {
            // Not linked there, or removed by the app.
            let is_left_out = written::is_left_out(path, &self.left.left_out);
            let is_removed = !is_left_out && here.parent().is_some_and(Path::is_dir);
            return Some(place.clone()).filter(|_| is_named || !is_removed);
        };
        if about.is_symlink() {
            if let Some(at) = self.at_in_data(path) {
                let exists = self.data.as_std_path().join(&at).symlink_metadata().is_ok();
                if !exists && !is_named {
                    // The link stays, as one that the app has made.
                    self.found.missing.push(path.to_owned());
                }
                return (exists || is_named).then_some(Place::Data { at, moving_from: None });
            }
            return place::link(&here).or_else(|| Some(place.clone()));
        }
        let at_in_data = place.in_data().map(|at| self.data.as_std_path().join(at));
        if self.before.get(path).is_some_and(|before| before.sort == Sort::Folder)
            && at_in_data.as_ref().is_some_and(|at| at.symlink_metadata().is_ok_and(|at| at.is_dir()))
        {
            // It never was a link in this tree: it was named after the processes had started.
            self.gather(path);
            return Some(place.clone());
        }
        // The app, the build, or the `release` command has replaced the link.
        let written = self.is_written(path);
        let at = place.in_data().unwrap_or(path);
        if !written && self.is_of_commit(path) {
            return Some(place.clone());
        }
        if !written && (about.is_dir() || files::has_other_names(&here)) {
            return None;
        }
        // A move that failed has not come so far.
        let again = at_in_data.is_some_and(|at| at.symlink_metadata().is_ok());
        let is_used = all.iter().any(|(other, place)| other != path && place.in_data() == Some(at));
        let at = if is_used { place::free(self.data, &self.found.persisted, path) } else { at.to_owned() };
        self.push(path, at, again)
    }

    fn decided(&mut self, decided: Decided) {
        self.found.private = decided.private;
        for what in decided.written {
            self.keep(what.path, what.sort);
        }
    }

    /// Keeps what the app has written at a path of its own: links as they are, everything else in the data.
    fn keep(&mut self, path: PathBuf, sort: Sort) {
        let place = if sort == Sort::Link {
            self.link(&path)
        } else {
            let at = place::free(self.data, &self.found.persisted, &path);
            self.push(&path, at, false)
        };
        if let Some(place) = place {
            self.found.persisted.0.insert(path, place);
        }
    }
}
