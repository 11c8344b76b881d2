//! Why a command of a plugin did not run, and why a plugin did not let a release run.

use super::PluginCommand;
use crate::host::HostError;

/// Why a command of a plugin did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// There is no such plugin, or it has no such command.
    #[error("there is no command `{command}`")]
    Unknown {
        /// The command.
        command: PluginCommand,
        /// The commands that plugins have.
        available: Vec<String>,
    },
    /// Others may write to it.
    #[error("`{command}` is not run: {why}")]
    Refused {
        /// The command.
        command: PluginCommand,
        /// Why.
        why: String,
        /// What to do about it.
        fix: String,
    },
    /// The notice that a plugin is to hear is damaged.
    #[error("could not read the notice for plugins")]
    Notice(#[source] serde_json::Error),
    /// It could not be started.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// A plugin of the operator has refused a release.
#[derive(Debug, thiserror::Error)]
#[error("the plugin `{plugin}` has refused the release: {reason}")]
#[non_exhaustive]
pub struct PluginVeto {
    /// The plugin.
    pub plugin: String,
    /// How its program ended.
    pub reason: String,
    /// The last lines it wrote.
    pub output: Vec<String>,
}

impl PluginVeto {
    /// What to do now.
    pub(crate) fn help(&self) -> String {
        format!("what it wrote is above; it is `plugins/{}/before-deploy` on the server", self.plugin)
    }
}

impl PluginError {
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "plugin::unknown",
            Self::Refused { .. } => "plugin::refused",
            Self::Notice(_) => "plugin::notice",
            Self::Host(_) => "plugin::host",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { available, .. } if available.is_empty() => None,
            Self::Unknown { available, .. } => Some(format!("plugins have {}", available.join(", "))),
            Self::Refused { fix, .. } => Some(fix.clone()),
            Self::Notice(_) | Self::Host(_) => None,
        }
    }
}
