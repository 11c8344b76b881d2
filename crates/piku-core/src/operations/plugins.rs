//! Plugins: tells them what has happened, and runs their commands.

use std::convert::Infallible;

use super::Done;
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::order::Order;
use crate::deploy::plugged::{notice, warn_of};
use crate::error::{Error, error_chain};
use crate::event::{Event, Report, stage};
use crate::host::plugins::{self, Ended};
use crate::host::{launch, wait};
use crate::piku::Piku;
use crate::plugins::{Notice, Occasion, PluginCommand, PluginError, Role, is_name, refusal};
use crate::release::store;

impl Piku {
    /// Has plugins told that a release is live.
    pub(super) fn announce_live(&self, order: &Order, done: &Done, report: &mut Report<'_>) {
        let addresses = done.addresses.join(" ");
        let message = format!("{}: release {} is live {addresses}", order.app, done.release);
        let notice = notice(order, Some(done.release)).at(&done.addresses);
        let notice = notice.says(Some(Occasion::Deployed), message.trim_end());
        warn_of(plugins::announce(&self.root, &self.surroundings, &notice), report);
    }

    /// Has plugins told why an order was refused.
    pub(super) fn announce_refused(&self, order: &Order, error: &DeployError, report: &mut Report<'_>) {
        let notice = notice(order, order.kept().map(|kept| kept.number));
        let message = format!("{}: {} was refused: {}", order.app, order.cause, error_chain(error));
        let unhealthy = matches!(error, DeployError::Unhealthy { .. }).then_some(Occasion::Unhealthy);
        for event in [Some(Occasion::Failed), unhealthy].into_iter().flatten() {
            let notice = notice.clone().says(Some(event), &message);
            warn_of(plugins::announce(&self.root, &self.surroundings, &notice), report);
        }
    }

    /// Runs each plugin that wants to hear of an event, one after the other. `notice` is a [`Notice`] as JSON. Reports
    /// how they ended and what they wrote; a failure of theirs is no error.
    ///
    /// # Errors
    /// [`Error::Host`] if the notice is damaged.
    pub fn deliver(&self, notice: &str, report: &mut Report<'_>) -> Result<(), Error> {
        let notice: Notice = serde_json::from_str(notice).map_err(PluginError::Notice)?;
        let Some(event) = notice.event else { return Ok(()) };
        let env = plugins::environment(&self.root, &self.surroundings, Some(&notice.app));
        for candidate in plugins::ready(&self.root, &event.file()) {
            let (ended, output) = match plugins::run(&candidate, &env, &notice, &self.cancel) {
                Ok((Ended::With(status), output)) => (status.to_string(), output),
                Ok((Ended::Late, output)) => ("it took too long, and was killed".to_owned(), output),
                Ok((Ended::Cancelled, output)) => ("cancelled".to_owned(), output),
                Err(error) => (error_chain(&error), Vec::new()),
            };
            output.iter().for_each(|line| report(Event::Output(line)));
            let (time, app) = (wait::now(), &notice.app);
            stage(report, format!("{time:.0} {}/{} for {app}: {ended}", candidate.plugin, candidate.file));
        }
        Ok(())
    }

    /// Whether there is a plugin of this name.
    #[must_use]
    pub fn has_plugin(&self, command: &PluginCommand) -> bool {
        plugins::names(&self.root).contains(&command.plugin)
    }

    /// Replaces this process with a command of a plugin. No shell sees the words. Its environment is that of all
    /// plugins; if the first word is the name of an app, `APP` is that.
    ///
    /// # Errors
    /// [`PluginError`]. Never returns on success.
    pub fn become_plugin(&self, command: &PluginCommand, words: &[String]) -> Result<Infallible, Error> {
        let Some(candidate) = plugins::find(&self.root, &command.plugin, &command.file()) else {
            let available = self.plugin_commands();
            return Err(PluginError::Unknown { command: command.clone(), available }.into());
        };
        if let Some(why) = refusal(&candidate, plugins::me()) {
            let (why, fix) = (why.to_string(), why.fix());
            return Err(PluginError::Refused { command: command.clone(), why, fix }.into());
        }
        let app: Option<AppName> = words.first().and_then(|word| word.parse().ok());
        let app = app.filter(|app| store::exists(&self.root, app));
        let env = plugins::environment(&self.root, &self.surroundings, app.as_ref());
        let words: Vec<String> =
            [candidate.path().to_string()].into_iter().chain(words.iter().cloned()).collect();
        Ok(launch::become_alone(&words, &env).map_err(PluginError::from)?)
    }

    /// The commands of all plugins that may run.
    fn plugin_commands(&self) -> Vec<String> {
        let mut found = Vec::new();
        for plugin in plugins::names(&self.root).into_iter().filter(|name| is_name(name)) {
            for file in plugins::files_of(&self.root, &plugin) {
                let runs = || {
                    let candidate = plugins::find(&self.root, &plugin, &file)?;
                    refusal(&candidate, plugins::me()).is_none().then_some(())
                };
                if let (Role::Command(word), Some(())) = (Role::of(&file), runs()) {
                    found.push(format!("{plugin}:{word}"));
                }
            }
        }
        found
    }
}
