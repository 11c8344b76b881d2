//! Checks how systemd runs the emperor, and whether the server is still as it was set up.

use super::finding::{Finding, error, warning};
use crate::host::examine::{Facts, Service};
use crate::server::{Change, Part};

/// SIGTERM (signal(7)), the only signal that makes the emperor stop cleanly and in time.
const TERM: &str = "15";

/// The command that restores the server.
pub(super) const SET_UP: &str = "`sudo piku setup --system`";

/// Checks the unit of the emperor. Servers set up by older instructions have these problems.
pub(super) fn unit(service: &Service) -> Vec<Finding> {
    let about = "service";
    let (unit, file) = (&service.unit, &service.file);
    let fix = |line: &str| match service.is_altered {
        // The administrator may want to keep other changes.
        true => format!(
            "`systemctl revert {unit} && systemctl restart {unit}` undoes every change of `systemctl edit`; or set `{line}` there"
        ),
        false => format!("{SET_UP} rewrites `{file}`; or set `{line}` in it and restart `{unit}`"),
    };
    let mut all = Vec::new();
    if service.kind == "notify" {
        let what = format!(
            "`{unit}` has `Type=notify`: the emperor never reports that it is ready, so systemd keeps killing every app"
        );
        all.push(error(about, what, fix("Type=exec")));
    }
    if service.kill_signal != TERM {
        let what = format!(
            "`{unit}` has a `KillSignal` other than SIGTERM: stopping takes 90 seconds and ends with SIGKILL"
        );
        all.push(error(about, what, fix("KillSignal=SIGTERM")));
    }
    if service.kill_mode != "mixed" {
        let what = format!(
            "`{unit}` has `KillMode={}`: a stop signals every process at once, and then apps are shown as failing",
            service.kill_mode
        );
        all.push(warning(about, what, fix("KillMode=mixed")));
    }
    let restarts = service.restarts.parse::<u32>().unwrap_or(0);
    if restarts > 0 {
        let what = format!("systemd has restarted `{unit}` {restarts} times after failures");
        all.push(warning(about, what, format!("`journalctl -u {unit}` says why")));
    }
    all
}

/// Differences from what `setup --system` makes that no other finding covers.
pub(super) fn differences(changes: &[Change], facts: &Facts) -> Vec<Finding> {
    let finding = |change: &Change| {
        let said = change.to_string();
        let first = said.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
        warning("server", format!("this server differs from its setup; to {first}:"), SET_UP)
    };
    let news = |change: &&Change| match change {
        Change::Make(part) => !is_named(part, facts),
        // Otherwise it is only a consequence of another change.
        Change::ReadUnits => matches!(changes, [Change::ReadUnits]),
        _ => false,
    };
    changes.iter().filter(news).map(finding).collect()
}

/// Whether another finding covers this part.
fn is_named(part: &Part, facts: &Facts) -> bool {
    match part {
        Part::OpenHome { .. } => facts.access.obstacle.is_some(),
        Part::Member { .. } => facts.access.open_sockets,
        Part::Root { .. } => !facts.missing.is_empty(),
        Part::File { path, .. } => {
            let unit_is_wrong = |service: &Service| *path == service.file && !unit(service).is_empty();
            facts.service.as_ref().is_some_and(unit_is_wrong)
                || path.starts_with("/etc/nginx") && facts.nginx.includes == Some(false)
        }
        Part::On { unit } => match *unit {
            "piku.service" => facts.vassals.is_none(),
            "piku-nginx.service" => !facts.nginx.runs,
            "piku-nginx.path" => !facts.nginx.watched,
            _ => false,
        },
        Part::Account { .. } | Part::Off { .. } => false,
    }
}
