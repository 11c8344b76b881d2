//! What to deploy, and where: the values that all stages share.

use super::DeployError;
use crate::app::AppName;
use crate::cancel::Cancel;
use crate::formation::Formation;
use crate::host::Surroundings;
use crate::release::{Cause, Release};
use crate::root::Root;

/// What to make live.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) app: AppName,
    /// The operation that requested it; the cause of a new release.
    pub(crate) cause: Cause,
    /// Who requested it: the name of the ssh key.
    pub(crate) by: Option<String>,
    /// What to run.
    pub(crate) what: What,
    /// The number of processes of each kind.
    pub(crate) formation: Formation,
}

/// What to run: something new or an existing release.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A new release.
    New(NewRelease),
    /// Another run of a kept release, with its build and settings.
    Kept(Box<Release>),
}

/// The source of a new release.
#[derive(Clone, Debug)]
pub(crate) struct NewRelease {
    pub(crate) commit: String,
    /// The release with the same commit, if only settings change.
    pub(crate) like: Option<Box<Release>>,
    /// Whether to share the tree of that release.
    pub(crate) shares_tree: bool,
    /// Whether it needs a new build, instead of the build of that release.
    pub(crate) builds: bool,
    /// The text of `envs/<app>/ENV` as of this release.
    pub(crate) settings: Vec<u8>,
    /// The server's defaults for the app, in the same grammar.
    pub(crate) defaults: Vec<u8>,
}

impl NewRelease {
    /// The release whose tree it shares.
    pub(crate) fn tree_from(&self) -> Option<&Release> {
        self.like.as_deref().filter(|_| self.shares_tree)
    }
}

impl Order {
    /// The new release, if that is ordered.
    pub(crate) fn new_release(&self) -> Option<&NewRelease> {
        match &self.what {
            What::New(new) => Some(new),
            What::Kept(_) => None,
        }
    }

    /// The kept release, if that is ordered.
    pub(crate) fn kept(&self) -> Option<&Release> {
        match &self.what {
            What::New(_) => None,
            What::Kept(release) => Some(release),
        }
    }

    /// The commit to run.
    pub(crate) fn commit(&self) -> &str {
        match &self.what {
            What::New(new) => &new.commit,
            What::Kept(release) => &release.commit,
        }
    }

    /// The text of `envs/<app>/ENV` once this is live.
    pub(crate) fn settings(&self) -> &[u8] {
        match &self.what {
            What::New(new) => &new.settings,
            What::Kept(release) => release.settings.as_bytes(),
        }
    }

    /// The server's defaults for the app as of this release.
    pub(crate) fn defaults(&self) -> &[u8] {
        match &self.what {
            What::New(new) => &new.defaults,
            What::Kept(release) => release.defaults.as_bytes(),
        }
    }
}

/// The context of a deploy.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) cancel: &'a Cancel,
}

impl Scene<'_> {
    /// Fails if the deploy was cancelled.
    pub(crate) fn go_on(&self) -> Result<(), DeployError> {
        if self.cancel.is_cancelled() { Err(DeployError::Cancelled) } else { Ok(()) }
    }
}

/// The result of a deploy.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    pub(crate) release: Release,
    /// Whether it is live; otherwise it waits for a restart.
    pub(crate) live: bool,
    /// The addresses of the app, as far as piku knows.
    pub(crate) addresses: Vec<String>,
}
