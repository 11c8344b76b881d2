//! The namespaces that a server's processes live in.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

use crate::account::Account;
use crate::child::Process;
use crate::machine;
use crate::processes::Processes;

/// What process 1 does: it reaps orphans, and ends when the tester ends for any reason, because its standard input is
/// closed then. The kernel then ends all others.
const INIT: &str = "exec 3<&0 </dev/null; cat <&3 >/dev/null & echo $!; exec >/dev/null; wait $!";

/// A mount namespace and a PID namespace of one server, in which its user exists.
///
/// Commands enter by `nsenter`. No test sees the processes of another or of the machine, and dropping this ends every
/// process in it. `/etc/passwd` and `/etc/group` are generated files, mounted over the machine's only here: the users
/// leave nothing on the machine, and `getpwnam` and `initgroups` still find them.
///
/// [`Account::Tester`] has none: everything runs on the machine itself.
#[derive(Debug)]
pub struct Namespace {
    account: Account,
    home: Utf8PathBuf,
    inside: Option<Inside>,
}

#[derive(Debug)]
struct Inside {
    /// `unshare`, which ends with process 1.
    outer: Child,
    /// The pid of process 1 outside.
    init: u32,
    /// The pid, inside, of the process that process 1 waits for.
    keeper: u32,
    /// Held while a path is made reachable.
    opening: Mutex<()>,
}

impl Namespace {
    /// Makes the namespaces for this user.
    ///
    /// # Panics
    ///
    /// When they can't be made.
    pub(crate) fn start(account: Account, home: &Utf8Path) -> Self {
        let inside = (account != Account::Tester).then(|| {
            let inside = Inside::start();
            let folder = home.join("accounts");
            fs::create_dir(&folder).expect("a folder can be made in a new home");
            for (name, text) in [("passwd", account.passwd(home)), ("group", account.group())] {
                let file = folder.join(name);
                fs::write(&file, text).expect("a file can be written in a new home");
                inside.mount(&["--bind", file.as_str(), &format!("/etc/{name}")]);
            }
            // Programs name shared memory by pids, which processes of other servers have too.
            inside.mount(&["-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/dev/shm"]);
            if Utf8Path::new("/run/nscd").is_dir() {
                // It would answer with the machine's users.
                inside.mount(&["-t", "tmpfs", "tmpfs", "/run/nscd"]);
            }
            inside
        });
        Self { account, home: home.to_owned(), inside }
    }

    /// The user that everything runs as.
    #[must_use]
    pub fn account(&self) -> Account {
        self.account
    }

    /// A program in it that runs as the server's user, in the user's home.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        if self.inside.is_none() {
            let mut command = Command::new(program);
            command.current_dir(&self.home);
            return command;
        }
        let mut command = self.command_of_root(machine::require("setpriv").as_str());
        if let Some((_, group)) = self.account.ids() {
            command.args(["--reuid", &self.account.name(), "--regid", &group.to_string(), "--init-groups"]);
        }
        // Entering a mount namespace changes the working directory to its root.
        command.args(["--", machine::require("env").as_str(), "-C", self.home.as_str(), program]);
        command
    }

    /// A program in it that runs as the tester, which is root if there are namespaces.
    #[must_use]
    pub fn command_of_root(&self, program: &str) -> Command {
        self.inside.as_ref().map_or_else(|| Command::new(program), |inside| inside.enter(&["--pid"], program))
    }

    /// Starts a command of this namespace.
    pub(crate) fn start_process(&self, name: &'static str, command: &mut Command) -> Process {
        if self.inside.is_some() {
            Process::start_inside(name, command)
        } else {
            Process::start(name, command)
        }
    }

    /// The processes in it, except those that make it. Without namespaces: those that use the home.
    #[must_use]
    pub fn processes(&self) -> Processes {
        match &self.inside {
            Some(inside) => Processes::in_namespace(inside.init, &[1, inside.keeper]),
            None => Processes::of_folder(&self.home),
        }
    }

    /// Mounts the file or folder `content` over `path`, if the machine has one.
    pub fn show_instead(&self, path: &str, content: &Utf8Path) {
        if let Some(inside) = self.inside.as_ref().filter(|_| Utf8Path::new(path).exists()) {
            inside.mount(&["--bind", content.as_str(), path]);
        }
    }

    /// Changes the owner of `path` and everything in it to the server's user.
    ///
    /// # Panics
    ///
    /// When it does not exist.
    pub fn own(&self, path: &Utf8Path) {
        if let Some(ids) = self.account.ids() {
            own(path.as_std_path(), ids);
        }
    }

    /// Makes a file or folder of the machine reachable for the server's user even if it is in a folder closed to
    /// others, such as a checkout in root's home: inside, that folder is open and holds only what was made reachable.
    /// # Panics
    ///
    /// When it does not exist.
    pub fn reach(&self, path: &Utf8Path) {
        let Some(inside) = self.inside.as_ref().filter(|_| self.account.ids().is_some()) else { return };
        let path =
            path.canonicalize_utf8().unwrap_or_else(|error| panic!("{path} is to be reached: {error}"));
        let Some(closed) = first_closed(&path) else { return };
        let _alone = inside.opening.lock();
        let behind = self.home.join("closed").join(closed.as_str().trim_matches('/').replace('/', "-"));
        if !behind.is_dir() {
            fs::create_dir_all(&behind)
                .and_then(|()| {
                    fs::set_permissions(self.home.join("closed"), fs::Permissions::from_mode(0o700))
                })
                .expect("a folder can be made in a new home");
            inside.mount(&["--bind", closed.as_str(), behind.as_str()]);
            inside.mount(&["-t", "tmpfs", "-o", "mode=755", "tmpfs", closed.as_str()]);
        }
        let rest = path.strip_prefix(&closed).expect("a path is below each of its folders");
        let here = Utf8PathBuf::from(format!("/proc/{}/root{path}", inside.init));
        if here.exists() {
            return;
        }
        let folder = if path.is_dir() { Some(here.as_path()) } else { here.parent() };
        folder
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| if path.is_dir() { Ok(()) } else { fs::write(&here, "") })
            .expect("an empty folder can be filled");
        inside.mount(&["--bind", behind.join(rest).as_str(), path.as_str()]);
    }
}

impl Inside {
    fn start() -> Self {
        let mut command = Command::new(machine::require("unshare"));
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            "--",
            "/bin/sh",
            "-c",
            INIT,
        ]);
        command.env_clear().env("PATH", machine::SEARCH_PATH).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut outer = command.spawn().expect("unshare starts");
        let mut line = String::new();
        let said = BufReader::new(outer.stdout.take().expect("stdout is a pipe")).read_line(&mut line);
        let keeper = said.ok().and_then(|_| line.trim().parse().ok()).expect("namespaces can be made");
        let init = Processes::of_machine().child_of(outer.id()).expect("process 1 has spoken").id;
        Self { outer, init, keeper, opening: Mutex::new(()) }
    }

    /// A program that enters the mount namespace, with further options of `nsenter`.
    fn enter(&self, words: &[&str], program: &str) -> Command {
        let mut command = Command::new(machine::require("nsenter"));
        command.args(["--target", &self.init.to_string(), "--mount"]).args(words).args(["--", program]);
        command
    }

    fn mount(&self, words: &[&str]) {
        let mut command = self.enter(&[], machine::require("mount").as_str());
        let output = command.args(words).output().expect("nsenter starts");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        drop(self.outer.stdin.take());
        drop(self.outer.wait());
    }
}

/// The outermost folder on the way to `path` that others may not enter.
fn first_closed(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut folders: Vec<&Utf8Path> = path.ancestors().skip(1).collect();
    folders.reverse();
    let closed = |folder: &&Utf8Path| fs::metadata(folder).is_ok_and(|facts| facts.mode() & 0o001 == 0);
    folders.into_iter().find(closed).map(ToOwned::to_owned)
}

fn own(path: &std::path::Path, (user, group): (u32, u32)) {
    let facts = fs::symlink_metadata(path);
    let facts = facts.unwrap_or_else(|error| panic!("{} is to be owned: {error}", path.display()));
    std::os::unix::fs::lchown(path, Some(user), Some(group)).expect("root gives files away");
    if facts.is_dir() {
        for entry in fs::read_dir(path).expect("root reads every folder").flatten() {
            own(&entry.path(), (user, group));
        }
    }
}
