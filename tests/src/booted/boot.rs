//! The container in which a server's own systemd runs, from power on to power off.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use super::groups::{self, Groups, Limits};
use super::overlay::Overlay;
use crate::eventually_within;
use crate::machine;
use crate::processes::{Processes, Running};

/// A boot takes about a second on an idle machine, and much longer with a quarter of a core.
const BOOT: Duration = Duration::from_secs(120);

/// How long systemd may take to stop everything: its own limit for a unit is 90 seconds.
const SHUTDOWN: Duration = Duration::from_secs(120);

/// A machine that is on. Dropping it pulls the plug.
#[derive(Debug)]
pub(crate) struct Machine {
    name: String,
    root: Utf8PathBuf,
    nspawn: Child,
    init: Option<Running>,
    groups: Groups,
    booted_in: Duration,
}

impl Machine {
    /// Boots the overlay, and waits until systemd has started everything.
    pub(crate) fn boot(overlay: &Overlay, limits: Option<Limits>) -> Self {
        let begin = Instant::now();
        let console = overlay.beside("console.log");
        let file = File::options().create(true).append(true).open(&console).expect("a log can be made");
        let both = file.try_clone().expect("an open file can be opened twice");
        let name = overlay.name();
        let groups = Groups::make(&name, limits);
        let mut command = groups.enter();
        command.arg("setsid").arg(machine::require("systemd-nspawn"));
        command.args(["--register=no", "--keep-unit", "--quiet", "--boot", "--private-network"]);
        command.args([&format!("--machine={name}"), "--directory", overlay.root().as_str()]);
        command.env_clear().env("PATH", machine::SEARCH_PATH);
        command.stdin(Stdio::null()).stdout(file).stderr(both);
        let nspawn = command.spawn().expect("systemd-nspawn starts");
        let mut machine =
            Self { name, root: overlay.root(), nspawn, init: None, groups, booted_in: Duration::ZERO };
        eventually_within(BOOT, "the server has booted", || {
            let ended = machine.nspawn.try_wait().ok().flatten();
            assert!(ended.is_none(), "the server did not boot: {ended:?}, {}", super::tail(&console));
            machine.init = machine.find_init();
            machine.init.as_ref()?;
            let state = machine.command(&["systemctl", "is-system-running"]).output().ok()?;
            let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
            ["running", "degraded"].contains(&state.as_str()).then_some(())
        });
        machine.booted_in = begin.elapsed();
        machine
    }

    /// How long the boot took.
    pub(crate) fn booted_in(&self) -> Duration {
        self.booted_in
    }

    /// Process 1 of the server: the child of nspawn that has become systemd.
    fn find_init(&self) -> Option<Running> {
        let is_init = |process: &Running| {
            process.parent == self.nspawn.id()
                && process.program().is_some_and(|program| program.ends_with("lib/systemd/systemd"))
        };
        Processes::of_machine().into_iter().find(is_init)
    }

    /// The pid of its process 1 on this machine.
    ///
    /// # Panics
    ///
    /// When it is off.
    pub(crate) fn init_id(&self) -> u32 {
        self.init.as_ref().expect("the server is on").id
    }

    /// A command in the server, as root.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.enter(Command::new("nsenter"), words)
    }

    /// Like [`Self::command`], with its resources counted as the server's.
    pub(crate) fn command_within_limits(&self, words: &[&str]) -> Command {
        let mut command = self.groups.enter_limits();
        command.arg("nsenter");
        self.enter(command, words)
    }

    fn enter(&self, mut command: Command, words: &[&str]) -> Command {
        command.args(["--target", &self.init_id().to_string(), "--all"]).args(words);
        // Ctrl-C in a shell must only reach the test, which then stops the server.
        command.process_group(0);
        command.env_clear().env("PATH", machine::SEARCH_PATH);
        command
    }

    pub(crate) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Makes systemd stop everything, and waits for the end.
    pub(crate) fn power_off(&mut self) {
        // The command itself may or may not see the end.
        drop(self.command(&["systemctl", "poweroff"]).output());
        eventually_within(SHUTDOWN, "the server has powered off", || self.nspawn.try_wait().ok().flatten());
        self.pull_plug();
    }

    /// Kills everything at once.
    pub(crate) fn pull_plug(&mut self) {
        drop(self.nspawn.kill());
        self.find_init().or_else(|| self.init.take()).iter().for_each(Running::kill);
        drop(self.nspawn.wait());
        // All processes of the server are in a PID namespace, which ends with its process 1.
        eventually_within(SHUTDOWN, "every process of the server has ended", || {
            groups::is_empty(&self.name).then_some(())
        });
        groups::remove(&self.name);
        forget(&self.name, &self.root);
    }
}

/// Removes what nspawn keeps for a running machine and leaves behind when it is killed.
pub(crate) fn forget(name: &str, root: &Utf8Path) {
    let kept = Utf8Path::new("/run/systemd/nspawn");
    for folder in ["propagate", "unix-export"] {
        drop(fs::remove_dir(kept.join(folder).join(name)));
    }
    if let Ok(root) = fs::metadata(root) {
        drop(fs::remove_file(kept.join(format!("locks/inode-{}:{}", root.dev(), root.ino()))));
    }
    if let Some((folder, file)) = root.parent().zip(root.file_name()) {
        drop(fs::remove_file(folder.join(format!(".#{file}.lck"))));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.init.is_some() || self.nspawn.try_wait().ok().flatten().is_none() {
            self.pull_plug();
        }
    }
}
