//! A real sshd on the loopback.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

use crate::account::Account;
use crate::child::Process;
use crate::namespace::Namespace;
use crate::{eventually, machine};

/// An sshd for one server: with its own port, host key, `authorized_keys`, and user.
#[derive(Debug)]
pub struct Sshd {
    process: Process,
    port: u16,
    user: String,
}

impl Sshd {
    /// Starts it for this home, with these variables in every session.
    ///
    /// # Panics
    ///
    /// When sshd is missing or doesn't start.
    #[must_use]
    pub(crate) fn start(home: &Utf8Path, session: &[(&str, String)], namespace: &Namespace) -> Self {
        let port = free_port();
        let configuration = home.join("sshd.conf");
        let host_key = home.join("sshd.key");
        make_key(&host_key);
        let variables: Vec<String> =
            session.iter().map(|(name, value)| format!("\"{name}={value}\"")).collect();
        // sshd would reject the parents of the server's home if the tester runs it.
        let strict = if namespace.account() == Account::Tester { "no" } else { "yes" };
        let text = format!(
            "Port {port}\n\
             ListenAddress 127.0.0.1\n\
             HostKey {host_key}\n\
             PidFile none\n\
             StrictModes {strict}\n\
             AuthorizedKeysFile {home}/.ssh/authorized_keys\n\
             UsePAM no\n\
             PermitRootLogin yes\n\
             PasswordAuthentication no\n\
             KbdInteractiveAuthentication no\n\
             MaxStartups 100\n\
             UseDNS no\n\
             Subsystem sftp internal-sftp\n\
             SetEnv {}\n",
            variables.join(" ")
        );
        fs::write(&configuration, text).expect("the sshd's configuration can be written");
        if machine::is_root() {
            fs::create_dir_all("/run/sshd").expect("the folder that sshd wants can be made");
        }
        let log = home.join("sshd.log");
        // As root, so that it can become the user of the session.
        let mut command = namespace.command_of_root(machine::require("sshd").as_str());
        command
            .args(["-D", "-e", "-f", configuration.as_str()])
            .env_clear()
            .env("PATH", machine::SEARCH_PATH);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log can be made"));
        let mut process = namespace.start_process("sshd", &mut command);
        eventually("sshd listens", || {
            assert!(
                process.ended().is_none(),
                "sshd ended at once: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self { process, port, user: namespace.account().name() }
    }

    /// The address of a repository, as `piku@host:path` with a port. The path arrives unchanged.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("[{}@127.0.0.1:{}]:{path}", self.user, self.port)
    }

    /// The command line of an ssh client for this sshd, without a command.
    #[must_use]
    pub fn client(&self) -> Vec<String> {
        let mut words = vec!["ssh".to_owned()];
        words.extend(["-p".to_owned(), self.port.to_string()]);
        words.extend(options(&key("id")));
        // ssh also looks for options after the host, unless `--` ends them.
        words.extend(["--".to_owned(), format!("{}@127.0.0.1", self.user)]);
        words
    }

    /// The configuration of an ssh client that knows this sshd by an alias.
    #[must_use]
    pub fn configuration(&self, alias: &str) -> String {
        format!(
            "Host {alias} 127.0.0.1\nHostName 127.0.0.1\nPort {}\nUser {}\nIdentityFile {}\nStrictHostKeyChecking no\n\
             UserKnownHostsFile /dev/null\nLogLevel ERROR\nIdentitiesOnly yes\n",
            self.port,
            self.user,
            key("id")
        )
    }

    /// The client for git, as `GIT_SSH_COMMAND` takes it: git adds port, user, and host.
    #[must_use]
    pub fn git_ssh_command(&self) -> String {
        format!("ssh {}", options(&key("id")).join(" "))
    }

    /// Like [`Self::git_ssh_command`], with a key that piku does not know and that may do everything.
    ///
    /// # Panics
    ///
    /// When the key can't be added.
    #[must_use]
    pub fn plain_git_ssh_command(&self, home: &Utf8Path) -> String {
        let key = key("plain");
        let public = fs::read_to_string(format!("{key}.pub")).expect("the key was just made");
        let file = home.join(".ssh/authorized_keys");
        let keys = fs::read_to_string(&file).unwrap_or_default();
        if !keys.contains(&public) {
            fs::write(&file, keys + &public).expect("a key can be let in");
        }
        format!("ssh {}", options(&key).join(" "))
    }

    /// The command line of an scp for this sshd, without files, and its `user@host`.
    #[must_use]
    pub fn copier(&self) -> (Vec<String>, String) {
        let mut words = vec!["scp".to_owned(), "-q".to_owned(), "-P".to_owned(), self.port.to_string()];
        words.extend(options(&key("id")));
        (words, format!("{}@127.0.0.1", self.user))
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

/// The clients' public key file, the same for all servers.
#[must_use]
pub fn public_key() -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{}.pub", key("id")))
}

/// The options of every client.
fn options(key: &Utf8Path) -> Vec<String> {
    let options = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "BatchMode=yes",
        "IdentitiesOnly=yes",
    ];
    let mut words = vec!["-F".to_owned(), "none".to_owned(), "-i".to_owned(), key.to_string()];
    words.extend(options.iter().flat_map(|option| ["-o".to_owned(), (*option).to_owned()]));
    words
}

/// A private key, made by the first run that needs it and kept in `target`.
fn key(name: &str) -> Utf8PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock();
    let folder = crate::piku::workspace().join("target/tests-key");
    fs::create_dir_all(&folder).expect("a folder in target can be made");
    let key = folder.join(name);
    if !key.is_file() {
        let fresh = tempfile::tempdir_in(&folder).expect("a folder in target can be made");
        let fresh = Utf8PathBuf::from_path_buf(fresh.path().join("key")).expect("target has a UTF-8 path");
        make_key(&fresh);
        // The private key is moved last: if it exists, both do.
        for end in [".pub", ""] {
            fs::rename(format!("{fresh}{end}"), format!("{key}{end}")).expect("a new key can be renamed");
        }
    }
    key
}

fn make_key(file: &Utf8Path) {
    let mut command = Command::new(machine::require("ssh-keygen"));
    let output = command.args(["-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", file.as_str()]).output();
    let output = output.expect("ssh-keygen starts");
    assert!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr));
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
