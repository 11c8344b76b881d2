//! `run`.

use std::collections::BTreeMap;
use std::convert::Infallible;

use camino::Utf8PathBuf;

use crate::app::AppName;
use crate::error::Error;
use crate::host::launch;
use crate::piku::Piku;

/// Where and with what a one-off command runs: as the processes of the live release do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunTarget {
    /// The environment, whole.
    pub env: BTreeMap<String, String>,
    /// The live release's tree.
    pub folder: Utf8PathBuf,
}

impl Piku {
    /// Where a one-off command of the app runs.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`].
    pub fn run_target(&self, app: &AppName) -> Result<RunTarget, Error> {
        let mut env = self.config_live(app)?;
        env.insert("PROC_TYPE".to_owned(), "run".to_owned());
        let folder = env.get("PWD").map_or_else(|| self.root.app(app), Utf8PathBuf::from);
        Ok(RunTarget { env, folder })
    }

    /// Becomes the one-off command: its input, output, and exit status are this process's.
    ///
    /// No words: the shell of the app's environment. A single word with white space in it is a line for `sh`;
    /// any other words are the command, and no shell looks at them.
    ///
    /// # Errors
    /// [`Error::Host`] when there is no such program. On success this process never returns.
    pub fn become_command(
        &self,
        app: &AppName,
        words: &[String],
        terminal: &BTreeMap<String, String>,
    ) -> Result<Infallible, Error> {
        let mut target = self.run_target(app)?;
        let shell = terminal.get("SHELL").cloned().unwrap_or_else(|| "/bin/sh".to_owned());
        for (key, value) in terminal.iter().filter(|(key, _)| *key != "SHELL") {
            target.env.entry(key.clone()).or_insert_with(|| value.clone());
        }
        Ok(launch::become_command(&target.folder, &target.env, &shell, words)?)
    }
}
