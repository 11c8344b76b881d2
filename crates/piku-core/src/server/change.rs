//! The changes that turn a machine into the described server.

use std::collections::BTreeSet;
use std::fmt;

use camino::Utf8PathBuf;

use super::describe::Server;
use super::machine::Seen;
use super::nginx_way::NginxWay;
use super::parts::{INCLUDED_BY, MACHINES_NGINX, Part};
use super::record::Record;

/// A change to the machine. Making it twice is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Make a part of the server.
    Make(Part),
    /// Remove a file.
    Remove(Utf8PathBuf),
    /// Stop a service and disable it.
    TurnOff {
        /// The unit.
        unit: String,
    },
    /// Enable a service and start it.
    TurnOn {
        /// The unit.
        unit: String,
    },
    /// Reload systemd's unit files.
    ReadUnits,
    /// Reload the system's nginx.
    ReloadNginx,
    /// Repair the apps after a change of nginx, which reaches them in another way.
    LookAfterApps {
        /// The user that owns the apps.
        user: String,
        /// The `piku` program.
        program: Utf8PathBuf,
    },
    /// Write the record of what was made.
    Record(Record),
    /// Remove the record.
    Forget,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make(Part::Account { user, home }) => write!(f, "create user `{user}` with home `{home}`"),
            Self::Make(Part::Member { user, group }) => write!(f, "add `{user}` to group `{group}`"),
            Self::Make(Part::OpenHome { path }) => write!(f, "let nginx through `{path}` (mode 711)"),
            Self::Make(Part::File { path, text }) => write!(f, "write `{path}`:\n{}", indented(text)),
            Self::Make(Part::Root { path, user, .. }) => write!(f, "as `{user}`, prepare `{path}`"),
            Self::Make(Part::On { unit }) => write!(f, "enable and start `{unit}`"),
            Self::Make(Part::Off { unit, why }) => write!(f, "stop and disable `{unit}`: {why}"),
            Self::Remove(path) => write!(f, "remove `{path}`"),
            Self::TurnOff { unit } => write!(f, "stop and disable `{unit}`"),
            Self::TurnOn { unit } => write!(f, "enable and start `{unit}`"),
            Self::ReadUnits => write!(f, "have systemd read its units"),
            Self::ReloadNginx => write!(f, "have nginx read its configuration"),
            Self::LookAfterApps { user, .. } => write!(f, "as `{user}`, have nginx reach the apps"),
            Self::Record(_) => write!(f, "record the changes in `{}`", super::record::RECORD),
            Self::Forget => write!(f, "remove `{}`", super::record::RECORD),
        }
    }
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") });
    lines.collect::<Vec<_>>().join("\n")
}

impl Server {
    /// The changes to make, in order; empty if the machine already matches.
    pub(crate) fn changes(&self, seen: &Seen) -> Vec<Change> {
        let mut changes = self.outgrown(seen);
        let mut restarts = false;
        let same_way = seen.record.as_ref().is_some_and(|before| before.nginx == self.nginx);
        // If a service that piku turned off is on again, somebody turned it on: leave it.
        let settled = |part: &Part| same_way && matches!(part, Part::Off { .. });
        for part in self.parts().into_iter().filter(|part| !settled(part) && !is_there(part, seen)) {
            let is_unit = matches!(&part, Part::File { path, .. } if path.as_str().contains("/systemd/"));
            let reloads = matches!(&part, Part::File { path, .. } if path == INCLUDED_BY);
            let needs_group = matches!(part, Part::Member { .. });
            let is_emperors =
                matches!(&part, Part::File { path, .. } if path.file_name() == Some("piku.service"));
            changes.push(Change::Make(part));
            if reloads {
                changes.push(Change::ReloadNginx);
            }
            let emperor = seen.services.get("piku.service");
            // A running process keeps the groups it started with.
            restarts |= needs_group && emperor.is_some_and(|service| service.runs);
            // A service that never becomes ready still uses the unit file it was started with.
            restarts |= is_emperors && emperor.is_some_and(|service| service.is_starting);
            if is_unit {
                // Reload only once, after the last unit file.
                changes.retain(|change| *change != Change::ReadUnits);
                changes.push(Change::ReadUnits);
            }
        }
        // Restart last: the emperor prepares its folders when it starts, and they must not change meanwhile.
        if restarts {
            changes.push(Change::TurnOff { unit: "piku.service".to_owned() });
            changes.push(Change::TurnOn { unit: "piku.service".to_owned() });
        }
        if seen.record.as_ref().is_some_and(|before| before.nginx != self.nginx) {
            let (user, program) = (self.user.clone(), self.program.clone());
            changes.push(Change::LookAfterApps { user, program });
        }
        if seen.units_are_stale && !changes.contains(&Change::ReadUnits) {
            changes.insert(0, Change::ReadUnits);
        }
        // Write the record first, so that an interrupted setup can be undone.
        let record = self.record(seen);
        if seen.record.as_ref() != Some(&record) {
            changes.insert(0, Change::Record(record));
        }
        changes
    }

    /// Removes what the record lists but this description does not, for example after a switch to the other nginx.
    fn outgrown(&self, seen: &Seen) -> Vec<Change> {
        let Some(before) = &seen.record else { return Vec::new() };
        let now = self.record(seen);
        let off = before.on.iter().filter(|unit| !now.on.contains(unit));
        let mut changes: Vec<Change> = off.map(|unit| Change::TurnOff { unit: unit.clone() }).collect();
        let files = before.files.iter().filter(|path| !now.files.contains(path));
        let files: Vec<Change> = files.map(|path| Change::Remove(path.clone())).collect();
        if !files.is_empty() {
            changes.extend(files);
            changes.push(Change::ReadUnits);
        }
        if before.files.iter().any(|path| path == INCLUDED_BY) && self.nginx == NginxWay::Own {
            changes.push(Change::ReloadNginx);
        }
        let on = before.off.iter().filter(|unit| !now.off.contains(unit));
        changes.extend(on.map(|unit| Change::TurnOn { unit: unit.clone() }));
        changes
    }

    /// The record to write. It leaves out services that were off before, since `--undo` must not turn those on.
    fn record(&self, seen: &Seen) -> Record {
        let same = seen.record.as_ref();
        let mut record = Record {
            schema: Record::SCHEMA,
            user: self.user.clone(),
            home: self.home.clone(),
            nginx: self.nginx,
            files: Vec::new(),
            on: Vec::new(),
            off: Vec::new(),
        };
        for part in self.parts() {
            match part {
                Part::File { path, .. } => record.files.push(path),
                Part::On { unit } => record.on.push(unit.to_owned()),
                Part::Off { unit, .. } => {
                    let was_on =
                        seen.services.get(unit).is_some_and(|service| service.enabled || service.runs);
                    let by_us = same.is_some_and(|record| record.off.iter().any(|off| off == unit));
                    if was_on || by_us {
                        record.off.push(unit.to_owned());
                    }
                }
                _ => {}
            }
        }
        record
    }
}

fn is_there(part: &Part, seen: &Seen) -> bool {
    match part {
        Part::Account { .. } => seen.home.is_some(),
        Part::Member { group, .. } => seen.groups.contains(group),
        Part::OpenHome { .. } => seen.home_mode.is_some_and(|mode| mode & 0o011 == 0o011),
        Part::File { path, text } => seen.files.get(path) == Some(text),
        Part::Root { .. } => seen.root_is_complete,
        Part::On { unit } => seen
            .services
            .get(unit)
            .is_some_and(|service| service.enabled && (service.runs || !seen.systemd_runs)),
        Part::Off { unit, .. } => {
            seen.services.get(unit).is_none_or(|service| !service.exists || !service.enabled && !service.runs)
        }
    }
}

/// The changes that undo `record`, in order. They keep the user and the home folder.
pub(super) fn taken_back(record: &Record) -> Vec<Change> {
    let mut changes: Vec<Change> =
        record.on.iter().rev().map(|unit| Change::TurnOff { unit: unit.clone() }).collect();
    changes.extend(record.files.iter().map(|path| Change::Remove(path.clone())));
    changes.push(Change::ReadUnits);
    let files: BTreeSet<&str> = record.files.iter().map(|path| path.as_str()).collect();
    if files.contains(INCLUDED_BY) {
        changes.push(Change::ReloadNginx);
    }
    changes.extend(record.off.iter().map(|unit| Change::TurnOn { unit: unit.clone() }));
    changes.push(Change::Forget);
    changes
}

/// Whether the changes turn off the system's nginx.
pub(super) fn turns_off_nginx(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change, Change::Make(Part::Off { unit, .. }) if *unit == MACHINES_NGINX))
}
