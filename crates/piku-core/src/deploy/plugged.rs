//! What plugins have to do with a deploy: they hear that a release was built, and may refuse it.

use super::DeployError;
use super::order::Order;
use super::prepare::Prepared;
use crate::event::{Report, stage, warn};
use crate::host::plugins::{self, Ended};
use crate::host::wait;
use crate::plugins::{BEFORE_DEPLOY, Candidate, Notice, Occasion, PluginVeto, is_name, refusal};

/// The last lines of a plugin that are shown when it refuses.
const LAST_LINES: usize = 20;

/// What plugins are told of an order.
pub(crate) fn notice(order: &Order, release: Option<u32>) -> Notice {
    let notice = Notice::new(wait::now(), &order.app, order.commit(), &order.cause);
    notice.by(order.by.as_deref()).of_release(release)
}

/// Tells plugins that a release was built, and asks those that want to be asked whether it may start. Those are asked
/// of new releases alone: going back and starting again must always be possible.
pub(super) fn ask(prepared: &Prepared<'_>, report: &mut Report<'_>) -> Result<(), DeployError> {
    let (scene, order) = (prepared.scene, &prepared.order);
    let Some(new) = order.new_release() else { return Ok(()) };
    let number = prepared.built.source.number;
    let notice = notice(order, Some(number));
    if new.builds {
        let built = format!("{}: release {number} is built", order.app);
        let announced = plugins::announce(
            scene.root,
            scene.surroundings,
            &notice.clone().says(Some(Occasion::Build), &built),
        );
        warn_of(announced, report);
    }
    let asks = notice.says(None, &format!("{}: release {number} is about to start", order.app));
    for plugin in plugins::names(scene.root).iter().filter(|name| is_name(name)) {
        let Some(candidate) = plugins::find(scene.root, plugin, BEFORE_DEPLOY) else { continue };
        match refusal(&candidate, plugins::me()) {
            None => ask_one(prepared, &candidate, &asks, report)?,
            Some(why) => {
                warn(report, format!("the plugin `{plugin}` is not asked: {why}"), Some(&why.fix()));
            }
        }
    }
    Ok(())
}

fn ask_one(
    prepared: &Prepared<'_>,
    candidate: &Candidate,
    notice: &Notice,
    report: &mut Report<'_>,
) -> Result<(), DeployError> {
    let (scene, plugin) = (prepared.scene, &candidate.plugin);
    stage(report, format!("Asking the plugin `{plugin}`"));
    let env = plugins::environment(scene.root, scene.surroundings, Some(&prepared.order.app));
    let refused = |reason: String, mut output: Vec<String>| {
        output.drain(..output.len().saturating_sub(LAST_LINES));
        Err(PluginVeto { plugin: plugin.clone(), reason, output }.into())
    };
    match plugins::run(candidate, &env, notice, scene.cancel) {
        Ok((Ended::With(status), _)) if status.is_success() => Ok(()),
        Ok((Ended::With(status), output)) => refused(status.to_string(), output),
        Ok((Ended::Late, output)) => {
            refused(format!("it did not answer within {} s", plugins::LIMIT.as_secs()), output)
        }
        Ok((Ended::Cancelled, _)) => Err(DeployError::Cancelled),
        Err(error) => refused(crate::error_chain(&error), Vec::new()),
    }
}

/// A plugin that hears nothing is no reason to refuse anything.
pub(crate) fn warn_of<E: std::error::Error + 'static>(outcome: Result<(), E>, report: &mut Report<'_>) {
    if let Err(error) = outcome {
        warn(report, format!("plugins do not hear of this: {}", crate::error_chain(&error)), None);
    }
}
