//! Whether systemd runs the emperor as it can be run, and whether the server is as it was set up.

use super::{Finding, error, warning};
use crate::host::examine::Service;
use crate::server::Change;

/// SIGTERM, the only signal by which the emperor ends in time and cleanly (signal(7)).
const TERM: &str = "15";

/// Judges the unit of the emperor. Each of these was seen on servers that followed older instructions.
pub(super) fn unit(service: &Service) -> Vec<Finding> {
    let about = "service";
    let (unit, file) = (&service.unit, &service.file);
    let fix = |line: &str| {
        format!(
            "put `{line}` into `{file}`, then `systemctl daemon-reload` and `systemctl restart {unit}`; or let `sudo piku setup --system` write it"
        )
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

/// What is not as `setup --system` makes it.
pub(super) fn differences(changes: &[Change]) -> Vec<Finding> {
    let finding = |change: &Change| {
        let said = change.to_string();
        let first = said.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
        warning(
            "server",
            format!("this server is not as it was set up; to {first}:"),
            "`sudo piku setup --system`",
        )
    };
    changes.iter().filter(|change| !matches!(change, Change::Record(_))).map(finding).collect()
}
