//! The users of a booted server: root, and a laptop with git, ssh, and curl.

use std::process::Command;

use camino::Utf8Path;

use super::BootedServer;
use crate::{Outcome, Session, session};

/// The time limit of every command on a server, so that a hanging one fails its test.
const SECONDS: &str = "900";

/// Changes to the home folder first, like a login.
const FROM_HOME: &str = r#"cd; exec sh -c "$1""#;

impl BootedServer {
    /// Runs a shell line as root on the server, with the environment of a login.
    ///
    /// On a server with limits, they apply to it.
    #[must_use]
    pub fn root(&self, line: &str) -> Outcome {
        self.root_with_input(line, b"")
    }

    /// Like [`Self::root`], with input.
    #[must_use]
    pub fn root_with_input(&self, line: &str, input: &[u8]) -> Outcome {
        self.outcome(&mut self.root_command(line), input, "/root")
    }

    /// The command that [`Self::root`] runs.
    ///
    /// # Panics
    ///
    /// When the server is off.
    #[must_use]
    pub fn root_command(&self, line: &str) -> Command {
        let mut words = vec!["timeout", SECONDS, "env", "-i", "HOME=/root", "USER=root", "LOGNAME=root"];
        words.extend(ENVIRONMENT);
        words.extend(["sh", "-c", FROM_HOME, "sh", line]);
        self.machine().command_within_limits(&words)
    }

    /// Runs a shell line as the user `laptop`: another person's machine, with git, ssh, curl, and a key.
    ///
    /// It reaches the server as `my.server`, and as `piku` with ssh. It is in the same container and shares its
    /// files, so it has git only if the server does.
    #[must_use]
    pub fn laptop(&self, line: &str) -> Outcome {
        self.laptop_with_input(line, b"")
    }

    /// Like [`Self::laptop`], with input.
    #[must_use]
    pub fn laptop_with_input(&self, line: &str, input: &[u8]) -> Outcome {
        self.outcome(&mut self.laptop_command(line), input, "/home/laptop")
    }

    /// Like [`Self::laptop`], and leaves it running.
    #[must_use]
    pub fn laptop_in_background(&self, line: &str) -> Session {
        Session::start(&mut self.laptop_command(line), self.scratch("session"))
    }

    /// The command that [`Self::laptop`] runs.
    ///
    /// # Panics
    ///
    /// When the server is off.
    #[must_use]
    pub fn laptop_command(&self, line: &str) -> Command {
        let mut words = vec!["timeout", SECONDS, "runuser", "-u", "laptop", "--", "env", "-i"];
        words.extend(["HOME=/home/laptop", "USER=laptop", "LOGNAME=laptop"]);
        words.extend(ENVIRONMENT);
        words.extend(["sh", "-c", FROM_HOME, "sh", line]);
        self.machine().command(&words)
    }

    /// A root shell on this terminal.
    ///
    /// # Panics
    ///
    /// When the server is off.
    #[must_use]
    pub fn shell(&self) -> Command {
        let terminal = format!("TERM={}", std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned()));
        let mut words = vec!["env", "-i", "HOME=/root", "USER=root", "LOGNAME=root", &terminal];
        words.extend(ENVIRONMENT);
        words.extend(["sh", "-c", "cd; exec bash --login"]);
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init_id().to_string(), "--all"]).args(words);
        command
    }

    /// Puts a work tree with the files of the folder `from` of `tests/apps` into the laptop's home as `name`,
    /// committed on `main`, with the app of that name as its remote `piku`. Nothing is pushed yet: `cd NAME && git
    /// push piku main`.
    ///
    /// # Panics
    ///
    /// When the server has no git.
    pub fn laptop_has_app(&self, from: &str, name: &str) {
        self.push_files(&crate::piku::apps().join(from), Utf8Path::new("/home/laptop").join(name).as_path());
        let line = format!(
            "chown -R laptop: {name} && cd {name} && runuser -u laptop -- sh -c \
             'git init -q && git add -A && git commit -q -m first && git remote add piku piku@my.server:{name}'"
        );
        self.root(&format!("cd /home/laptop && {line}")).succeeds();
    }

    /// Like [`Self::laptop_has_app`], and the app has a site: `NAME.example`.
    ///
    /// # Panics
    ///
    /// When the server has no git.
    pub fn laptop_has_site(&self, from: &str, name: &str) {
        self.laptop_has_app(from, name);
        let line = format!(
            "cd {name} && echo NGINX_SERVER_NAME={name}.example >> ENV && git add ENV && git commit -qm site"
        );
        self.laptop(&line).succeeds();
    }

    fn outcome(&self, command: &mut Command, input: &[u8], home: &str) -> Outcome {
        Outcome::new(&session::run(command, input), Utf8Path::new(home), &[])
    }
}

const ENVIRONMENT: [&str; 3] =
    ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "SHELL=/bin/bash"];
