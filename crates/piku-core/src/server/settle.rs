//! `setup --system`: makes a machine the server that is described, or takes that back.

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

/// Why a machine was not set up. Nothing was changed, unless it is a [`ServerError::Change`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// It takes root's rights.
    #[error("setting up a server changes the machine, and `{user}` may not")]
    NotRoot {
        /// Who asked.
        user: String,
    },
    /// Programs that nothing works without.
    #[error("{} not installed", missing(.programs))]
    Missing {
        /// Each with the package that brings it.
        programs: Vec<(&'static str, &'static str)>,
    },
    /// The machine's nginx serves something, so another one can't have its ports.
    #[error("the machine's nginx serves something besides its welcome page: `{file}`")]
    NginxInUse {
        /// The file that says so.
        file: Utf8PathBuf,
    },
    /// There is nothing to take back.
    #[error("`setup --system` has made nothing on this machine")]
    NoServer,
    /// A change failed. Those before it are made; a second call goes on from there.
    #[error("could not {change}")]
    Change {
        /// What was attempted.
        change: Box<Change>,
        /// What the machine said.
        source: HostError,
    },
    /// The machine could not be looked at.
    #[error(transparent)]
    Host(#[from] HostError),
}

fn missing(programs: &[(&str, &str)]) -> String {
    let names: Vec<String> = programs.iter().map(|(program, _)| format!("`{program}`")).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

impl ServerError {
    /// Names the mistake; stable across releases.
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
            Self::NotRoot { .. } => Some("run it with `sudo`, or see what it would do with `--dry-run`".to_owned()),
            Self::Missing { programs } => {
                let packages: Vec<&str> = programs.iter().map(|(_, package)| *package).collect();
                Some(format!("`apt-get install {}`, or what your distribution calls them", packages.join(" ")))
            }
            Self::NginxInUse { .. } => Some(
                "use it for the apps too: `piku setup --system --nginx=system`; or turn it off first: `systemctl \
                 disable --now nginx`"
                    .to_owned(),
            ),
            Self::NoServer => None,
            Self::Change { .. } => Some("mend that, and run `piku setup --system` again: it goes on from there".to_owned()),
            Self::Host(_) => None,
        }
    }
}

/// What came of `setup --system`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// The server that the machine is now, or would be.
    pub server: Server,
    /// What was changed, or would be; nothing on a machine that is this server already.
    pub changes: Vec<Change>,
    /// Whether they were made.
    pub made: bool,
    /// Whether services were started; in the image of a machine that does not run they are only enabled.
    pub started: bool,
    /// Whether the machine's nginx was turned off to make room.
    pub turned_off_nginx: bool,
    /// Services that were started and do not run: something keeps them from it, such as a program that has their port.
    pub down: Vec<&'static str>,
}

impl Server {
    /// Makes this machine a server of piku's: user, folders, units, nginx. A second call changes nothing.
    ///
    /// Without `wanted` the way to have nginx is the one that was chosen before, else piku's own, unless the machine's
    /// nginx serves something already. With `dry_run` nothing is changed, and no rights are needed.
    ///
    /// # Errors
    /// [`ServerError`]; before anything is changed where something is missing.
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
            let help = format!("`journalctl -u {unit}` says why; once that is mended it starts by itself");
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

    /// What is not as `setup --system` has made it; nothing on a machine where it has not been, or for another root.
    pub(crate) fn differences(root: &Root, surroundings: &Surroundings) -> Vec<Change> {
        let Some(record) = host::server_record::read().filter(|record| record.root() == *root) else {
            return Vec::new();
        };
        let usual = Self::usual(&surroundings.program, record.nginx);
        let first = machine::look(surroundings, &usual);
        let described = Self::on_machine(&surroundings.program, record.nginx, &first);
        described.changes(&machine::look(surroundings, &described))
    }

    /// Whether this machine is a server of piku's, and which; `None` when `setup --system` has not been here.
    #[must_use]
    pub fn here() -> Option<Record> {
        host::server_record::read()
    }
}

/// Takes back what `setup --system` has made. The user, the home folder, and all that is in it stay.
///
/// # Errors
/// [`ServerError`], as [`Server::settle`].
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
        // Once it is set up that way, what the administrator did since is for `doctor` to tell.
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
