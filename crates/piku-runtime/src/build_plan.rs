//! What a build does and provides.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{BuildKey, DecidingSettings, Placement, Step, Version, Warning, Word};

/// A build as data: what to run, what it provides, and the key that identifies its result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildPlan {
    /// The same whenever the result would be the same: covers everything that decides it.
    pub key: BuildKey,
    /// For which trees the result can be used.
    pub reuse: Reuse,
    /// The packages that this build starts from: a build of their own, with its own key, that is made first and serves
    /// many builds. So a changed file of the app installs nothing again. [`Word::Packages`] leads to its folder, which
    /// must be there for as long as this build is. Its own placements and variables do not count.
    pub packages: Option<Box<Self>>,
    /// What to do, in order; the first step that fails ends the build. The folder of the build exists and is empty at
    /// first. The result stays there, because a virtual environment can't be moved.
    ///
    /// Only Python's steps write into the tree, which another release may be running from: a build that writes beside
    /// its sources begins by copying them. A Python project that is itself installed may leave files of its build
    /// backend (setuptools: `build`, `*.egg-info`); they are not part of the app.
    pub steps: Vec<Step>,
    /// What the processes of the app get from it.
    pub provides: Provides,
    /// What deserves a second look.
    pub warnings: Vec<Warning>,
    /// The settings that decide it: a change of any other needs no new build.
    pub settings: DecidingSettings,
}

/// For which trees the result of a build can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reuse {
    /// Any tree that gives the same key.
    AnyTree,
    /// Trees with the same files, because the source is part of the result; the key covers them.
    SameCommit,
    /// Only the tree at this path, because the result points into it (`-e .`). The key does not cover the path: the
    /// caller adds it with [`BuildKey::bound_to`].
    SameTree,
}

/// What the processes of an app get from a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provides {
    /// Folders to put before `PATH`, the first one first.
    pub path: Vec<Word>,
    /// Variables to set.
    pub env: BTreeMap<String, Word>,
    /// What to link into the tree, in this order.
    pub in_tree: Vec<Placement>,
    /// Where Python packages are, relative to the folder of the build.
    pub site_packages: Option<Utf8PathBuf>,
    /// The Python that the build was made with.
    pub python: Option<Version>,
}
