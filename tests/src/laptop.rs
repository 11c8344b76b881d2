//! The machine of the person who pushes, with a `piku` of its own and no root.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{Outcome, Session, TestServer, machine, piku};

/// A home folder without a root, from which commands go to a [`TestServer`] over ssh.
///
/// Connections that were kept open are closed when this is dropped.
#[derive(Debug)]
pub struct Laptop<'server> {
    server: &'server TestServer,
    home: Utf8PathBuf,
    ssh: String,
}

impl<'server> Laptop<'server> {
    pub(crate) fn new(server: &'server TestServer) -> Self {
        let home = server.scratch("lap");
        fs::create_dir_all(home.join("run")).expect("a folder can be made in the server's home");
        // As in the home of a person, where an alias of ssh's configuration says how the server is reached.
        let ssh = home.join("ssh_config");
        fs::write(&ssh, server.sshd().configuration("box")).expect("a file can be written there");
        Self { server, home, ssh: format!("ssh -F {ssh}") }
    }

    /// Its home folder.
    #[must_use]
    pub fn home(&self) -> &Utf8Path {
        &self.home
    }

    /// A `piku` command in this folder, not started yet.
    #[must_use]
    pub fn command<S: AsRef<str>>(&self, folder: &Utf8Path, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(piku::program());
        command.args(words.into_iter().map(|word| word.as_ref().to_owned())).current_dir(folder).env_clear();
        command
            .env("PATH", machine::SEARCH_PATH)
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", self.home.join("run"))
            .env("GIT_SSH_COMMAND", &self.ssh)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a `piku` command in this folder, with input.
    #[must_use]
    pub fn piku<S: AsRef<str>>(
        &self,
        folder: &Utf8Path,
        words: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Outcome {
        self.run(&mut self.command(folder, words), input)
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(&self, command: &mut Command, input: &[u8]) -> Outcome {
        self.server.outcome(command, input)
    }

    /// Starts a command and leaves it running.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    #[must_use]
    pub fn start(&self, command: &mut Command) -> Session {
        Session::start(command, self.server.scratch("session"))
    }

    /// The sockets of the connections that are open.
    #[must_use]
    pub fn sockets(&self) -> Vec<Utf8PathBuf> {
        let entries = self.home.join("run/piku").read_dir_utf8().into_iter().flatten().flatten();
        entries.map(|entry| entry.path().to_owned()).collect()
    }
}

impl Drop for Laptop<'_> {
    fn drop(&mut self) {
        for socket in self.sockets() {
            let mut ssh = Command::new("ssh");
            ssh.args(["-F", "none", "-o", &format!("ControlPath={socket}"), "-O", "exit", "box"]);
            drop(ssh.output());
        }
    }
}
