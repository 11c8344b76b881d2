//! The description of a server: its user, its folders, its nginx.

use camino::{Utf8Path, Utf8PathBuf};

use super::machine::Seen;
use super::nginx_way::NginxWay;
use crate::root::Root;

/// The folder of unit files from packages (systemd.unit(5)).
pub(crate) const PACKAGED_UNITS: &str = "/usr/lib/systemd/system";
/// The user, unless a record names another.
pub(super) const USER: &str = "piku";
/// The path of nginx on most distributions. `su` leaves its folder out of `PATH`.
const NGINX: &str = "/usr/sbin/nginx";

/// A server as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// The user that everything runs as.
    pub user: String,
    /// That user's home folder.
    pub home: Utf8PathBuf,
    /// The `piku` program.
    pub program: Utf8PathBuf,
    /// The nginx program.
    pub nginx_program: Utf8PathBuf,
    /// Which nginx serves the sites.
    pub nginx: NginxWay,
    /// The group of the system's nginx, which gives it access to sockets.
    pub nginx_group: String,
    /// Whether a package owns the unit files, so that piku does not write them.
    pub packaged: bool,
}

impl Server {
    /// A server with the default names: user `piku`, home `/home/piku`.
    #[must_use]
    pub fn usual(program: &Utf8Path, nginx: NginxWay) -> Self {
        Self {
            user: USER.to_owned(),
            home: Utf8Path::new("/home").join(USER),
            program: program.to_owned(),
            nginx_program: NGINX.into(),
            nginx,
            nginx_group: "www-data".to_owned(),
            packaged: false,
        }
    }

    /// The server that the package installs: the program is `/usr/bin/piku`.
    #[must_use]
    pub fn of_package() -> Self {
        Self { packaged: true, ..Self::usual("/usr/bin/piku".into(), NginxWay::Own) }
    }

    /// The default server, adapted to this machine: an existing home folder, nginx, or unit files from a package.
    pub(crate) fn on_machine(program: &Utf8Path, nginx: NginxWay, seen: &Seen) -> Self {
        let usual = Self::usual(program, nginx);
        Self {
            home: seen.home.clone().unwrap_or_else(|| usual.home.clone()),
            nginx_program: seen.nginx.program.clone().unwrap_or(usual.nginx_program),
            nginx_group: seen.nginx.group.clone().unwrap_or(usual.nginx_group),
            // The package's unit files name the usual home folder.
            packaged: seen.packaged
                && program == Self::of_package().program
                && seen.home.as_ref().is_none_or(|home| *home == usual.home),
            ..usual
        }
    }

    /// The root folder of the server.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(self.home.join(".piku"))
    }
}
