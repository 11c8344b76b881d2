//! A whole server for one test.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};

use crate::child::Process;
use crate::home::Home;
use crate::namespace::Namespace;
use crate::processes::{Processes, Running};
use crate::slots::Slot;
use crate::{
    App, Builder, Laptop, Nginx, Outcome, Package, Session, Sshd, eventually, http, logs, machine, piku,
    session,
};

/// sshd, a uWSGI emperor, and optionally nginx, with a home folder of their own and piku set up in it.
///
/// Dropping it stops everything and removes the folder; it panics if a process is left.
#[derive(Debug)]
pub struct TestServer {
    emperor: Option<Process>,
    nginx: Option<Nginx>,
    sshd: Sshd,
    address: Ipv4Addr,
    variables: Vec<(&'static str, String)>,
    namespace: Namespace,
    home: Home,
    _slot: Slot,
}

impl TestServer {
    /// A server without nginx; apps are requested on their own ports.
    #[expect(clippy::new_without_default, reason = "starting sshd and uWSGI is nothing to do by default")]
    #[must_use]
    pub fn new() -> Self {
        Self::builder().start()
    }

    /// A server with nginx.
    #[must_use]
    pub fn with_nginx() -> Self {
        Self::builder().with_nginx().start()
    }

    /// Configures a server.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn without_processes(
        slot: Slot,
        home: Home,
        namespace: Namespace,
        sshd: Sshd,
        address: Ipv4Addr,
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        Self { emperor: None, nginx: None, sshd, address, variables, namespace, home, _slot: slot }
    }

    pub(crate) fn start_nginx(&mut self) {
        self.nginx = Some(Nginx::start(self.home(), &self.root(), self.address, &self.namespace));
    }

    /// The home folder of the server's user.
    #[must_use]
    pub fn home(&self) -> &Utf8Path {
        self.home.path()
    }

    /// The folder of all of piku's files.
    #[must_use]
    pub fn root(&self) -> Utf8PathBuf {
        self.home().join(".piku")
    }

    /// The namespace and the user of its processes.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The address of nginx, which only sites of the tests use.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The sshd.
    #[must_use]
    pub fn sshd(&self) -> &Sshd {
        &self.sshd
    }

    /// A new work tree whose remote is the app `name` on this server. Nothing is pushed yet.
    #[must_use]
    pub fn app(&self, name: &str) -> App<'_> {
        App::new(self, name)
    }

    /// Like [`Self::app`], with the files of the folder `from` of `tests/apps`.
    #[must_use]
    pub fn app_from(&self, from: &str, name: &str) -> App<'_> {
        self.app(name).with_files_of(&piku::apps().join(from))
    }

    /// A new work tree whose remote is a bare repository behind the same sshd, without piku, for comparison.
    #[must_use]
    pub fn plain_repository(&self, name: &str) -> App<'_> {
        App::plain(self, name)
    }

    /// The machine of a person who uses this server.
    #[must_use]
    pub fn laptop(&self) -> Laptop<'_> {
        Laptop::new(self)
    }

    /// A Python package that apps of this server can require.
    #[must_use]
    pub fn package(&self, name: &str, version: &str, source: &str) -> Package {
        Package::new(self.home(), &self.namespace, name, version, source)
    }

    /// Gives the server's user a program, in a folder that piku searches by default.
    ///
    /// # Panics
    ///
    /// When there already is a program of that name.
    pub fn lend(&self, name: &str, program: &Utf8Path) {
        let bin = self.home().join(".local/bin");
        fs::create_dir_all(&bin).expect("a folder can be made in the server's home");
        std::os::unix::fs::symlink(program, bin.join(name)).expect("a program is lent once");
        // Its other files are beside its folder.
        self.namespace.reach(program.ancestors().nth(2).unwrap_or(program));
        self.namespace.own(&self.home().join(".local"));
    }

    /// Runs `piku` on the server itself.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    #[must_use]
    pub fn piku<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        let mut command = self.command(piku::program().as_str());
        command.args(words.into_iter().map(|word| word.as_ref().to_owned()));
        self.outcome(&mut command, b"")
    }

    /// A program with only the environment of the server's user.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.namespace.command(program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("PIKU_ROOT", self.root());
        command
    }

    /// Runs `piku` on the server itself, with a clock that is off by this much: `-1d`, `+365d`.
    ///
    /// # Panics
    ///
    /// When it can't be started, or faketime is missing.
    #[must_use]
    pub fn piku_at<S: AsRef<str>>(&self, off: &str, words: impl IntoIterator<Item = S>) -> Outcome {
        // Set for piku only: the program that changes to the user runs as root, and would make the shared memory of
        // the clock owned by root.
        let library = machine::faketime().expect("faketime is installed");
        let mut command = self.command(machine::require("env").as_str());
        command.args([format!("LD_PRELOAD={library}"), format!("FAKETIME={off}")]).arg(piku::program());
        command.args(words.into_iter().map(|word| word.as_ref().to_owned()));
        self.outcome(&mut command, b"")
    }

    /// Runs git on the server itself, as its user.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    pub fn git<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        let mut command = self.command(machine::require("git").as_str());
        command.args(words.into_iter().map(|word| word.as_ref().to_owned()));
        self.outcome(&mut command, b"")
    }

    /// Runs a command over ssh; the arguments arrive unchanged.
    #[must_use]
    pub fn ssh<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        self.ssh_raw(&quoted(words))
    }

    /// Runs a command line over ssh, sent unchanged.
    #[must_use]
    pub fn ssh_raw(&self, line: &str) -> Outcome {
        self.ssh_with_input(line, b"")
    }

    /// Like [`Self::ssh_raw`], with input.
    #[must_use]
    pub fn ssh_with_input(&self, line: &str, input: &[u8]) -> Outcome {
        self.outcome(&mut self.client(line), input)
    }

    /// Starts a command over ssh and leaves it running.
    ///
    /// # Panics
    ///
    /// When ssh can't be started.
    #[must_use]
    pub fn ssh_in_background<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Session {
        Session::start(&mut self.client(&quoted(words)), self.scratch("session"))
    }

    fn client(&self, line: &str) -> Command {
        let words = self.sshd.client();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_remove("SSH_AUTH_SOCK");
        if !line.is_empty() {
            command.arg(line);
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn outcome(&self, command: &mut Command, input: &[u8]) -> Outcome {
        let output = session::run(command, input);
        Outcome::new(&output, self.home(), &[(self.address.to_string(), "$ADDRESS")])
    }

    /// Requests a path of a host from nginx over HTTP.
    ///
    /// # Panics
    ///
    /// When there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn get(&self, host: &str, path: &str) -> http::Response {
        let answer = http::get(SocketAddr::from((self.address, 80)), host, path);
        answer.unwrap_or_else(|error| panic!("http://{host}{path}: {error}"))
    }

    /// Requests a path of a host from nginx over HTTPS.
    ///
    /// # Panics
    ///
    /// When there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn get_https(&self, host: &str, path: &str) -> http::Response {
        let answer = http::get_https(SocketAddr::from((self.address, 443)), host, path);
        answer.unwrap_or_else(|error| panic!("https://{host}{path}: {error}"))
    }

    /// The environment of every process of the app's live release, as `config:live` prints it.
    #[track_caller]
    #[must_use]
    pub fn live_settings(&self, app: &str) -> BTreeMap<String, String> {
        let live = self.piku(["config:live", app]).succeeds();
        live.stdout
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    /// The running processes of the app: uWSGI's own, and their descendants.
    ///
    /// uWSGI is recognized by its process name, everything else by its environment.
    #[must_use]
    pub fn processes_of(&self, app: &str) -> Vec<Running> {
        let all = self.processes();
        let below = self.emperor_id().map(|id| all.tree_of(id)).unwrap_or_default();
        let (title, vassal) = (format!("{app}:"), format!("@{app}."));
        let mut found: Vec<Running> = below
            .into_iter()
            .filter(|process| process.command.starts_with(&title) || process.command.contains(&vassal))
            .collect();
        let (name, data) = (format!("APP={app}"), format!("DATA_ROOT={}/data/{app}", self.root()));
        let has = |process: &Running, wanted: &str| {
            process.environment().iter().any(|one| one == wanted.as_bytes())
        };
        found.extend(all.into_iter().filter(|process| has(process, &name) && has(process, &data)));
        found.sort();
        found.dedup();
        found
    }

    /// All processes of this server, including sshd and nginx.
    #[must_use]
    pub fn processes(&self) -> Processes {
        self.namespace.processes()
    }

    /// The sorted names in a folder below piku's root; empty if it does not exist.
    #[must_use]
    pub fn names_in(&self, folder: &str) -> Vec<String> {
        let entries = self.root().join(folder).read_dir_utf8();
        let mut names: Vec<String> =
            entries.into_iter().flatten().flatten().map(|entry| entry.file_name().to_owned()).collect();
        names.sort();
        names
    }

    /// The text of a file below piku's root; empty if it does not exist.
    #[must_use]
    pub fn text(&self, file: &str) -> String {
        fs::read(self.root().join(file))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Starts the emperor, and waits until it answers on its stats socket.
    ///
    /// # Panics
    ///
    /// When it ends at once, or is already running.
    pub fn start_emperor(&mut self) {
        assert!(self.emperor.is_none(), "one server has one emperor");
        let log = self.home().join("emperor.log");
        let file = File::create(&log).expect("a log can be made");
        let both = file.try_clone().expect("an open file can be opened twice");
        let mut command = self.command(piku::program().as_str());
        command.arg("emperor").stdin(Stdio::null()).stdout(file).stderr(both);
        let mut emperor = self.namespace.start_process("the emperor", &mut command);
        eventually("the emperor can be asked", || {
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(emperor.ended().is_none(), "the emperor ended at once: {}", said());
            let sockets = self.root().join("uwsgi").read_dir_utf8().into_iter().flatten().flatten();
            // The emperor of the original piku has one of its own there.
            let ours = sockets.into_iter().filter(|entry| entry.file_name() != "uwsgi.sock");
            ours.into_iter().find(|entry| UnixStream::connect(entry.path()).is_ok())
        });
        self.emperor = Some(emperor);
    }

    /// Stops the emperor, and with it every app.
    pub fn stop_emperor(&mut self) {
        self.emperor = None;
    }

    /// Kills the emperor with SIGKILL, so that it can't clean up.
    ///
    /// # Panics
    ///
    /// When it is not running.
    pub fn kill_emperor(&mut self) {
        let emperor = self.emperor.take().expect("an emperor runs");
        let worker = self.text("uwsgi/emperor.pid");
        let is_emperor =
            |process: &&Running| process.id == emperor.id() || worker.trim() == process.id.to_string();
        // Its master, and the master's child that starts the vassals.
        self.processes().tree_of(emperor.id()).iter().filter(is_emperor).for_each(Running::kill);
    }

    /// The emperor's process id.
    #[must_use]
    pub fn emperor_id(&self) -> Option<u32> {
        self.emperor.as_ref().map(Process::id)
    }

    /// A new file name in the server's home.
    #[must_use]
    pub fn scratch(&self, name: &str) -> Utf8PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.home().join(format!("{name}.{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the server's user was {:?}", self.namespace.account());
            logs::show(self.home());
        }
        self.emperor = None;
        self.nginx = None;
        self.sshd.stop();
        // Sessions and the last children of uWSGI may need a moment to end.
        let mut left = self.processes();
        for _ in 0..250 {
            if left.is_empty() {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(20));
            left = self.processes();
        }
        left.iter().for_each(Running::kill);
        let commands: Vec<String> =
            left.iter().map(|process| format!("{} {}", process.id, process.command)).collect();
        eprintln!("processes were left over and had to be killed:\n{}", commands.join("\n"));
        assert!(thread::panicking(), "processes of the server were left over");
    }
}

fn quoted<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
    shlex::try_join(words.iter().map(String::as_str)).expect("no word of a command holds a NUL")
}
