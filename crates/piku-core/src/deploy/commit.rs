//! The last of the four calls of a deploy: the point of no return, and what follows it.

use super::arrival::Arrival;
use super::order::{Deployed, Scene};
use super::plan::reached::{self, Outside};
use super::plan::{Plan, Process};
use super::prepare::Prepared;
use super::source::adopt;
use super::switch::Switched;
use super::vassals::enabled::{self, Enabled};
use super::vassals::{draining, end, socket_links};
use super::{DeployError, exposure, live, moving::catching_up, traffic};
use crate::app::AppName;
use crate::event::{Report, stage as tell, warn};
use crate::host::{HostError, Step, ports, sockets};
use crate::persisted::Persisted;
use crate::release::{Release, store};

/// A release that is live.
pub(crate) struct Committed<'a> {
    prepared: Prepared<'a>,
    release: Release,
}

/// Makes the release live, and undoes that if nginx can't reach its static files.
pub(crate) fn commit<'a>(
    switched: Switched<'a>,
    report: &mut Report<'_>,
) -> Result<Committed<'a>, DeployError> {
    let Switched { prepared, vassals, names } = switched;
    let web = prepared.processes(|_| prepared.built.inputs.has_site());
    let exposed = exposure::noted(&exposure::exposed(prepared.scene.root, &web));
    let release = Release { vassals, exposed, ..prepared.record() };
    make_live(&prepared, &release, report)?;
    drop(names);
    Ok(Committed { prepared, release })
}

fn make_live(prepared: &Prepared<'_>, release: &Release, report: &mut Report<'_>) -> Result<(), DeployError> {
    let Prepared { scene, order, built, ready, .. } = prepared;
    let (root, app, source) = (scene.root, &order.app, &built.source);
    let folders = [source.number, source.owner];
    let persists = !release.persist.is_empty() || !Persisted::load(root, app)?.0.is_empty();
    traffic::open_to_nginx(root, app, folders, ready.site.as_ref(), persists)?;
    scene.go_on()?;
    let foreign = store::is_foreign_clone(root, app);
    if foreign {
        adopt::clone(root, app, source.owner, report)?;
    }
    live::make_live(root, app, release)?;
    let Some((site, nginx)) = ready.site.as_ref().zip(ready.nginx.as_ref()) else { return Ok(()) };
    // nginx finds static files through the link to the live release, so it serves the new ones only now.
    let basis = prepared.basis();
    let outcome = Arrival { basis: &basis, plan: &ready.plan, door: &site.door, nginx }.of_files(report);
    match outcome {
        Ok(()) => Ok(()),
        // A clone of legacy piku can't be restored.
        Err(error) if foreign => {
            warn(report, crate::error_chain(&error), error.help().as_deref());
            Ok(())
        }
        Err(error) => {
            live::take_back(root, app, release.number, order.kept(), source.live.as_ref())?;
            Err(error)
        }
    }
}

impl Committed<'_> {
    /// Does what remains once the release is live. A failure here does not refuse the release, since it already serves;
    /// `repair` tries again.
    pub(crate) fn settle(self, report: &mut Report<'_>) -> Deployed {
        let Self { prepared, release } = self;
        let Prepared { scene, order, built, ready, .. } = &prepared;
        let (root, app) = (scene.root, &order.app);
        let outcomes = [
            live::finish(root, app, &release).map_err(DeployError::from),
            let_go(scene, app, &ready.plan, &release, ready.site.is_some()).map_err(DeployError::from),
            end::forget_legacy(root, app).map_err(DeployError::from),
            catching_up::catch_up(&prepared, report),
            ports::release_all_but(root, app, &release.ports).map_err(DeployError::from),
            prepared.prune(report),
        ];
        for error in outcomes.into_iter().filter_map(Result::err) {
            let help = "the release is live; the next command for this app tries again";
            warn(report, format!("could not finish the deploy: {}", crate::error_chain(&error)), Some(help));
        }
        let web: Vec<&Process> = ready.plan.processes.iter().filter(|_| ready.site.is_none()).collect();
        let exposed = !exposure::exposed(root, &web).is_empty();
        let outside = Outside { machine: sockets::own_address(), exposed };
        if let Some(text) = reached::unreached(app, &built.inputs, &ready.plan, outside) {
            tell(report, text);
        }
        Deployed { addresses: reached::addresses(&built.inputs, &ready.plan, outside), release, live: true }
    }
}

/// Ends every process that the live release does not need.
fn let_go(
    scene: &Scene<'_>,
    app: &AppName,
    plan: &Plan,
    release: &Release,
    drain: bool,
) -> Result<(), HostError> {
    let Scene { root, .. } = *scene;
    let needed = |one: &Enabled| one.ours().is_some_and(|name| release.vassals.contains(&name.first_start()));
    let old: Vec<Enabled> = enabled::of_app(root, app)?.into_iter().filter(|one| !needed(one)).collect();
    if socket_links::of_plan(root, plan).is_empty() {
        // Remove links to sockets that no longer exist.
        for (link, _) in socket_links::present(root, app) {
            Step::Remove(link).carry_out()?;
        }
    }
    draining::let_go(root, old, drain)
}
