//! A server of piku's: whom it belongs to, where it lies, which nginx it has.

use camino::{Utf8Path, Utf8PathBuf};

use super::machine::Seen;
use super::nginx_way::NginxWay;
use crate::root::Root;

/// Where the unit files of packages lie.
pub(crate) const PACKAGED_UNITS: &str = "/usr/lib/systemd/system";
/// The user, unless a record names another one.
pub(super) const USER: &str = "piku";
/// Where nginx is on most distributions; `su` leaves this folder out of PATH.
const NGINX: &str = "/usr/sbin/nginx";

/// A server, as it is to be.
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
    /// The group of the machine's nginx, through which it reaches sockets.
    pub nginx_group: String,
    /// Whether the unit files are a package's, and not ours to write.
    pub packaged: bool,
}

impl Server {
    /// A server with the usual names: user `piku`, home `/home/piku`.
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

    /// The server that a package ships: the program is `/usr/bin/piku`.
    #[must_use]
    pub fn of_package() -> Self {
        Self { packaged: true, ..Self::usual("/usr/bin/piku".into(), NginxWay::Own) }
    }

    /// The usual server, with what this machine has of it already: a home folder elsewhere, unit files of a package.
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

    /// The folder of all that piku keeps there.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(self.home.join(".piku"))
    }
}
