//! A real sshd on the loopback.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};

use crate::child::Process;
use crate::{eventually, machine};

/// An sshd of its own: port, host key, and `authorized_keys` are the server's, the user is who runs the tests.
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
    pub fn start(home: &Utf8Path, session: &[(&str, String)]) -> Self {
        let port = free_port();
        let configuration = home.join("sshd.conf");
        let host_key = home.join("sshd.key");
        make_key(&host_key);
        let variables: Vec<String> =
            session.iter().map(|(name, value)| format!("\"{name}={value}\"")).collect();
        let text = format!(
            "Port {port}\n\
             ListenAddress 127.0.0.1\n\
             HostKey {host_key}\n\
             PidFile none\n\
             StrictModes no\n\
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
        let mut command = Command::new(machine::require("sshd"));
        command
            .args(["-D", "-e", "-f", configuration.as_str()])
            .env_clear()
            .env("PATH", machine::SEARCH_PATH);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log can be made"));
        let mut process = Process::start("sshd", &mut command);
        eventually("sshd listens", || {
            assert!(
                process.ended().is_none(),
                "sshd ended at once: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self { process, port, user: machine::user() }
    }

    /// The address of a repository, as `piku@host:path` with a port. The path arrives as it is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("[{}@127.0.0.1:{}]:{path}", self.user, self.port)
    }

    /// The words of an ssh client that reaches this sshd, without a command.
    #[must_use]
    pub fn client(&self) -> Vec<String> {
        let mut words = vec!["ssh".to_owned()];
        words.extend(["-p".to_owned(), self.port.to_string()]);
        words.extend(self.options());
        // ssh looks for options behind the host as well, unless it is told where they end.
        words.extend(["--".to_owned(), format!("{}@127.0.0.1", self.user)]);
        words
    }

    /// The client for git, as `GIT_SSH_COMMAND` takes it: git adds port, user, and host.
    #[must_use]
    pub fn git_ssh_command(&self) -> String {
        format!("ssh {}", self.options().join(" "))
    }

    /// The words of an scp that reaches this sshd, without files, and the `user@host` of those.
    #[must_use]
    pub fn copier(&self) -> (Vec<String>, String) {
        let mut words = vec!["scp".to_owned(), "-q".to_owned(), "-P".to_owned(), self.port.to_string()];
        words.extend(self.options());
        (words, format!("{}@127.0.0.1", self.user))
    }

    fn options(&self) -> Vec<String> {
        let key = client_key();
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

    /// Stops it.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

/// The file of the clients' public key, the same for all servers of this process.
#[must_use]
pub fn public_key() -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{}.pub", client_key()))
}

fn client_key() -> Utf8PathBuf {
    static KEY: OnceLock<Utf8PathBuf> = OnceLock::new();
    KEY.get_or_init(|| {
        // Statics are never dropped, so this one folder is kept, and used again by the next run.
        let folder = crate::piku::workspace().join("target/tests-key");
        fs::create_dir_all(&folder).expect("a folder in target can be made");
        let key = folder.join("id_ed25519");
        if !key.is_file() || !folder.join("id_ed25519.pub").is_file() {
            let fresh = tempfile::tempdir_in(&folder).expect("a folder in target can be made");
            let fresh =
                Utf8PathBuf::from_path_buf(fresh.path().join("key")).expect("target has a UTF-8 path");
            make_key(&fresh);
            fs::rename(format!("{fresh}.pub"), format!("{key}.pub")).expect("a new key can be renamed");
            fs::rename(&fresh, &key).expect("a new key can be renamed");
        }
        key
    })
    .clone()
}

fn make_key(file: &Utf8Path) {
    let mut command = Command::new(machine::require("ssh-keygen"));
    let output = command.args(["-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", file.as_str()]).output();
    let output = output.expect("ssh-keygen starts");
    assert!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr));
}

/// A port that nobody had a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
