//! What is to become live, and where: the currency of this folder.

use super::DeployError;
use crate::app::AppName;
use crate::cancel::Cancel;
use crate::formation::Formation;
use crate::host::Surroundings;
use crate::release::{Cause, Release};
use crate::root::Root;

/// What is to become live.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) app: AppName,
    /// What was asked for; the cause of a new release.
    pub(crate) cause: Cause,
    /// Who asked, by the name of the ssh key.
    pub(crate) by: Option<String>,
    /// What is to run.
    pub(crate) what: What,
    /// How many processes of each kind.
    pub(crate) formation: Formation,
}

/// What is to run: something new, or a release that is there.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A new release.
    New(NewRelease),
    /// A release that is kept, with its build and its settings, in another run.
    Kept(Box<Release>),
}

/// What a new release is made from.
#[derive(Clone, Debug)]
pub(crate) struct NewRelease {
    pub(crate) commit: String,
    /// The release whose commit is deployed again with other settings; `None` where the commit is new.
    pub(crate) like: Option<Box<Release>>,
    /// Whether the tree of that release is used again.
    pub(crate) shares_tree: bool,
    /// Whether there is to be another build than that release's.
    pub(crate) builds: bool,
    /// The text of `envs/<app>/ENV` from this release on.
    pub(crate) settings: Vec<u8>,
}

impl NewRelease {
    /// The release whose tree is used again.
    pub(crate) fn tree_from(&self) -> Option<&Release> {
        self.like.as_deref().filter(|_| self.shares_tree)
    }
}

impl Order {
    /// The new release that is ordered.
    pub(crate) fn new_release(&self) -> Option<&NewRelease> {
        match &self.what {
            What::New(new) => Some(new),
            What::Kept(_) => None,
        }
    }

    /// The kept release that is ordered.
    pub(crate) fn kept(&self) -> Option<&Release> {
        match &self.what {
            What::New(_) => None,
            What::Kept(release) => Some(release),
        }
    }

    /// The commit that is to run.
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
}

/// Where a deploy happens.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) cancel: &'a Cancel,
}

impl Scene<'_> {
    /// Refuses to go on once nobody wants the outcome any more.
    pub(crate) fn go_on(&self) -> Result<(), DeployError> {
        if self.cancel.is_cancelled() { Err(DeployError::Cancelled) } else { Ok(()) }
    }
}

/// What came of an order.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    pub(crate) release: Release,
    /// Whether it is live, or waits for a restart.
    pub(crate) live: bool,
    /// Where the app answers, as far as piku knows.
    pub(crate) addresses: Vec<String>,
}
