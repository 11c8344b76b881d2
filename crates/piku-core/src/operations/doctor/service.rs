//! Whether systemd runs the emperor as it can be run, and whether the server is as it was set up.

use super::finding::{Finding, error, warning};
use crate::host::examine::{Facts, Service};
use crate::server::{Change, Part};

/// SIGTERM, the only signal by which the emperor ends in time and cleanly (signal(7)).
const TERM: &str = "15";

/// What makes a server as it was set up again.
pub(super) const SET_UP: &str = "`sudo piku setup --system`";

/// Judges the unit of the emperor. Each of these was seen on servers that followed older instructions.
pub(super) fn unit(service: &Service) -> Vec<Finding> {
    let about = "service";
    let (unit, file) = (&service.unit, &service.file);
    let fix = |line: &str| match service.is_altered {
        // Whoever altered it may want the rest of that.
        true => format!(
            "`systemctl revert {unit} && systemctl restart {unit}` takes back all that `systemctl edit` did; or put `{line}` there"
        ),
        false => format!("{SET_UP} writes `{file}` anew; or put `{line}` into it, and restart `{unit}`"),
    };
    let mut all = Vec::new();
    if service.kind == "notify" {
        let what = format!(
            "`{unit}` has `Type=notify`: the emperor never says that it is ready, and systemd kills every app again and again"
        );
        all.push(error(about, what, fix("Type=exec")));
    }
    if service.kill_signal != TERM {
        let what = format!(
            "`{unit}` has another `KillSignal` than SIGTERM: stopping takes 90 seconds and ends in SIGKILL"
        );
        all.push(error(about, what, fix("KillSignal=SIGTERM")));
    }
    if service.kill_mode != "mixed" {
        let what = format!(
            "`{unit}` has `KillMode={}`: a stop signals every process at once, and apps are shown as failing after it",
            service.kill_mode
        );
        all.push(warning(about, what, fix("KillMode=mixed")));
    }
    let restarts = service.restarts.parse::<u32>().unwrap_or(0);
    if restarts > 0 {
        let what = format!("systemd has started `{unit}` again {restarts} times because it had failed");
        all.push(warning(about, what, format!("`journalctl -u {unit}` says why")));
    }
    all
}

/// What is not as `setup --system` makes it, and is not named in another finding.
pub(super) fn differences(changes: &[Change], facts: &Facts) -> Vec<Finding> {
    let finding = |change: &Change| {
        let said = change.to_string();
        let first = said.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
        warning("server", format!("this server is not as it was set up; to {first}:"), SET_UP)
    };
    let news = |change: &&Change| match change {
        Change::Make(part) => !is_named(part, facts),
        // Elsewhere it follows from another change.
        Change::ReadUnits => matches!(changes, [Change::ReadUnits]),
        _ => false,
    };
    changes.iter().filter(news).map(finding).collect()
}

/// Whether what was seen of the machine is a finding that names this part.
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
