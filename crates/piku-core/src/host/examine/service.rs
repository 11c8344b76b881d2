//! Examines the systemd unit that runs the emperor.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::host::command::Invocation;
use crate::host::emperor;
use crate::root::Root;
use crate::server::describe::PACKAGED_UNITS;

/// The unit on a piku server.
const USUAL: &str = "piku.service";

/// How systemd runs the emperor (systemd.service(5), systemd.kill(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) unit: String,
    /// `Type=`.
    pub(crate) kind: String,
    /// `NotifyAccess=`.
    pub(crate) notify_access: String,
    /// `KillSignal=`, as a number.
    pub(crate) kill_signal: String,
    /// `KillMode=`.
    pub(crate) kill_mode: String,
    /// How often systemd restarted it after a failure.
    pub(crate) restarts: String,
    /// The path of the unit file.
    pub(crate) file: String,
    /// Whether an administrator changed the unit of the package or of `setup --system` (`systemctl edit`).
    pub(crate) is_altered: bool,
}

/// Examines the unit in which the emperor runs, or else the usual one; `None` if systemd has no such unit.
pub(super) fn look(root: &Root, path: &str) -> Option<Service> {
    let unit = emperor::unit(&root.emperor_pid()).unwrap_or_else(|| USUAL.to_owned());
    let mut said = BTreeMap::new();
    let env = [("PATH".to_owned(), path.to_owned())].into();
    let asked = Invocation::new([
        "systemctl",
        "show",
        "--property=LoadState,Type,NotifyAccess,KillSignal,KillMode,NRestarts,FragmentPath,DropInPaths",
        &unit,
    ])
    .with_env(&env)
    .run(&mut |line| {
        if let Some((key, value)) = line.split_once('=') {
            said.insert(key.to_owned(), value.to_owned());
        }
    });
    drop(asked);
    let take = |key: &str| said.get(key).cloned().unwrap_or_default();
    let packaged = Utf8Path::new(PACKAGED_UNITS).join(&unit);
    let hides_a_packages = packaged.is_file() && take("FragmentPath").starts_with("/etc/");
    (take("LoadState") == "loaded").then(|| Service {
        is_altered: hides_a_packages || !take("DropInPaths").is_empty(),
        kind: take("Type"),
        notify_access: take("NotifyAccess"),
        kill_signal: take("KillSignal"),
        kill_mode: take("KillMode"),
        restarts: take("NRestarts"),
        file: take("FragmentPath"),
        unit,
    })
}
