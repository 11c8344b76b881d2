//! The control groups of a server: one of its own in each hierarchy, and what it may use.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

/// What a server may use of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in bytes, the page cache included.
    pub memory: u64,
    /// Thousandths of a core.
    pub cpu: u64,
}

impl Limits {
    /// The smallest machine that one can rent: 256 MB and a quarter of a core.
    pub const SMALL: Self = Self { memory: 256 << 20, cpu: 250 };
}

/// What a limited server used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// The most bytes at one time since it was booted, the page cache included.
    pub peak: u64,
    /// How often it was at its limit, so that the kernel had to free something first.
    pub at_limit: u64,
    /// How many processes were killed for want of memory.
    pub killed: u64,
    /// Bytes that programs hold now, without the page cache.
    pub programs: u64,
}

/// A hierarchy of control groups, as it is mounted here.
#[derive(Debug)]
struct Hierarchy {
    /// The group below which servers get theirs.
    folder: Utf8PathBuf,
    /// `memory`, `cpu`, `name=systemd`; those of version 2 as its file names them.
    controllers: Vec<String>,
    unified: bool,
}

impl Hierarchy {
    /// Those that a server needs a group of its own in: systemd's own, and the two that limit.
    fn all() -> Vec<Self> {
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        mounts.lines().filter_map(|line| Self::mounted(line, &own)).collect()
    }

    fn mounted(line: &str, own: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let (folder, kind, options) = (Utf8Path::new(words.get(1)?), *words.get(2)?, *words.get(3)?);
        if kind == "cgroup2" {
            // At its top, since a group that holds processes can't limit those below it.
            let controllers = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
            let controllers = controllers.split_whitespace().map(ToOwned::to_owned).collect();
            return Some(Self { folder: folder.to_owned(), controllers, unified: true });
        }
        let wanted = ["memory", "cpu", "name=systemd"];
        let controllers: Vec<String> =
            options.split(',').filter(|it| wanted.contains(it)).map(ToOwned::to_owned).collect();
        (kind == "cgroup" && !controllers.is_empty()).then_some(())?;
        // Below our own, so that what holds us holds the server too.
        let path = own.lines().find_map(|line| {
            let (names, path) = line.split_once(':')?.1.split_once(':')?;
            names.split(',').any(|name| name == controllers[0]).then_some(path)
        });
        let inside = folder.join(path.unwrap_or("/").trim_start_matches('/'));
        let folder = if inside.is_dir() { inside } else { folder.to_owned() };
        Some(Self { folder, controllers, unified: false })
    }
}

/// The groups of one server. They are removed by [`remove`], when nothing runs in them.
#[derive(Debug)]
pub(crate) struct Groups {
    name: String,
    /// Those that every process of the server is in.
    own: Vec<Utf8PathBuf>,
    /// Those that limit it.
    limiting: Vec<Utf8PathBuf>,
}

impl Groups {
    /// Makes them.
    ///
    /// # Panics
    ///
    /// When limits are wanted that this machine can't give; the message names what is missing.
    pub(crate) fn make(name: &str, limits: Option<Limits>) -> Self {
        let mut groups = Self { name: name.to_owned(), own: Vec::new(), limiting: Vec::new() };
        let hierarchies = Hierarchy::all();
        let wanted = |one: &Hierarchy| {
            one.unified || limits.is_some() || one.controllers.iter().any(|it| it == "name=systemd")
        };
        for hierarchy in hierarchies.iter().filter(|one| wanted(one)) {
            let group = hierarchy.folder.join(name);
            if fs::create_dir(&group).is_ok() {
                groups.own.push(group);
            }
        }
        if let Some(limits) = limits {
            for controller in ["memory", "cpu"] {
                let gives = |one: &&Hierarchy| one.controllers.iter().any(|it| it == controller);
                let hierarchy = hierarchies.iter().find(gives);
                let hierarchy =
                    hierarchy.unwrap_or_else(|| panic!("no control group limits {controller} here"));
                groups.limit(hierarchy, controller, limits);
            }
        }
        groups
    }

    fn limit(&mut self, hierarchy: &Hierarchy, controller: &str, limits: Limits) {
        let group = hierarchy.folder.join(&self.name);
        let (memory, quota) = (limits.memory.to_string(), (limits.cpu * 100).to_string());
        if hierarchy.unified {
            // It may be given on already.
            drop(fs::write(hierarchy.folder.join("cgroup.subtree_control"), format!("+{controller}")));
        }
        let (file, value) = match (controller, hierarchy.unified) {
            ("memory", true) => ("memory.max", memory),
            ("memory", false) => ("memory.limit_in_bytes", memory),
            (_, true) => ("cpu.max", format!("{quota} 100000")),
            (_, false) => {
                drop(fs::write(group.join("cpu.cfs_period_us"), "100000"));
                ("cpu.cfs_quota_us", quota)
            }
        };
        let path = group.join(file);
        fs::write(&path, value).unwrap_or_else(|error| panic!("{path} can't be written: {error}"));
        // Swap would make the machine larger than it is said to be; not every kernel counts it.
        let swap = if hierarchy.unified {
            ("memory.swap.max", 0)
        } else {
            ("memory.memsw.limit_in_bytes", limits.memory)
        };
        drop(fs::write(group.join(swap.0), swap.1.to_string()));
        self.limiting.push(group);
    }

    /// A command that puts itself into every group and then becomes the words that are added to it.
    pub(crate) fn enter(&self) -> Command {
        into(&self.own)
    }

    /// As [`Self::enter`], into those alone that limit.
    pub(crate) fn enter_limits(&self) -> Command {
        into(&self.limiting)
    }

    /// What was used of the memory; `None` without a limit.
    pub(crate) fn memory(&self) -> Option<MemoryUse> {
        let group = self.limiting.first()?;
        let text = |file: &str| fs::read_to_string(group.join(file)).ok();
        let number = |text: String| text.trim().parse::<u64>().ok();
        let field = |text: Option<String>, name: &str| {
            text?.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        };
        let peak = text("memory.max_usage_in_bytes").or_else(|| text("memory.peak")).and_then(number)?;
        let at_limit = text("memory.failcnt").and_then(number);
        let at_limit = at_limit.or_else(|| field(text("memory.events"), "max "))?;
        let killed = field(text("memory.oom_control"), "oom_kill ");
        let killed = killed.or_else(|| field(text("memory.events"), "oom_kill "))?;
        // The second name is version 2's.
        let programs = field(text("memory.stat"), "total_rss ");
        let programs = programs.or_else(|| field(text("memory.stat"), "anon "))?;
        Some(MemoryUse { peak, at_limit, killed, programs })
    }

    /// How often it had used up its share of a processor and had to wait; `None` without a limit.
    pub(crate) fn throttled(&self) -> Option<u64> {
        let stat = self.limiting.iter().find_map(|group| fs::read_to_string(group.join("cpu.stat")).ok())?;
        stat.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.trim().parse().ok())
    }
}

fn into(groups: &[Utf8PathBuf]) -> Command {
    const ENTER: &str =
        r#"while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", ENTER, "sh"]).args(groups).arg("--");
    command
}

/// Whether nothing runs in the groups of the server with this name.
pub(crate) fn is_empty(name: &str) -> bool {
    Hierarchy::all().iter().map(|one| one.folder.join(name)).all(|group| is_tree_empty(&group))
}

fn is_tree_empty(group: &Utf8Path) -> bool {
    let processes = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    processes.is_empty() && groups_in(group).iter().all(|group| is_tree_empty(group))
}

fn groups_in(group: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = group.read_dir_utf8().into_iter().flatten().flatten();
    let groups = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    groups.map(|entry| entry.into_path()).collect()
}

/// Removes the groups of the server with this name, and those that its systemd made in them.
pub(crate) fn remove(name: &str) {
    for group in Hierarchy::all().iter().map(|one| one.folder.join(name)).filter(|group| group.is_dir()) {
        remove_tree(&group);
    }
}

fn remove_tree(group: &Utf8Path) {
    groups_in(group).iter().for_each(|group| remove_tree(group));
    // One that is not empty yet stays, and so does what is above it.
    drop(fs::remove_dir(group));
}
