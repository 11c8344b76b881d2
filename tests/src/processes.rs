//! Running processes, from a `/proc`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Signal, pidfd_send_signal};

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// Its pid, in its own `/proc`.
    pub id: u32,
    /// The pid of its parent.
    pub parent: u32,
    /// Its arguments, joined by spaces.
    pub command: String,
    /// Its folder in the `/proc` in which it was found.
    folder: Utf8PathBuf,
}

impl Running {
    fn read(proc: &Utf8Path, id: u32) -> Option<Self> {
        let folder = proc.join(id.to_string());
        let command = fs::read(folder.join("cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // The name in parentheses may contain anything, so parse what follows it.
        let mut behind = stat.rsplit_once(") ")?.1.split(' ');
        (behind.next()? != "Z").then_some(())?;
        Some(Self { id, parent: behind.next()?.parse().ok()?, command, folder })
    }

    /// The path of its program, if readable.
    #[must_use]
    pub fn program(&self) -> Option<Utf8PathBuf> {
        Utf8PathBuf::from_path_buf(fs::read_link(self.folder.join("exe")).ok()?).ok()
    }

    /// The environment it was started with, unchanged.
    #[must_use]
    pub fn environment(&self) -> Vec<Vec<u8>> {
        let bytes = fs::read(self.folder.join("environ")).unwrap_or_default();
        bytes.split(|byte| *byte == 0).filter(|one| !one.is_empty()).map(<[u8]>::to_vec).collect()
    }

    /// The fields of a line in `status`, such as the four numbers of `Uid`.
    #[must_use]
    pub fn status(&self, key: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    /// The bytes of memory it holds, each page that it shares with others counted in equal parts (PSS, see
    /// proc_pid_smaps(5)); 0 if unreadable.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join("smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB"));
        line.and_then(|number| number.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes << 10)
    }

    /// The time that processors have spent on it; zero if unreadable.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(self.folder.join("stat")).unwrap_or_default();
        // The name in parentheses may contain anything, so parse what follows it: `utime` and `stime` are 14 and 15.
        let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        // The kernel counts hundredths of a second for programs, whatever its own clock (time(7), `USER_HZ`).
        Duration::from_millis(ticks * 10)
    }

    /// Its pid in the innermost namespace.
    pub(crate) fn id_inside(&self) -> u32 {
        self.status("NSpid").last().and_then(|id| id.parse().ok()).unwrap_or(self.id)
    }

    /// Kills it with SIGKILL.
    pub fn kill(&self) {
        self.send(Signal::KILL);
    }

    /// Sends it SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.send(Signal::INT);
    }

    /// Sends a signal. A folder of `/proc` identifies its process, whatever its pid elsewhere.
    pub(crate) fn send(&self, signal: Signal) {
        if let Ok(folder) = File::open(&self.folder) {
            let _ = pidfd_send_signal(&folder, signal);
        }
    }
}

/// A set of processes, by pid.
#[derive(Clone, Debug)]
pub struct Processes(Vec<Running>);

impl Processes {
    /// All processes of the machine.
    #[must_use]
    pub fn of_machine() -> Self {
        Self::below("/proc".into())
    }

    /// All processes of the PID namespace whose process 1 has the pid `init` here, except those with the given pids
    /// there.
    pub(crate) fn in_namespace(init: u32, without: &[u32]) -> Self {
        let mut all = Self::below(format!("/proc/{init}/root/proc").into());
        all.0.retain(|process| !without.contains(&process.id));
        all
    }

    /// The processes of the machine that use `folder`: in their arguments, their environment, or their paths.
    ///
    /// Without this process and its ancestors.
    #[must_use]
    pub(crate) fn of_folder(folder: &Utf8Path) -> Self {
        let all = Self::of_machine();
        let mut ours: BTreeSet<u32> =
            all.ancestors_of(std::process::id()).iter().map(|process| process.id).collect();
        ours.insert(std::process::id());
        let mut found = all.0;
        found.retain(|process| !ours.contains(&process.id) && belongs(process, folder));
        Self(found)
    }

    fn below(proc: Utf8PathBuf) -> Self {
        let entries = fs::read_dir(&proc).into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut found: Vec<Running> = ids.filter_map(|id| Running::read(&proc, id)).collect();
        found.sort();
        Self(found)
    }

    /// The process and all its descendants.
    #[must_use]
    pub fn tree_of(&self, id: u32) -> Vec<Running> {
        let mut ids = BTreeSet::from([id]);
        loop {
            let before = ids.len();
            let children = self.0.iter().filter(|process| ids.contains(&process.parent));
            let children: Vec<u32> = children.map(|process| process.id).collect();
            ids.extend(children);
            if ids.len() == before {
                return self.0.iter().filter(|process| ids.contains(&process.id)).cloned().collect();
            }
        }
    }

    /// The ancestors of `id`, beginning with its parent.
    #[must_use]
    pub fn ancestors_of(&self, id: u32) -> Vec<Running> {
        let find = |id: u32| self.0.iter().find(|process| process.id == id);
        std::iter::successors(find(id), |process| find(process.parent)).skip(1).cloned().collect()
    }

    /// A child of `id`.
    pub(crate) fn child_of(&self, id: u32) -> Option<Running> {
        self.0.iter().find(|process| process.parent == id).cloned()
    }
}

impl std::ops::Deref for Processes {
    type Target = [Running];

    fn deref(&self) -> &[Running] {
        &self.0
    }
}

impl IntoIterator for Processes {
    type Item = Running;
    type IntoIter = std::vec::IntoIter<Running>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn belongs(process: &Running, folder: &Utf8Path) -> bool {
    let name = folder.as_str();
    let named = |text: &str| text.match_indices(name).any(|(at, _)| !goes_on(&text[at + name.len()..]));
    named(&process.command)
        || process.environment().iter().any(|one| named(&String::from_utf8_lossy(one)))
        || fs::read_link(process.folder.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
}

/// Whether the name continues: `/tmp/pk-ab` is not `/tmp/pk-abc`.
fn goes_on(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphanumeric())
}
