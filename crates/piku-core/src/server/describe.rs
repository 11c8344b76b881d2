//! What a server is made of.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::machine::Seen;
use super::unit::UnitFile;
use crate::root::Root;

/// Where an administrator's unit files lie (systemd.unit(5)).
const UNITS: &str = "/etc/systemd/system";
/// Where the unit files of packages lie.
pub(crate) const PACKAGED_UNITS: &str = "/usr/lib/systemd/system";
/// The user, unless a record names another one.
pub(super) const USER: &str = "piku";
/// Where nginx is on most distributions; `su` leaves this folder out of PATH.
const NGINX: &str = "/usr/sbin/nginx";
/// The file by which the machine's nginx includes the sites.
pub(super) const INCLUDED_BY: &str = "/etc/nginx/conf.d/piku.conf";
/// The service of the machine's nginx.
pub(super) const MACHINES_NGINX: &str = "nginx.service";

/// Which nginx serves the sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NginxWay {
    /// One of piku's own, that runs as piku's user and serves nothing else.
    Own,
    /// The machine's, which includes piku's sites beside others.
    System,
}

impl fmt::Display for NginxWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::System => "system",
        })
    }
}

impl std::str::FromStr for NginxWay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "own" => Ok(Self::Own),
            "system" => Ok(Self::System),
            _ => Err("it is `own` or `system`".to_owned()),
        }
    }
}

/// A server, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One thing that a server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A user without a password, with a home folder and a shell: ssh starts the forced command by it.
    Account {
        /// Its name.
        user: String,
        /// Its home folder.
        home: Utf8PathBuf,
    },
    /// The user is a member of a group.
    Member {
        /// Who.
        user: String,
        /// Of which group.
        group: String,
    },
    /// Others may go through the home folder, and not look into it.
    OpenHome {
        /// The folder.
        path: Utf8PathBuf,
    },
    /// A file of root's that all may read.
    File {
        /// Where.
        path: Utf8PathBuf,
        /// Its text.
        text: String,
    },
    /// The folders below the root, made by the user.
    Root {
        /// The root folder.
        path: Utf8PathBuf,
        /// The user.
        user: String,
        /// The program that makes them.
        program: Utf8PathBuf,
        /// Which nginx they are for.
        nginx: NginxWay,
    },
    /// A service that runs now and after each boot.
    On {
        /// The unit.
        unit: &'static str,
    },
    /// A service that does not run.
    Off {
        /// The unit.
        unit: &'static str,
        /// Why not.
        why: &'static str,
    },
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
            home: seen.home.clone().unwrap_or(usual.home),
            nginx_program: seen.nginx.program.clone().unwrap_or(usual.nginx_program),
            nginx_group: seen.nginx.group.clone().unwrap_or(usual.nginx_group),
            packaged: seen.packaged && program == Self::of_package().program,
            ..usual
        }
    }

    /// The folder of all that piku keeps there.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(self.home.join(".piku"))
    }

    /// Everything that the server has, in the order in which it is made.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let (user, home) = (self.user.clone(), self.home.clone());
        let mut parts = vec![Part::Account { user: user.clone(), home: home.clone() }];
        if self.nginx == NginxWay::System {
            parts.push(Part::Member { user: user.clone(), group: self.nginx_group.clone() });
            parts.push(Part::OpenHome { path: home });
        }
        parts.extend(
            self.own_units()
                .map(|unit| Part::File { path: Utf8Path::new(UNITS).join(unit.name), text: unit.text }),
        );
        parts.push(Part::Root {
            path: self.root().path().to_owned(),
            user,
            program: self.program.clone(),
            nginx: self.nginx,
        });
        let nginx = match self.nginx {
            NginxWay::Own => [
                Part::Off { unit: MACHINES_NGINX, why: "it serves only its distribution's welcome page" },
                Part::On { unit: "piku-nginx.service" },
            ],
            NginxWay::System => [
                Part::File { path: INCLUDED_BY.into(), text: self.included_by() },
                Part::On { unit: "piku-nginx.path" },
            ],
        };
        parts.extend(nginx);
        parts.push(Part::On { unit: "piku.service" });
        parts
    }

    /// The unit files that are ours to write: those that this way to have nginx needs.
    fn own_units(&self) -> impl Iterator<Item = UnitFile> {
        let units = if self.packaged { Vec::new() } else { self.units() };
        let nginx = self.nginx;
        units.into_iter().filter(move |unit| unit.of.is_none_or(|of| of == nginx))
    }

    fn included_by(&self) -> String {
        format!("# Part of piku: the sites of its apps.\ninclude {}/*.conf;\n", self.root().nginx())
    }
}
