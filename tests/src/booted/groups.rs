//! The control groups of a server, one in each hierarchy, and its limits.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

/// The resources that a server may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in bytes, the page cache included.
    pub memory: u64,
    /// Thousandths of a core.
    pub cpu: u64,
}

impl Limits {
    /// The smallest machine for rent: 256 MB and a quarter of a core.
    pub const SMALL: Self = Self { memory: 256 << 20, cpu: 250 };
}

/// The memory that a limited server used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// The peak since boot in bytes, including the page cache.
    pub peak: u64,
    /// How often it reached its limit, so that the kernel had to free memory first.
    pub at_limit: u64,
    /// How many processes were killed for lack of memory.
    pub killed: u64,
    /// Bytes that programs use now, without the page cache.
    pub programs: u64,
}

/// A mounted hierarchy of control groups.
#[derive(Debug)]
struct Hierarchy {
    /// The group below which servers get theirs.
    folder: Utf8PathBuf,
    /// `memory`, `cpu`, `name=systemd`; for version 2, the contents of `cgroup.controllers`.
    controllers: Vec<String>,
    unified: bool,
}

impl Hierarchy {
    /// The hierarchies in which a server needs its own group: systemd's, and the two for limits.
    fn all() -> Vec<Self> {
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        mounts.lines().filter_map(|line| Self::mounted(line, &own)).collect()
    }

    fn mounted(line: &str, own: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let (folder, kind, options) = (Utf8Path::new(words.get(1)?), *words.get(2)?, *words.get(3)?);
        if kind == "cgroup2" {
            // At the top, because a group with processes can't limit its children.
            let controllers = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
            let controllers = controllers.split_whitespace().map(ToOwned::to_owned).collect();
            return Some(Self { folder: folder.to_owned(), controllers, unified: true });
        }
        let wanted = ["memory", "cpu", "name=systemd"];
        let controllers: Vec<String> =
            options.split(',').filter(|it| wanted.contains(it)).map(ToOwned::to_owned).collect();
        (kind == "cgroup" && !controllers.is_empty()).then_some(())?;
        // Below our own, so that our limits apply to the server too.
        let path = own.lines().find_map(|line| {
            let (names, path) = line.split_once(':')?.1.split_once(':')?;
            names.split(',').any(|name| name == controllers[0]).then_some(path)
        });
        let inside = folder.join(path.unwrap_or("/").trim_start_matches('/'));
        let folder = if inside.is_dir() { inside } else { folder.to_owned() };
        Some(Self { folder, controllers, unified: false })
    }
}

/// The groups of one server. [`remove`] removes them when nothing runs in them.
#[derive(Debug)]
pub(crate) struct Groups {
    name: String,
    /// Groups of every process of the server.
    own: Vec<Utf8PathBuf>,
    /// Groups that limit it.
    limiting: Vec<Utf8PathBuf>,
}

impl Groups {
    /// Makes the groups.
    ///
    /// # Panics
    ///
    /// When this machine can't apply the limits; the message says what is missing.
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
            // It may be enabled already.
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
        // Swap would make the machine larger than the limit; not every kernel counts it.
        let swap = if hierarchy.unified {
            ("memory.swap.max", 0)
        } else {
            ("memory.memsw.limit_in_bytes", limits.memory)
        };
        drop(fs::write(group.join(swap.0), swap.1.to_string()));
        self.limiting.push(group);
    }

    /// A command that enters every group and then executes the arguments added to it.
    pub(crate) fn enter(&self) -> Command {
        into(&self.own)
    }

    /// Like [`Self::enter`], for the limiting groups only.
    pub(crate) fn enter_limits(&self) -> Command {
        into(&self.limiting)
    }

    /// The memory used; `None` without limits.
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
        // The second name is that of version 2.
        let programs = field(text("memory.stat"), "total_rss ");
        let programs = programs.or_else(|| field(text("memory.stat"), "anon "))?;
        Some(MemoryUse { peak, at_limit, killed, programs })
    }

    /// How often it had to wait for its share of a processor; `None` without limits.
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

/// Whether nothing runs in the groups of this server.
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

/// Removes the groups of this server, and those that its systemd made in them.
pub(crate) fn remove(name: &str) {
    for group in Hierarchy::all().iter().map(|one| one.folder.join(name)).filter(|group| group.is_dir()) {
        remove_tree(&group);
    }
}

fn remove_tree(group: &Utf8Path) {
    groups_in(group).iter().for_each(|group| remove_tree(group));
    // A group that is not empty yet stays, and so do its parents.
    drop(fs::remove_dir(group));
}
