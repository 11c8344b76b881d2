//! `setup --system`: turns a machine into the described server, or undoes that.

use camino::Utf8PathBuf;

use super::change::{Change, taken_back, turns_off_nginx};
use super::describe::Server;
use super::machine::Seen;
use super::nginx_way::NginxWay;
use super::parts::MACHINES_NGINX;
use super::record::Record;
use crate::event::{Report, capitalized, stage, warn};
use crate::host::{self, HostError, Surroundings, server as machine};
use crate::root::Root;

/// Why a server could not be set up. Nothing was changed, except for [`ServerError::Change`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// It needs root.
    #[error("setting up a server needs root, and you are `{user}`")]
    NotRoot {
        /// The current user.
        user: String,
    },
    /// Required programs are missing.
    #[error("{} not installed", missing(.programs))]
    Missing {
        /// Each with its Debian package.
        programs: Vec<(&'static str, &'static str)>,
    },
    /// The system's nginx serves other sites, so piku's own can't use its ports.
    #[error("the system's nginx serves something besides its welcome page: `{file}`")]
    NginxInUse {
        /// The configuration file of such a site.
        file: Utf8PathBuf,
    },
    /// There is nothing to undo.
    #[error("this machine is not a piku server: there is nothing to undo")]
    NoServer,
    /// A change failed. Earlier ones were made; a second call continues from there.
    #[error("could not {change}")]
    Change {
        /// The change that failed.
        change: Box<Change>,
        /// Why it failed.
        source: HostError,
    },
    /// The state of the machine could not be read.
    #[error(transparent)]
    Host(#[from] HostError),
}

fn missing(programs: &[(&str, &str)]) -> String {
    let names: Vec<String> = programs.iter().map(|(program, _)| format!("`{program}`")).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

impl ServerError {
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotRoot { .. } => "server::not-root",
            Self::Missing { .. } => "server::missing",
            Self::NginxInUse { .. } => "server::nginx-in-use",
            Self::NoServer => "server::none",
            Self::Change { .. } => "server::change",
            Self::Host(error) => error.code(),
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotRoot { .. } => Some("run it with `sudo`, or use `--dry-run` to see what it would do".to_owned()),
            Self::Missing { programs } => {
                let packages: Vec<&str> = programs.iter().map(|(_, package)| *package).collect();
                Some(format!("`apt-get install {}`, or the equivalent on your distribution", packages.join(" ")))
            }
            Self::NginxInUse { .. } => Some(
                "use it for the apps too: `piku setup --system --nginx=system`; or turn it off first: `systemctl \
                 disable --now nginx`"
                    .to_owned(),
            ),
            Self::NoServer => None,
            Self::Change { .. } => Some("fix this, then run `piku setup --system` again: it continues from there".to_owned()),
            Self::Host(_) => None,
        }
    }
}

/// The result of `setup --system`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// The server that was set up, or would be.
    pub server: Server,
    /// The changes that were made, or would be; empty if the machine already matched.
    pub changes: Vec<Change>,
    /// Whether the changes were made.
    pub made: bool,
    /// Whether services were started. While an image is built, they are only enabled.
    pub started: bool,
    /// Whether the system's nginx was turned off to free its ports.
    pub turned_off_nginx: bool,
    /// Services that were started but are not running, for example because another program uses their port.
    pub down: Vec<&'static str>,
}

impl Server {
    /// Sets up this machine as a piku server: user, folders, units, nginx. A second call changes nothing.
    ///
    /// `wanted` chooses the nginx. The default is the one chosen before; on a new machine it is piku's own, or the
    /// system's if that already serves something. `dry_run` changes nothing and does not need root.
    ///
    /// # Errors
    /// [`ServerError`]. If something required is missing, nothing has been changed.
    pub fn settle(
        surroundings: &Surroundings,
        wanted: Option<NginxWay>,
        dry_run: bool,
        report: &mut Report<'_>,
    ) -> Result<Settled, ServerError> {
        let program = &surroundings.program;
        let first = machine::look(surroundings, &Self::usual(program, NginxWay::Own));
        let way = wanted.unwrap_or_else(|| usual_way(&first));
        let described = Self::on_machine(program, way, &first);
        let seen = machine::look(surroundings, &described);
        refuse(surroundings, &seen, way, dry_run)?;
        let changes = described.changes(&seen);
        let turned_off_nginx = turns_off_nginx(&changes);
        if !dry_run {
            carry_out(&changes, &seen, report)?;
        }
        let starts = !dry_run && seen.systemd_runs;
        let down = if starts { machine::down(way) } else { Vec::new() };
        for unit in &down {
            let help = format!("`journalctl -u {unit}` says why; once that is fixed, it starts by itself");
            warn(report, format!("`{unit}` is not running"), Some(&help));
        }
        Ok(Settled {
            server: described,
            changes,
            made: !dry_run,
            started: seen.systemd_runs,
            turned_off_nginx,
            down,
        })
    }

    /// How the machine differs from what `setup --system` made; empty if it is not a piku server with this root.
    pub(crate) fn differences(root: &Root, surroundings: &Surroundings) -> Vec<Change> {
        let Some(record) = host::server_record::read().filter(|record| record.root() == *root) else {
            return Vec::new();
        };
        let usual = Self::usual(&surroundings.program, record.nginx);
        let first = machine::look(surroundings, &usual);
        let described = Self::on_machine(&surroundings.program, record.nginx, &first);
        described.changes(&machine::look(surroundings, &described))
    }

    /// The record of this machine's server; `None` if it is not a piku server.
    #[must_use]
    pub fn here() -> Option<Record> {
        host::server_record::read()
    }
}

/// Undoes `setup --system`. Keeps the user and the home folder with everything in it.
///
/// # Errors
/// [`ServerError`], as for [`Server::settle`].
pub fn undo(
    surroundings: &Surroundings,
    dry_run: bool,
    report: &mut Report<'_>,
) -> Result<(Record, Vec<Change>), ServerError> {
    let record = host::server_record::read().ok_or(ServerError::NoServer)?;
    if !dry_run {
        require_root(surroundings)?;
    }
    let seen = machine::look(surroundings, &Server::usual(&surroundings.program, record.nginx));
    let changes = taken_back(&record);
    if !dry_run {
        carry_out(&changes, &seen, report)?;
    }
    Ok((record, changes))
}

fn usual_way(seen: &Seen) -> NginxWay {
    match (&seen.record, &seen.nginx.serves) {
        (Some(record), _) => record.nginx,
        (None, Some(_)) => NginxWay::System,
        (None, None) => NginxWay::Own,
    }
}

fn require_root(surroundings: &Surroundings) -> Result<(), ServerError> {
    if host::account::is_root() {
        Ok(())
    } else {
        Err(ServerError::NotRoot { user: surroundings.user.clone() })
    }
}

fn refuse(surroundings: &Surroundings, seen: &Seen, way: NginxWay, dry_run: bool) -> Result<(), ServerError> {
    if !dry_run {
        require_root(surroundings)?;
    }
    if !seen.missing.is_empty() {
        return Err(ServerError::Missing { programs: seen.missing.clone() });
    }
    let nginx_is_on =
        seen.services.get(MACHINES_NGINX).is_some_and(|service| service.enabled || service.runs);
    match &seen.nginx.serves {
        // The server was set up this way before. `doctor` reports what the administrator changed since.
        _ if seen.record.as_ref().is_some_and(|record| record.nginx == way) => Ok(()),
        Some(file) if way == NginxWay::Own && nginx_is_on => {
            Err(ServerError::NginxInUse { file: file.clone() })
        }
        _ => Ok(()),
    }
}

fn carry_out(changes: &[Change], seen: &Seen, report: &mut Report<'_>) -> Result<(), ServerError> {
    for change in changes {
        let said = change.to_string();
        let first = said.lines().next().unwrap_or_default().trim_end_matches(':');
        stage(report, capitalized(first));
        machine::carry_out(change, seen.systemd_runs, report)
            .map_err(|source| ServerError::Change { change: Box::new(change.clone()), source })?;
    }
    Ok(())
}
