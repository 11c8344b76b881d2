//! What is installed on this machine, and what a test does if something is missing.
//!
//! A test that needs more than git, sshd, uWSGI, and Python declares it in its first line:
//!
//! ```no_run
//! # fn test() {
//! piku_tests::needs!(nginx, pypi);
//! # }
//! ```
//!
//! If that is missing, the test is skipped and says why; if the variable `CI` is set, it fails.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::booted;

/// Something that not every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// nginx is installed, and ports 80 and 443 can be bound.
    Nginx,
    /// uWSGI is installed from the system's packages, with its Python plugin.
    SystemUwsgi,
    /// The Python package index answers.
    Pypi,
    /// pyenv has a Python of another minor version than the system's.
    Pyenv,
    /// Node.js and npm are installed.
    Node,
    /// The npm registry answers.
    Npm,
    /// crates.io answers.
    Crates,
    /// Go is installed.
    Go,
    /// Ruby is installed, with Sinatra and WEBrick.
    Ruby,
    /// uWSGI's plugin for PHP is installed.
    Php,
    /// uWSGI's plugin for Ruby is installed, and Rack.
    Rack,
    /// uWSGI's plugin for Java is installed, and a compiler.
    Jwsgi,
    /// uWSGI's plugins for gevent and asyncio are installed.
    Greenlets,
    /// Gradle and a JDK are installed.
    Gradle,
    /// Leiningen and a JDK are installed.
    Leiningen,
    /// Ruby and bundler are installed.
    Bundler,
    /// Composer is installed.
    Composer,
    /// uv is among the [`tool`]s.
    Uv,
    /// Poetry is among the [`tool`]s.
    Poetry,
    /// pnpm is among the [`tool`]s.
    Pnpm,
    /// Yarn 1 is among the [`tool`]s.
    Yarn,
    /// Programs can be started as another user.
    Root,
    /// Servers can have their own users and processes: the tests run as root, which may make namespaces.
    Namespaces,
    /// strace is installed and may be used.
    Strace,
    /// The library of faketime is installed.
    Faketime,
    /// An ACME server of one's own is installed.
    Pebble,
    /// Servers can be booted: root, systemd-nspawn, and Debian roots or the tools to make them.
    Booted,
    /// `cargo xtask dist` has made a package.
    Package,
}

impl Need {
    /// What is missing, if anything.
    #[must_use]
    pub fn missing(self) -> Option<String> {
        let says = |here: bool, text: &str| (!here).then(|| text.to_owned());
        match self {
            Self::Nginx if find("nginx").is_none() => Some("nginx is not installed".to_owned()),
            Self::Nginx => closed_port().map(|error| format!("port 80 can't be opened: {error}")),
            Self::SystemUwsgi => says(system_uwsgi(), "uWSGI and its Python plugin are not installed"),
            Self::Npm => says(answers("registry.npmjs.org"), "the npm registry can't be reached"),
            Self::Crates => says(answers("index.crates.io"), "crates.io can't be reached"),
            Self::Go => says(find("go").is_some(), "Go is not installed"),
            Self::Ruby => says(has_sinatra(), "Ruby with Sinatra and WEBrick is not installed"),
            Self::Php => says(has_plugin("php"), "uWSGI's plugin for PHP is not installed"),
            Self::Rack => says(has_rack(), "uWSGI's plugin for Ruby, or Rack, is not installed"),
            Self::Jwsgi => says(
                has_plugin("jwsgi") && find("javac").is_some(),
                "uWSGI's plugin for Java, or a JDK, is not installed",
            ),
            Self::Greenlets => says(
                has_plugin("gevent_python3") && has_plugin("asyncio_python3"),
                "uWSGI's plugins for gevent and asyncio are not installed",
            ),
            Self::Gradle => says(has_all(&["gradle", "javac"]), "Gradle, or a JDK, is not installed"),
            Self::Leiningen => says(has_all(&["lein", "javac"]), "Leiningen, or a JDK, is not installed"),
            Self::Bundler => says(has_all(&["bundle", "ruby"]), "bundler is not installed"),
            Self::Composer => says(has_all(&["composer"]), "Composer is not installed"),
            Self::Uv => says(tool("uv").is_some(), "uv is not installed"),
            Self::Poetry => says(tool("poetry").is_some(), "Poetry is not installed"),
            Self::Pnpm => says(tool("pnpm").is_some(), "pnpm is not installed"),
            Self::Yarn => says(tool("yarn").is_some(), "Yarn is not installed"),
            Self::Pypi => says(pypi_answers(), "pypi.org can't be reached"),
            Self::Pyenv => {
                says(other_python().is_some(), "pyenv has no Python of another version than the system's")
            }
            Self::Node => says(has_all(&["node", "npm"]), "Node.js and npm are not installed"),
            Self::Root => says(is_root(), "this is not root"),
            Self::Namespaces => says(has_namespaces(), "this is not root, or namespaces can't be made"),
            Self::Booted => booted::missing(),
            Self::Package => {
                says(booted::package().is_some(), "there is no package: `cargo xtask dist` makes it")
            }
            Self::Faketime => says(faketime().is_some(), "faketime is not installed"),
            Self::Pebble => says(has_all(&["pebble", "pebble-challtestsrv"]), "pebble is not installed"),
            Self::Strace => says(strace_works(), "strace is not installed, or may not be used"),
        }
    }
}

/// Why port 80 can't be bound, if so. Checked once: two tests at the same time would find each other there.
fn closed_port() -> Option<&'static io::Error> {
    static TRIED: OnceLock<Option<io::Error>> = OnceLock::new();
    TRIED.get_or_init(|| TcpListener::bind(("127.91.80.1", 80)).err()).as_ref()
}

/// The library that changes the time that a program sees.
#[must_use]
pub fn faketime() -> Option<Utf8PathBuf> {
    let folders = Utf8Path::new("/usr/lib").read_dir_utf8().into_iter().flatten().flatten();
    let library = |folder: camino::Utf8DirEntry| folder.path().join("faketime/libfaketime.so.1");
    folders.map(library).find(|library| library.is_file())
}

fn strace_works() -> bool {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// Skips the test if one of the named needs is missing: `needs!(nginx, pypi)`.
#[macro_export]
macro_rules! needs {
    ($($need:ident),+ $(,)?) => {
        $(if !$crate::machine::has($crate::needs!(@ $need)) {
            return;
        })+
    };
    (@ nginx) => { $crate::machine::Need::Nginx };
    (@ system_uwsgi) => { $crate::machine::Need::SystemUwsgi };
    (@ pypi) => { $crate::machine::Need::Pypi };
    (@ pyenv) => { $crate::machine::Need::Pyenv };
    (@ node) => { $crate::machine::Need::Node };
    (@ npm) => { $crate::machine::Need::Npm };
    (@ crates) => { $crate::machine::Need::Crates };
    (@ go) => { $crate::machine::Need::Go };
    (@ ruby) => { $crate::machine::Need::Ruby };
    (@ php) => { $crate::machine::Need::Php };
    (@ rack) => { $crate::machine::Need::Rack };
    (@ jwsgi) => { $crate::machine::Need::Jwsgi };
    (@ greenlets) => { $crate::machine::Need::Greenlets };
    (@ gradle) => { $crate::machine::Need::Gradle };
    (@ leiningen) => { $crate::machine::Need::Leiningen };
    (@ bundler) => { $crate::machine::Need::Bundler };
    (@ composer) => { $crate::machine::Need::Composer };
    (@ uv) => { $crate::machine::Need::Uv };
    (@ poetry) => { $crate::machine::Need::Poetry };
    (@ pnpm) => { $crate::machine::Need::Pnpm };
    (@ yarn) => { $crate::machine::Need::Yarn };
    (@ namespaces) => { $crate::machine::Need::Namespaces };
    (@ root) => { $crate::machine::Need::Root };
    (@ booted) => { $crate::machine::Need::Booted };
    (@ package) => { $crate::machine::Need::Package };
    (@ faketime) => { $crate::machine::Need::Faketime };
    (@ pebble) => { $crate::machine::Need::Pebble };
    (@ strace) => { $crate::machine::Need::Strace };
}

/// Whether the need is met; if not, prints why, and records the skipped test for `cargo xtask test`.
///
/// # Panics
///
/// When it is not met and the variable `CI` is set.
#[must_use]
pub fn has(need: Need) -> bool {
    let Some(why) = need.missing() else { return true };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(env::var_os("CI").is_none(), "{test} can't be skipped in CI: {why}");
    eprintln!("skipped: {why}");
    if let Some(list) = env::var_os("PIKU_TESTS_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(list);
        drop(file.and_then(|mut file| writeln!(file, "{test}: {why}")));
    }
    false
}

/// The folders in which a server's user finds programs.
pub const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Finds a program in [`SEARCH_PATH`].
#[must_use]
pub fn find(program: &str) -> Option<Utf8PathBuf> {
    SEARCH_PATH.split(':').map(|folder| Utf8Path::new(folder).join(program)).find(|path| path.is_file())
}

/// The folder of tools from package registries, which a server only has if they are lent to it.
#[must_use]
pub fn tools() -> Utf8PathBuf {
    crate::piku::workspace().join("target/tools")
}

/// Finds such a tool: `uv`, `poetry`, `pnpm`, `yarn`. `cargo xtask test` installs them.
#[must_use]
pub fn tool(name: &str) -> Option<Utf8PathBuf> {
    ["bin", "node_modules/.bin"].iter().map(|folder| tools().join(folder).join(name)).find(|it| it.is_file())
}

/// Finds a program that the fixtures require.
///
/// # Panics
///
/// When it is not installed; the message says how to get it.
#[must_use]
pub fn require(program: &str) -> Utf8PathBuf {
    find(program)
        .unwrap_or_else(|| panic!("`{program}` is missing: `cargo xtask test` installs what the tests need"))
}

/// Whether the tests run as root.
#[must_use]
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether servers can have their own namespaces and users; checked once.
///
/// # Panics
///
/// When root may not make them and the variable `CI` is set.
#[must_use]
pub fn has_namespaces() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let words = ["--mount", "--pid", "--fork", "--mount-proc", "true"];
        let made =
            || Command::new("unshare").args(words).output().is_ok_and(|output| output.status.success());
        let has = is_root() && made();
        assert!(has || !is_root() || env::var_os("CI").is_none(), "root may not make namespaces here");
        if !has {
            eprintln!("no namespaces: every server runs as {}, beside all that runs here", user());
        }
        has
    })
}

/// The name of the user who runs the tests.
///
/// # Panics
///
/// When the system does not know the user.
#[must_use]
pub fn user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
    user.ok().flatten().expect("the user who runs the tests has a name").name
}

fn system_uwsgi() -> bool {
    let plugins = fs::read_dir("/usr/lib/uwsgi/plugins").into_iter().flatten().flatten();
    find("uwsgi").is_some()
        && plugins.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("python3"))
}

fn has_all(programs: &[&str]) -> bool {
    programs.iter().all(|program| find(program).is_some())
}

fn has_plugin(name: &str) -> bool {
    find("uwsgi").is_some()
        && Utf8Path::new("/usr/lib/uwsgi/plugins").join(format!("{name}_plugin.so")).exists()
}

fn has_rack() -> bool {
    let asked = find("ruby").map(|ruby| Command::new(ruby).args(["-rrack", "-e", "0"]).output());
    has_plugin("rack") && asked.is_some_and(|asked| asked.is_ok_and(|output| output.status.success()))
}

fn has_sinatra() -> bool {
    find("ruby").is_some_and(|ruby| {
        let asked = Command::new(ruby).args(["-rsinatra/base", "-rwebrick", "-e", "0"]).output();
        asked.is_ok_and(|output| output.status.success())
    })
}

fn pypi_answers() -> bool {
    let index = env::var("PIP_INDEX_URL").unwrap_or_else(|_| "https://pypi.org/".to_owned());
    let host = index.split("://").last().and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    answers(host)
}

/// Whether the host accepts HTTPS connections; checked once.
fn answers(host: &str) -> bool {
    static KNOWN: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(host.to_owned()).or_insert_with(|| {
        let addresses: Vec<SocketAddr> =
            (host, 443).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
        addresses.iter().any(|address| TcpStream::connect_timeout(address, Duration::from_secs(5)).is_ok())
    })
}

/// A Python from pyenv that differs from the system's: pyenv's root, and the version, such as `3.12`.
#[must_use]
pub fn other_python() -> Option<(Utf8PathBuf, String)> {
    let root = env::var("PYENV_ROOT").ok().or_else(|| Some(format!("{}/.pyenv", env::var("HOME").ok()?)))?;
    let root = Utf8PathBuf::from(root);
    let system = python_version("/usr/bin/python3")?;
    let mut versions: Vec<(u32, String)> = root
        .join("versions")
        .read_dir_utf8()
        .ok()?
        .flatten()
        .filter(|entry| entry.path().join("bin/python3").is_file())
        .filter_map(|entry| minor(entry.file_name()))
        .filter(|(_, version)| *version != system)
        .collect();
    versions.sort();
    Some((root, versions.pop()?.1))
}

fn python_version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(minor(String::from_utf8(output.stdout).ok()?.trim().strip_prefix("Python ")?)?.1)
}

/// The minor version of `3.12.1`, and `3.12`.
fn minor(version: &str) -> Option<(u32, String)> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    (major == "3").then_some((minor.parse().ok()?, format!("{major}.{minor}")))
}
