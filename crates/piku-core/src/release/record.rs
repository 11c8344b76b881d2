//! What a release is: everything needed to start it again without building.

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::formation::Formation;
use crate::host::nginx::Question;
use crate::vassal::VassalName;

/// One release of an app: a commit, its build, and the settings, none of which change any more.
///
/// What runs of it does: a restart, a change of scale, or going back to it starts it anew, as another
/// [run](Release::run) of the same release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its number, from 1. A refused deploy uses one up.
    pub number: u32,
    /// The run of it that is meant by what follows from [`Release::formation`] on; `None` for the first run of a
    /// release that was made when each run was a release of its own, with the same number.
    #[serde(default)]
    pub run: Option<u32>,
    /// The release that was live when this one became so, 0 for none; `None` before it was live, and for releases that
    /// were made when that was not noted.
    #[serde(default)]
    pub after: Option<u32>,
    /// The commit it runs, in full.
    pub commit: String,
    /// When it was made.
    pub created: Timestamp,
    /// What caused it.
    pub cause: Cause,
    /// Who did, by the name of the ssh key.
    pub by: Option<String>,
    /// The release whose folder holds the tree: releases of one commit share it.
    pub tree_of: u32,
    /// The paths of its tree that lead to the app's data (`PIKU_PERSIST`).
    #[serde(default)]
    pub persist: Vec<String>,
    /// The folder of its build below `envs/<app>`, where it has one.
    pub build: Option<String>,
    /// What that build gives to processes; `None` for releases that were made when that was not noted.
    #[serde(default)]
    pub made: Option<Made>,
    /// `envs/<app>/ENV` as it was, to the letter.
    pub settings: String,
    /// How many processes of each kind.
    pub formation: Formation,
    /// What `config:live` prints and `run` uses.
    pub live_env: BTreeMap<String, String>,
    /// The text of the site, where there is one.
    pub site: Option<String>,
    /// The text of the site while the app is stopped.
    pub site_stopped: Option<String>,
    /// How to ask nginx whether it serves `site_stopped`; `None` in records of before this was noted, too.
    #[serde(default)]
    pub(crate) stopped_question: Option<Question>,
    /// The vassals, by whose names they are found again.
    #[serde(deserialize_with = "crate::vassal::known")]
    pub vassals: Vec<VassalName>,
    /// The ports it holds.
    pub ports: Vec<u16>,
}

/// What a build gives to the processes of a release: all that is needed to start them without asking any tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Made {
    /// The folder of the build, where there is one.
    pub folder: Option<Utf8PathBuf>,
    /// What goes before `PATH`.
    pub path: Option<String>,
    /// The variables that it sets.
    pub variables: BTreeMap<String, String>,
    /// Whether its folder is a virtual environment.
    pub is_virtualenv: bool,
    /// The uWSGI inside the build, where the app's Python is not that of the system's plugin.
    pub uwsgi: Option<Utf8PathBuf>,
    /// How the names of the settings begin that decide the build.
    pub settings: Vec<String>,
}

impl Release {
    /// The number by which the vassals and the sockets of its present run are named. No run of an app has another's.
    #[must_use]
    pub fn run_number(&self) -> u32 {
        self.run.unwrap_or(self.number)
    }
}

/// What caused a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Cause {
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
        /// The release gone back to.
        to: u32,
    },
    /// A folder deployed by an embedding program.
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
            Self::Folder => f.write_str("folder"),
        }
    }
}
