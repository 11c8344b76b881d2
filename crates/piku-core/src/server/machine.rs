//! The observed state of the machine.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::record::Record;

/// The observed state, to compare with the description of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The home folder of the user, if the user exists.
    pub(crate) home: Option<Utf8PathBuf>,
    /// The permission bits of that folder, if it exists.
    pub(crate) home_mode: Option<u32>,
    /// The groups of that user, by name.
    pub(crate) groups: Vec<String>,
    /// The described files that exist, with their text.
    pub(crate) files: BTreeMap<Utf8PathBuf, String>,
    /// Whether the folders below the root are complete and prepared for the requested nginx.
    pub(crate) root_is_complete: bool,
    /// The described services, by unit.
    pub(crate) services: BTreeMap<&'static str, ServiceSeen>,
    /// Whether a package installed unit files.
    pub(crate) packaged: bool,
    /// Whether systemd is running. It is not while an image is built.
    pub(crate) systemd_runs: bool,
    /// Whether a unit file changed since systemd read it.
    pub(crate) units_are_stale: bool,
    /// The system's nginx.
    pub(crate) nginx: NginxSeen,
    /// The record of an earlier `setup --system`.
    pub(crate) record: Option<Record>,
    /// Required programs that are missing, each with its Debian package.
    pub(crate) missing: Vec<(&'static str, &'static str)>,
}

/// The observed state of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceSeen {
    /// Whether the unit exists.
    pub(crate) exists: bool,
    /// Whether it starts at boot.
    pub(crate) enabled: bool,
    /// Whether it is running or starting.
    pub(crate) runs: bool,
    /// Whether systemd is waiting for it to become ready.
    pub(crate) is_starting: bool,
}

/// The system's nginx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NginxSeen {
    /// The program.
    pub(crate) program: Option<Utf8PathBuf>,
    /// The group of its workers.
    pub(crate) group: Option<String>,
    /// A configuration file with a site other than the distribution's welcome page.
    pub(crate) serves: Option<Utf8PathBuf>,
}
