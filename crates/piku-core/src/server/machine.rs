//! What was seen of the machine that is to be a server.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::record::Record;

/// What a server's description is compared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The home folder of the user, when there is such a user.
    pub(crate) home: Option<Utf8PathBuf>,
    /// The permission bits of that folder, when it is there.
    pub(crate) home_mode: Option<u32>,
    /// The groups of that user, by name.
    pub(crate) groups: Vec<String>,
    /// The files of the description that are there, with their text.
    pub(crate) files: BTreeMap<Utf8PathBuf, String>,
    /// Whether the folders below the root are complete, and made for the way to have nginx that is asked for.
    pub(crate) root_is_complete: bool,
    /// The services of the description, by unit.
    pub(crate) services: BTreeMap<&'static str, ServiceSeen>,
    /// Whether a package brought unit files.
    pub(crate) packaged: bool,
    /// Whether systemd runs: in the image of a machine it does not.
    pub(crate) systemd_runs: bool,
    /// Whether systemd has not read some unit file since it changed.
    pub(crate) units_are_stale: bool,
    /// The machine's nginx.
    pub(crate) nginx: NginxSeen,
    /// What an earlier `setup --system` has made.
    pub(crate) record: Option<Record>,
    /// Programs that nothing works without and that are not there, with the package that brings each.
    pub(crate) missing: Vec<(&'static str, &'static str)>,
}

/// How a service is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceSeen {
    /// Whether there is such a unit.
    pub(crate) exists: bool,
    /// Whether it starts with the machine.
    pub(crate) enabled: bool,
    /// Whether it runs, or is about to.
    pub(crate) runs: bool,
    /// Whether systemd still waits for it to be ready.
    pub(crate) is_starting: bool,
}

/// The machine's nginx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NginxSeen {
    /// The program.
    pub(crate) program: Option<Utf8PathBuf>,
    /// The group of its workers.
    pub(crate) group: Option<String>,
    /// What it serves besides its distribution's welcome page: the file that says so.
    pub(crate) serves: Option<Utf8PathBuf>,
}
