//! What has to change for a machine to be the server that is described.

use std::collections::BTreeSet;
use std::fmt;

use camino::Utf8PathBuf;

use super::describe::Server;
use super::machine::Seen;
use super::nginx_way::NginxWay;
use super::parts::{INCLUDED_BY, MACHINES_NGINX, Part};
use super::record::Record;

/// One change to the machine. Each is safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Something that the server has is made.
    Make(Part),
    /// A file is removed.
    Remove(Utf8PathBuf),
    /// A service is stopped, and does not start with the machine any more.
    TurnOff {
        /// The unit.
        unit: String,
    },
    /// A service is started, and starts with the machine again.
    TurnOn {
        /// The unit.
        unit: String,
    },
    /// systemd reads unit files that have changed.
    ReadUnits,
    /// The machine's nginx reads its configuration.
    ReloadNginx,
    /// The apps are brought to what their live releases say: another nginx reaches them in another way.
    LookAfterApps {
        /// The user whose apps they are.
        user: String,
        /// The program that does it.
        program: Utf8PathBuf,
    },
    /// What was made is written down.
    Record(Record),
    /// That is forgotten.
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
    /// Gives what has to change, in order; nothing on a machine that is this server already.
    pub(crate) fn changes(&self, seen: &Seen) -> Vec<Change> {
        let mut changes = self.outgrown(seen);
        let mut restarts = false;
        let same_way = seen.record.as_ref().is_some_and(|before| before.nginx == self.nginx);
        // What was turned off once and is on again was turned on by somebody.
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
            // A process has the groups that its user had when it started.
            restarts |= needs_group && emperor.is_some_and(|service| service.runs);
            // One that is never ready goes by the unit that it was started with.
            restarts |= is_emperors && emperor.is_some_and(|service| service.is_starting);
            if is_unit {
                // Once, after the last of them.
                changes.retain(|change| *change != Change::ReadUnits);
                changes.push(Change::ReadUnits);
            }
        }
        // Last, since an emperor that starts looks after its folders, which must not change meanwhile.
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
        // Before anything else is made: a setup that stops half way can be taken back.
        let record = self.record(seen);
        if seen.record.as_ref() != Some(&record) {
            changes.insert(0, Change::Record(record));
        }
        changes
    }

    /// Takes back what an earlier description had and this one has not, such as the other way to have nginx.
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

    /// What is written down once the changes are made. What was off or there before is not ours to take back.
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

/// What takes a record back, in order. The user stays, and all in its home folder.
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

/// Whether the machine's nginx is one of the services that a description turns off.
pub(super) fn turns_off_nginx(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change, Change::Make(Part::Off { unit, .. }) if *unit == MACHINES_NGINX))
}
