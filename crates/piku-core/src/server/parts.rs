//! The parts of a server.

use camino::{Utf8Path, Utf8PathBuf};

use super::describe::Server;
use super::nginx_way::NginxWay;
use super::unit::UnitFile;

/// The folder of the administrator's unit files (systemd.unit(5)).
const UNITS: &str = "/etc/systemd/system";
/// The file through which the system's nginx includes the sites.
pub(super) const INCLUDED_BY: &str = "/etc/nginx/conf.d/piku.conf";
/// The service of the system's nginx.
pub(super) const MACHINES_NGINX: &str = "nginx.service";

/// A part of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A user without a password, with a home folder and with a shell, which ssh uses to run the forced command.
    Account {
        /// Its name.
        user: String,
        /// Its home folder.
        home: Utf8PathBuf,
    },
    /// The user is a member of a group.
    Member {
        /// The user.
        user: String,
        /// The group.
        group: String,
    },
    /// The home folder is open for others to pass through, but not to list.
    OpenHome {
        /// The folder.
        path: Utf8PathBuf,
    },
    /// A file owned by root that everybody may read.
    File {
        /// Its path.
        path: Utf8PathBuf,
        /// Its text.
        text: String,
    },
    /// The root folder and everything prepared in it, owned by the user.
    Root {
        /// The root folder.
        path: Utf8PathBuf,
        /// The user.
        user: String,
        /// The `piku` program that prepares it.
        program: Utf8PathBuf,
        /// Which nginx it is prepared for.
        nginx: NginxWay,
    },
    /// A service that is enabled and running.
    On {
        /// The unit.
        unit: &'static str,
    },
    /// A service that is disabled and stopped.
    Off {
        /// The unit.
        unit: &'static str,
        /// Why.
        why: &'static str,
    },
}

impl Server {
    /// Every part of the server, in the order to make them.
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

    /// The unit files that piku writes: those that the chosen nginx needs, or none if a package owns them.
    fn own_units(&self) -> impl Iterator<Item = UnitFile> {
        let units = if self.packaged { Vec::new() } else { self.units() };
        let nginx = self.nginx;
        units.into_iter().filter(move |unit| unit.of.is_none_or(|of| of == nginx))
    }

    fn included_by(&self) -> String {
        format!("# Part of piku: the sites of its apps.\ninclude {}/*.conf;\n", self.root().nginx())
    }
}

impl Part {
    /// The command that prepares the root, if the part is [`Part::Root`].
    pub(crate) fn preparing(&self) -> Option<Vec<String>> {
        let Self::Root { program, nginx, .. } = self else { return None };
        Some([program.as_str(), "setup", "--nginx", &nginx.to_string()].map(str::to_owned).into())
    }
}
