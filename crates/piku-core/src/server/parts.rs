//! What a server is made of, part by part.

use camino::{Utf8Path, Utf8PathBuf};

use super::describe::Server;
use super::nginx_way::NginxWay;
use super::unit::UnitFile;

/// Where an administrator's unit files lie (systemd.unit(5)).
const UNITS: &str = "/etc/systemd/system";
/// The file by which the machine's nginx includes the sites.
pub(super) const INCLUDED_BY: &str = "/etc/nginx/conf.d/piku.conf";
/// The service of the machine's nginx.
pub(super) const MACHINES_NGINX: &str = "nginx.service";

/// One thing that a server has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Part {
    /// The words that prepare the root, where that is the part.
    pub(crate) fn preparing(&self) -> Option<Vec<String>> {
        let Self::Root { program, nginx, .. } = self else { return None };
        Some([program.as_str(), "setup", "--nginx", &nginx.to_string()].map(str::to_owned).into())
    }
}
