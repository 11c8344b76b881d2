//! Somebody else, with a key of their own.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{App, Outcome, Session, TestServer, eventually, machine};

/// Somebody with a new key pair. The server knows nothing of it until it is told.
#[derive(Debug)]
pub struct Colleague<'server> {
    server: &'server TestServer,
    key: Utf8PathBuf,
}

impl<'server> Colleague<'server> {
    /// Makes the key pair, with this comment.
    ///
    /// # Panics
    ///
    /// When ssh-keygen fails.
    #[must_use]
    pub fn new(server: &'server TestServer, comment: &str) -> Self {
        let key = server.scratch("key");
        let words = ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key.as_str()];
        let status = Command::new(machine::require("ssh-keygen")).args(words).status();
        assert!(status.expect("ssh-keygen starts").success(), "a key pair is made");
        Self { server, key }
    }

    /// The file with the public key.
    #[must_use]
    pub fn public_key(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{}.pub", self.key))
    }

    /// The fingerprint of the key, as `ssh-keygen -l` shows it.
    ///
    /// # Panics
    ///
    /// When ssh-keygen fails.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut command = Command::new(machine::require("ssh-keygen"));
        let output = command.args(["-l", "-f", self.key.as_str()]).output().expect("ssh-keygen starts");
        let text = String::from_utf8_lossy(&output.stdout);
        text.split(' ').nth(1).expect("a fingerprint is the second word").to_owned()
    }

    /// Runs a command line over ssh, sent unchanged.
    #[must_use]
    pub fn ssh(&self, line: &str) -> Outcome {
        self.ssh_by(&[], line)
    }

    /// Like [`Self::ssh`], with more options for the client.
    #[must_use]
    pub fn ssh_by(&self, options: &[&str], line: &str) -> Outcome {
        let words = self.with_own_key(self.server.sshd().client());
        let mut command = Command::new(&words[0]);
        command.args(options).args(&words[1..]).arg(line).env_remove("SSH_AUTH_SOCK");
        self.server.outcome(&mut command, b"")
    }

    /// Opens a connection that other clients share by this socket, as long as it is not dropped.
    #[must_use]
    pub fn connects(&self, socket: &str) -> Session {
        let words = self.with_own_key(self.server.sshd().client());
        let mut command = Command::new(&words[0]);
        command.args(["-M", "-S", socket, "-N"]).args(&words[1..]).env_remove("SSH_AUTH_SOCK");
        let session = Session::start(&mut command, self.server.scratch("connection"));
        eventually("the connection is there", || Utf8Path::new(socket).exists().then_some(()));
        session
    }

    /// Runs git in the work tree of an app.
    #[must_use]
    pub fn git(&self, app: &App<'_>, words: &[&str]) -> Outcome {
        let words = words.iter().copied();
        let mut command = app.git().command(words);
        let ssh = self.server.sshd().git_ssh_command();
        let ssh = self.with_own_key(ssh.split(' ').map(str::to_owned).collect());
        self.server.outcome(command.env("GIT_SSH_COMMAND", ssh.join(" ")), b"")
    }

    /// Runs `scp` with this option from a file here to a path on the server.
    #[must_use]
    pub fn copies(&self, option: &str, from: &str, to: &str) -> Outcome {
        let (words, host) = self.server.sshd().copier();
        let words = self.with_own_key(words);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args([option, from, &format!("{host}:{to}")]);
        self.server.outcome(&mut command, b"")
    }

    fn with_own_key(&self, mut words: Vec<String>) -> Vec<String> {
        let at = words.iter().position(|word| word == "-i").expect("a client has a key");
        words[at + 1] = self.key.to_string();
        words
    }
}
