//! The record of a release: everything needed to start it again without building.

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::formation::Formation;
use crate::host::nginx::Question;
use crate::included::Included;
use crate::site_claim::SiteClaim;
use crate::vassal::VassalName;

/// One release of an app: a commit, its build, and the settings, none of which ever change.
///
/// What is running can change: a restart, a change of scale, or a rollback starts another [run](Release::run) of the
/// same release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Release {
    /// Its number, from 1. A refused deploy uses one up.
    pub number: u32,
    /// The number of the current run, which the fields from [`Release::formation`] on describe. `None` for a release
    /// made by an older version of piku, in which every run was a new release: its run has the number of the release.
    #[serde(default)]
    pub run: Option<u32>,
    /// The release that was live before this one, or 0 if there was none. `None` if this one has not been live, or if
    /// an older version of piku made it.
    #[serde(default)]
    pub after: Option<u32>,
    /// The full hash of its commit.
    pub commit: String,
    /// When it was created.
    pub created: Timestamp,
    /// What caused it.
    pub cause: Cause,
    /// Who caused it: the name of the ssh key.
    pub by: Option<String>,
    /// The release whose folder holds the tree, which releases of the same commit share.
    pub tree_of: u32,
    /// The paths in its tree that are links to the app's data (`PIKU_PERSIST`).
    #[serde(default)]
    pub persist: Vec<String>,
    /// The paths that are not links, even if the app has written them (`!path` in `PIKU_PERSIST`).
    #[serde(default)]
    pub left_out: Vec<String>,
    /// The folder of its build below `envs/<app>`, if it has one.
    pub build: Option<String>,
    /// What the build provides to processes; `None` if an older version of piku made the release.
    #[serde(default)]
    pub made: Option<Made>,
    /// A verbatim copy of `envs/<app>/ENV`.
    pub settings: String,
    /// The server's defaults for the app, in the same grammar. Empty if an older version of piku made the release.
    #[serde(default)]
    pub defaults: String,
    /// How many processes of each kind.
    pub formation: Formation,
    /// The environment that `config:live` prints and `run` uses.
    pub live_env: BTreeMap<String, String>,
    /// The files with directives that its site was rendered with; `None` if an older version of piku made the release.
    #[serde(default)]
    pub(crate) included: Option<Included>,
    /// What its site answers to; `None` if there is no site or an older version of piku made the release.
    #[serde(default)]
    pub(crate) claim: Option<SiteClaim>,
    /// The text of the site, if it has one.
    pub site: Option<String>,
    /// The request that shows whether nginx serves `site`; `None` if there is no site or an older version of piku made
    /// the release.
    #[serde(default)]
    pub(crate) question: Option<Question>,
    /// The text of the site while the app is stopped.
    pub site_stopped: Option<String>,
    /// The request that shows whether nginx serves `site_stopped`; `None` if there is no site or an older version of
    /// piku made the release.
    #[serde(default)]
    pub(crate) stopped_question: Option<Question>,
    /// The names of its vassals.
    #[serde(deserialize_with = "crate::vassal::known")]
    pub vassals: Vec<VassalName>,
    /// The ports it holds.
    pub ports: Vec<u16>,
    /// Where its `web` processes listened for other machines when it went live: the kind of process and the address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<String>,
}

/// What a build provides to the processes of a release: enough to start them without running any tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The folder of the build, if it has one.
    pub folder: Option<Utf8PathBuf>,
    /// Folders to put in front of `PATH`.
    pub path: Option<String>,
    /// Environment variables that it sets.
    pub variables: BTreeMap<String, String>,
    /// Whether its folder is a virtual environment.
    pub is_virtualenv: bool,
    /// The uWSGI inside the build, if the app's Python is not the one of the system's plugin.
    pub uwsgi: Option<Utf8PathBuf>,
    /// Prefixes of the settings that the build depends on.
    pub settings: Vec<String>,
}

impl Release {
    /// Every name of its site, those that redirect too.
    pub(crate) fn server_names(&self) -> Vec<String> {
        let claim = self.claim.clone().unwrap_or_else(|| SiteClaim::of_settings(&self.live_env));
        claim.names
    }

    /// Whether its current run is one of this app, and not of the name that the app had before.
    #[must_use]
    pub(crate) fn runs_as(&self, app: &AppName) -> bool {
        self.live_env.get("APP").is_none_or(|name| name == app.as_str())
    }

    /// The number of the current run, unique for the app. It is part of the names of its vassals and sockets.
    #[must_use]
    pub(crate) fn run_number(&self) -> u32 {
        self.run.unwrap_or(self.number)
    }
}

/// What caused a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub(crate) enum Cause {
    /// A push.
    Push {
        /// The branch, without `refs/heads/`.
        branch: String,
    },
    /// `deploy`.
    Deploy,
    /// `config:set`.
    ConfigSet {
        /// The keys, never the values.
        keys: Vec<String>,
    },
    /// `config:unset`.
    ConfigUnset {
        /// The keys.
        keys: Vec<String>,
    },
    /// `ps:scale`.
    Scale {
        /// As given: `worker=2`.
        changes: Vec<String>,
    },
    /// `restart`.
    Restart,
    /// `start` of a stopped app.
    Start,
    /// `rollback`.
    Rollback {
        /// The release to go back to.
        to: u32,
    },
    /// `restore`.
    Restore,
    /// `apps:clone`.
    Clone {
        /// The app that it is a clone of.
        of: String,
    },
    /// `apps:rename`.
    Rename {
        /// The name that it had.
        from: String,
    },
    /// An embedding program deployed a folder.
    Folder,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push { branch } => write!(f, "push of {branch}"),
            Self::Deploy => f.write_str("deploy"),
            Self::ConfigSet { keys } => write!(f, "config:set {}", keys.join(" ")),
            Self::ConfigUnset { keys } => write!(f, "config:unset {}", keys.join(" ")),
            Self::Scale { changes } => write!(f, "ps:scale {}", changes.join(" ")),
            Self::Restart => f.write_str("restart"),
            Self::Start => f.write_str("start"),
            Self::Rollback { to } => write!(f, "rollback to {to}"),
            Self::Restore => f.write_str("restore"),
            Self::Clone { of } => write!(f, "clone of {of}"),
            Self::Rename { from } => write!(f, "rename of {from}"),
            Self::Folder => f.write_str("folder"),
        }
    }
}
