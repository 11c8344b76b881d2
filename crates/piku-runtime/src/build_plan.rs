//! What a build does, and what it gives.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{BuildKey, DecidingSettings, Placement, Step, Version, Warning, Word};

/// A build as data: what to run, what comes of it, and how to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildPlan {
    /// The same when the result would be; of everything that decides it.
    pub key: BuildKey,
    /// For which trees the result is good.
    pub reuse: Reuse,
    /// What to do, in order; the first step that fails ends the build. The folder of the build exists and is empty at
    /// first, and is where the result stays: a virtual environment can't be moved.
    ///
    /// No step but one of Python's writes into the tree, which another release may be running from: where a build writes
    /// beside its sources, it begins with a copy of them. A Python project that is installed itself may leave files of
    /// its build backend (setuptools: `build`, `*.egg-info`); they are not the app's.
    pub steps: Vec<Step>,
    /// What the processes of the app get of it.
    pub provides: Provides,
    /// What deserves a second look.
    pub warnings: Vec<Warning>,
    /// The settings that decide it: a change of any other needs no new build.
    pub settings: DecidingSettings,
}

/// For which trees the result of a build is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reuse {
    /// Any tree that gives the same key.
    AnyTree,
    /// Trees with the same files, as the source was built into it; the key sees to that.
    SameCommit,
    /// The one tree at its path, as the result points into it (`-e .`). The key can't know that path:
    /// the caller adds it with [`BuildKey::bound_to`].
    SameTree,
}

/// What the processes of an app get of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provides {
    /// Folders to put before `PATH`, the first one first.
    pub path: Vec<Word>,
    /// Variables to set.
    pub env: BTreeMap<String, Word>,
    /// What belongs into the tree, in this order.
    pub in_tree: Vec<Placement>,
    /// Where the packages are, relative to the folder of the build, when it is Python's.
    pub site_packages: Option<Utf8PathBuf>,
    /// The Python that the build was made with.
    pub python: Option<Version>,
}
