//! How `ssh` is called: as a program with arguments, never through a shell. Its own configuration decides how a server
//! is reached.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::address::Address;
use super::sockets::Places;
use super::work_tree::Configuration;

/// A way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// `ssh`, or what git is told to call in its place, with its arguments.
    program: Vec<String>,
    address: Address,
    /// The socket of a connection that is used again.
    socket: Option<Utf8PathBuf>,
}

/// What a command wants of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Bytes as they are.
    Data,
    /// A terminal at the other end.
    Terminal,
    /// A connection of its own, to find out whether there can be one. Asks nothing.
    Trial,
    /// The same on a terminal, where ssh may ask.
    TrialAsking,
}

/// What the environment and git say about calling ssh.
#[derive(Clone, Debug, Default)]
pub(super) struct Calling {
    /// `GIT_SSH_COMMAND`.
    pub(super) command: Option<String>,
    /// `GIT_SSH`.
    pub(super) program: Option<String>,
    /// The home folder.
    pub(super) home: Utf8PathBuf,
    /// Where sockets may be.
    pub(super) places: Places,
}

impl Connection {
    /// Prepares the way to a server; starts nothing.
    pub(super) fn new(address: &Address, calling: &Calling, configuration: &Configuration) -> Self {
        let line = calling.command.as_deref().or_else(|| configuration.value("core.sshcommand"));
        let program = line
            .and_then(|line| words_of(line, &calling.home))
            .or_else(|| calling.program.clone().map(|program| vec![program]))
            .unwrap_or_else(|| vec!["ssh".to_owned()]);
        let mut connection = Self { program, address: address.clone(), socket: None };
        if !connection.has_socket_of_its_own(&calling.home) {
            connection.socket = calling.places.socket(&connection.way());
        }
        connection
    }

    /// Whether the user's configuration of ssh has a `ControlPath` for this server: then it decides.
    ///
    /// `ssh -G` knows, but takes as long as a short command; it is asked only if a file mentions it.
    fn has_socket_of_its_own(&self, home: &Utf8Path) -> bool {
        let says = |path: &Utf8Path, word: &str| {
            let text = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&text).to_ascii_lowercase().contains(word)
        };
        let own = home.join(".ssh/config");
        let more = Utf8Path::new("/etc/ssh/ssh_config.d").read_dir_utf8().into_iter().flatten().flatten();
        let of_all = std::iter::once(Utf8PathBuf::from("/etc/ssh/ssh_config"))
            .chain(more.map(|entry| entry.path().to_owned()));
        let named =
            |word: &String| word.starts_with("-F") || word.to_ascii_lowercase().contains("controlpath");
        let perhaps = self.program.iter().any(named)
            || says(&own, "controlpath")
            || says(&own, "include")
            || of_all.into_iter().any(|file| says(&file, "controlpath"));
        if !perhaps {
            return false;
        }
        let own = |line: &str| line.starts_with("controlpath ") && line != "controlpath none";
        self.configured().is_some_and(|lines| lines.lines().any(own))
    }

    /// The program, its options, and the server.
    fn way(&self) -> Vec<String> {
        let mut words = self.program.clone();
        words.extend(self.port());
        words.extend(["--".to_owned(), self.address.destination.clone()]);
        words
    }

    fn port(&self) -> Vec<String> {
        self.address.port.map(|port| vec!["-p".to_owned(), port.to_string()]).unwrap_or_default()
    }

    /// The options by which the first command keeps its connection for a minute, and the next ones use it.
    fn reuse(&self) -> Vec<String> {
        let Some(socket) = &self.socket else { return Vec::new() };
        [
            "ControlMaster=auto".to_owned(),
            format!("ControlPath=\"{}\"", socket.as_str().replace('%', "%%")),
            "ControlPersist=60".to_owned(),
            // A connection that a sleep or another network has cut is noticed.
            "ServerAliveInterval=15".to_owned(),
            "ServerAliveCountMax=2".to_owned(),
        ]
        .into_iter()
        .flat_map(|option| ["-o".to_owned(), option])
        .collect()
    }

    /// The words that send `line` to the server.
    pub(super) fn words(&self, form: Form, line: &str) -> Vec<String> {
        let option = |option: &str| ["-o".to_owned(), option.to_owned()];
        let mut words = self.program.clone();
        match form {
            Form::Data => {
                words.push("-T".to_owned());
                words.extend(self.reuse());
            }
            // ssh would end with "Shared connection to … closed."
            Form::Terminal => {
                words.push("-t".to_owned());
                words.extend(option("LogLevel=ERROR"));
                words.extend(self.reuse());
            }
            Form::Trial | Form::TrialAsking => {
                words.push("-T".to_owned());
                let own =
                    ["ControlMaster=no", "ControlPath=none", "ConnectTimeout=10", "ConnectionAttempts=1"];
                words.extend(own.iter().flat_map(|one| option(one)));
                if form == Form::Trial {
                    words.extend(option("BatchMode=yes"));
                }
            }
        }
        words.extend(self.port());
        words.extend(["--".to_owned(), self.address.destination.clone(), line.to_owned()]);
        words
    }

    /// A command that sends `line` to the server, not started yet.
    pub(super) fn command(&self, form: Form, line: &str) -> Command {
        let words = self.words(form, line);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    }

    /// What git is to call so that it uses the same connection; git gives it to a shell.
    pub(super) fn for_git(&self) -> Option<String> {
        let words: Vec<String> = self.program.iter().cloned().chain(self.reuse()).collect();
        super::line::line(words.iter().map(String::as_str))
    }

    /// The user at the other end, as ssh's configuration has it.
    pub(super) fn user(&self) -> Option<String> {
        let lines = self.configured()?;
        lines.lines().find_map(|line| line.strip_prefix("user ")).map(str::to_owned)
    }

    /// What ssh's configuration says for this server, as `key value` lines.
    fn configured(&self) -> Option<String> {
        let words = self.way();
        let asked = Command::new(&words[0]).arg("-G").args(&words[1..]).output().ok()?;
        Some(String::from_utf8_lossy(&asked.stdout).into_owned())
    }

    /// The server, as a person writes it.
    pub(super) fn server(&self) -> String {
        self.address.server()
    }
}

/// The words of a command line that git would give to a shell. `None` if it needs one, for more than a `~/`.
fn words_of(line: &str, home: &Utf8Path) -> Option<Vec<String>> {
    if line.contains(|c: char| "$`;|&<>(){}*?!\n".contains(c)) {
        return None;
    }
    let words = shlex::split(line).filter(|words| !words.is_empty())?;
    let expanded = |word: String| match word.strip_prefix("~/") {
        Some(rest) => home.join(rest).into_string(),
        None => word,
    };
    Some(words.into_iter().map(expanded).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(socket: Option<&str>) -> Connection {
        let program = vec!["ssh".to_owned()];
        let address = "ssh://piku@box:2222/blog".parse().unwrap();
        Connection { program, address, socket: socket.map(Utf8PathBuf::from) }
    }

    #[test]
    fn ssh_is_given_words_and_the_line_last() {
        assert_eq!(
            connection(None).words(Form::Data, "ps blog"),
            ["ssh", "-T", "-p", "2222", "--", "piku@box", "ps blog"]
        );
        let words = connection(Some("/run/a b/100%")).words(Form::Terminal, "run blog");
        insta::assert_snapshot!(words.join("\n"), @r#"
        ssh
        -t
        -o
        LogLevel=ERROR
        -o
        ControlMaster=auto
        -o
        ControlPath="/run/a b/100%%"
        -o
        ControlPersist=60
        -o
        ServerAliveInterval=15
        -o
        ServerAliveCountMax=2
        -p
        2222
        --
        piku@box
        run blog
        "#);
    }

    #[test]
    fn what_git_calls_is_called_unless_it_needs_a_shell() {
        let words = |line: &str| words_of(line, Utf8Path::new("/home/ada"));
        assert_eq!(words("ssh -i ~/.ssh/work").unwrap(), ["ssh", "-i", "/home/ada/.ssh/work"]);
        assert_eq!(words("'/opt/my ssh' -F none").unwrap(), ["/opt/my ssh", "-F", "none"]);
        for line in ["ssh -i $HOME/key", "ssh; id", "f() { :; }; f", "", "ssh '"] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
