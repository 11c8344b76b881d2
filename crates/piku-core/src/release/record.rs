//! What a release is: everything needed to start it again without building.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::formation::Formation;

/// One release of an app. It never changes once it was live; going back is starting an old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its number, from 1. A refused deploy uses one up.
    pub number: u32,
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
    /// The vassals' file names, by which they are found again.
    pub vassals: Vec<String>,
    /// The ports it holds.
    pub ports: Vec<u16>,
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
