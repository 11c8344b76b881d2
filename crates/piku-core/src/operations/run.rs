//! `run`.

use std::collections::BTreeMap;
use std::convert::Infallible;

use camino::Utf8PathBuf;

use crate::app::AppName;
use crate::error::Error;
use crate::host::launch;
use crate::piku::Piku;

/// The folder and environment for one-off commands, the same as for processes of the live release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunTarget {
    /// The complete environment.
    pub env: BTreeMap<String, String>,
    /// The tree of the live release.
    pub folder: Utf8PathBuf,
}

impl Piku {
    /// The folder and environment for one-off commands of the app.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`].
    pub fn run_target(&self, app: &AppName) -> Result<RunTarget, Error> {
        let mut env = self.config_live(app)?;
        env.insert("PROC_TYPE".to_owned(), "run".to_owned());
        let folder = env.get("PWD").map_or_else(|| self.root.app(app), Utf8PathBuf::from);
        Ok(RunTarget { env, folder })
    }

    /// Replaces this process with a one-off command, which keeps its input, output, and exit status.
    ///
    /// Without words, runs the shell named in `terminal`. A single word that contains white space is a command line for
    /// `sh`. Otherwise the words are the command, without a shell.
    ///
    /// # Errors
    /// [`Error::Host`] if the program can't be started. Never returns on success.
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
