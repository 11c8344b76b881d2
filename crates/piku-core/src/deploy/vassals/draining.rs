//! Ends processes whose traffic has moved, after they have answered the requests that they have got.

use std::time::Duration;

use piku_procfile::runs_in_uwsgi;

use super::enabled::Enabled;
use super::end;
use super::legacy::LegacyVassal;
use crate::host::{HostError, health, sockets, wait};
use crate::root::Root;

/// How long the last requests to a process of legacy piku may take.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long no request may arrive before such a process counts as left.
const MOMENT: Duration = Duration::from_millis(250);

/// How long the last requests in the backlog of a socket may wait.
const BACKLOG: Duration = Duration::from_secs(3);

/// Ends processes that no longer get requests, each when it has answered those that it has got. With `drain`, `web`
/// processes keep serving for a moment: old workers of nginx may still send them requests.
pub(crate) fn let_go(root: &Root, old: Vec<Enabled>, drain: bool) -> Result<(), HostError> {
    let serves = |one: &Enabled| drain && one.ours().is_some_and(|name| name.kind == "web");
    let (legacy, old): (Vec<Enabled>, Vec<Enabled>) = old.into_iter().partition(|one| one.legacy().is_some());
    if drain {
        await_last_requests(root, &legacy);
    }
    end::retire(root, &legacy, false)?;
    let (draining, ending): (Vec<Enabled>, Vec<Enabled>) = old.into_iter().partition(serves);
    drain_backlogs(root, &ending);
    end::retire(root, &ending, false)?;
    end::retire(root, &draining, true)
}

/// Waits until every request sent to the sockets of old uWSGI processes has been accepted.
///
/// Connections are accepted in order. So when piku's own, made last, is answered, all others have been accepted, and
/// uWSGI finishes accepted requests before it stops.
fn drain_backlogs(root: &Root, names: &[Enabled]) {
    for name in names.iter().filter_map(Enabled::ours).filter(|name| runs_in_uwsgi(&name.kind)) {
        health::wait_for_turn(&root.socket(&name.app, name.run, name.index), BACKLOG);
    }
}

/// Waits until no connection to processes of legacy piku is open, which end without finishing requests.
fn await_last_requests(root: &Root, names: &[Enabled]) {
    let serve = |one: &&Enabled| one.kind() == "web" || runs_in_uwsgi(one.kind());
    let vassals: Vec<&Enabled> = names.iter().filter(serve).collect();
    let masters: Vec<i32> =
        vassals.iter().filter_map(|one| one.legacy()).flat_map(|vassal| vassal.masters(root)).collect();
    let Some(app) = vassals.iter().find_map(|one| one.legacy()).map(LegacyVassal::app) else { return };
    let socket = root.site_socket(app, 1);
    wait::until(LAST_REQUESTS, || {
        let quiet = || !sockets::has_connections(&masters, &socket);
        // nginx may be about to make one.
        (quiet() && {
            wait::pause(MOMENT);
            quiet()
        })
        .then_some(())
    });
}
