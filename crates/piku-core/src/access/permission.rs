//! What a key may do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::app::AppName;

/// What a key may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "may", rename_all = "kebab-case")]
pub enum Permission {
    /// Everything.
    Administrator,
    /// Push, run, configure, and read these apps.
    Apps {
        /// The apps.
        apps: BTreeSet<AppName>,
    },
    /// See what runs in these apps and what happened to them, without their settings, and change nothing.
    ReadOnly {
        /// The apps.
        apps: BTreeSet<AppName>,
    },
}

impl Permission {
    /// A permission for these apps alone.
    #[must_use]
    pub fn limited_to(apps: impl IntoIterator<Item = AppName>, read_only: bool) -> Self {
        let apps = apps.into_iter().collect();
        if read_only { Self::ReadOnly { apps } } else { Self::Apps { apps } }
    }

    /// The apps that it is limited to; `None` for an administrator.
    #[must_use]
    pub fn apps(&self) -> Option<&BTreeSet<AppName>> {
        match self {
            Self::Administrator => None,
            Self::Apps { apps } | Self::ReadOnly { apps } => Some(apps),
        }
    }

    pub(crate) fn apps_mut(&mut self) -> Option<&mut BTreeSet<AppName>> {
        match self {
            Self::Administrator => None,
            Self::Apps { apps } | Self::ReadOnly { apps } => Some(apps),
        }
    }

    /// In one word, as `keys --json` has it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Apps { .. } => "apps",
            Self::ReadOnly { .. } => "read-only",
        }
    }
}

/// `administrator`, `blog, shop`, `blog (read-only)`.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator => f.write_str("administrator"),
            Self::Apps { apps } => f.write_str(&listed(apps)),
            Self::ReadOnly { apps } => write!(f, "{} (read-only)", listed(apps)),
        }
    }
}

/// The names of apps, or that there are none.
pub(super) fn listed(apps: &BTreeSet<AppName>) -> String {
    if apps.is_empty() {
        return "no app".to_owned();
    }
    apps.iter().map(AppName::as_str).collect::<Vec<_>>().join(", ")
}
