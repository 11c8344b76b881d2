//! The tree that an app is about to leave: which one, and what it was when its processes started.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

use super::written::Files;
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::host::listing::{self, Listing, Sort, Stamp};
use crate::host::{HostError, files, git};
use crate::release::{Release, store};
use crate::root::Root;

/// The number of a clone of legacy piku, which is no release.
const LEGACY: u32 = 0;

/// A tree that runs now and will not any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeftTree {
    pub(crate) tree: Utf8PathBuf,
    /// The release whose folder holds the tree; 0 for a clone of legacy piku.
    pub(crate) number: u32,
    /// The paths that `PIKU_PERSIST` named for the release that runs there.
    pub(crate) persist: Vec<String>,
    /// The paths that it left out.
    pub(crate) left_out: Vec<String>,
    /// The commit of a release.
    commit: Option<String>,
}

/// The file in the folder of a release that lists its tree as it was when the processes started.
pub(crate) fn listing_file(root: &Root, app: &AppName, number: u32) -> Utf8PathBuf {
    root.release(app, number).join("listing")
}

impl LeftTree {
    /// The tree that is left when an app goes on in the tree of release `owner`; `None` if it stays in that.
    pub(crate) fn of(root: &Root, app: &AppName, live: Option<&Release>, owner: u32) -> Option<Self> {
        if let Some(live) = live {
            let number = live.tree_of;
            return (number != owner).then(|| Self {
                tree: root.tree(app, number),
                number,
                persist: live.persist.clone(),
                left_out: live.left_out.clone(),
                commit: Some(live.commit.clone()),
            });
        }
        let legacy = || {
            let tree = root.app(app);
            Self { commit: legacy_commit(&tree), tree, number: LEGACY, ..Self::default() }
        };
        store::is_foreign_clone(root, app).then(legacy)
    }

    /// Whether it is a clone of legacy piku, which does not stay where it is.
    pub(crate) fn is_legacy(&self) -> bool {
        self.number == LEGACY
    }

    /// The tree with this number, wherever it is now.
    pub(crate) fn path(root: &Root, app: &AppName, number: u32) -> Utf8PathBuf {
        if number == LEGACY && store::is_foreign_clone(root, app) {
            root.app(app)
        } else {
            root.tree(app, number)
        }
    }

    /// The files of its commit. Those of a clone of legacy piku come without ids.
    pub(super) fn files(&self, scene: &Scene<'_>, app: &AppName) -> Result<Files, DeployError> {
        if let Some(commit) = &self.commit
            && let Ok(files) = git::blobs(&scene.root.repo(app), commit)
        {
            return Ok(files);
        }
        let tracked = git::tracked_by_legacy(&self.tree).map_err(HostError::from)?;
        Ok(tracked.into_iter().map(|path| (path, String::new())).collect())
    }

    /// The tree as it was when its processes started. A file of the commit that has another time but the same contents
    /// counts as unchanged.
    pub(super) fn before(
        &self,
        scene: &Scene<'_>,
        app: &AppName,
        now: &Listing,
        files: &Files,
    ) -> Result<Listing, DeployError> {
        let listed = Listing::read(&listing_file(scene.root, app, self.number));
        let Some(mut before) = listed else { return self.guessed(scene, app, now, files) };
        let repo = scene.root.repo(app);
        for (path, id) in files {
            let Some(stamp) = now.get(path).filter(|stamp| before.get(path) != Some(*stamp)) else {
                continue;
            };
            if !git::differs(&repo, id, &self.tree.as_std_path().join(path)) {
                before.0.insert(path.clone(), stamp);
            }
        }
        Ok(before)
    }

    /// The same for a tree of an older version of piku, which made no listing: git tells what is not in the commit, and
    /// the time of the release what the build and the `release` command made.
    fn guessed(
        &self,
        scene: &Scene<'_>,
        app: &AppName,
        now: &Listing,
        files: &Files,
    ) -> Result<Listing, DeployError> {
        let repo = scene.root.repo(app);
        let written = match &self.commit {
            Some(commit) if self.number != LEGACY => {
                git::keep_track(&repo, commit, &self.tree).map_err(HostError::from)?;
                git::written(&self.tree).map_err(HostError::from)?
            }
            _ => {
                let is_changed = |path: &Path, id: &String| {
                    !id.is_empty() && git::differs(&repo, id, &self.tree.as_std_path().join(path))
                };
                let all = now.0.keys().filter(|path| files.get(*path).is_none_or(|id| is_changed(path, id)));
                all.cloned().collect()
            }
        };
        let owner = store::load(scene.root, app, self.number)?;
        let started = owner.map(|release| release.created.as_nanosecond());
        let is_made = |path: &Path| {
            let here = self.tree.as_std_path().join(path);
            // A build places files as hard links.
            let is_placed = self.number != LEGACY && files::has_other_names(&here);
            is_placed || started.is_some_and(|time| listing::is_older(&here, time))
        };
        let is_before = |(path, stamp): &(&PathBuf, &Stamp)| {
            stamp.sort == Sort::Folder || !is_among(path, &written) || is_made(path)
        };
        let all = now.0.iter().filter(is_before);
        Ok(Listing(all.map(|(path, stamp)| (path.clone(), *stamp)).collect()))
    }
}

/// The commit that a clone of legacy piku has checked out, if its git folder says so in the usual way.
fn legacy_commit(clone: &Utf8Path) -> Option<String> {
    let read = |name: &str| files::read_within(clone, &format!(".git/{name}"), 1024).ok().flatten();
    let head = String::from_utf8(read("HEAD")?).ok()?;
    let commit = match head.trim().strip_prefix("ref: ") {
        Some(name) => String::from_utf8(read(name)?).ok()?,
        None => head,
    };
    Some(commit.trim().to_owned())
}

/// Whether git has listed a path, or a repository that it is in.
fn is_among(path: &Path, listed: &BTreeSet<PathBuf>) -> bool {
    path.ancestors().any(|above| listed.contains(above))
}
