//! Whole servers: a Debian that its own systemd booted, with the piku of its package.
//!
//! A server is a `systemd-nspawn` container. Its only network is its own loopback; everything that can be installed
//! is in its apt cache and in `/opt/wheels`. Two people use it, [`BootedServer::root`] and [`BootedServer::laptop`].
//!
//! ```no_run
//! use piku_tests::booted::{BootedServer, Debian};
//! use piku_tests::needs;
//!
//! # fn test() {
//! needs!(booted, package);
//! for debian in Debian::ALL {
//!     let mut server = BootedServer::installed(debian);
//!     server.laptop_has_app("hello-wsgi", "blog");
//!     server.laptop("cd blog && git push piku main").succeeds();
//!     server.reboot();
//!     assert_eq!(server.unit_property("piku.service", "NRestarts"), "0");
//! }
//! # }
//! ```
//!
//! What servers share is made once and kept below `target/servers` (or `PIKU_TESTS_SERVERS`): `root` makes the root
//! of each release, `layer` what installing the package adds to it. Each server has an `overlay` above them, and
//! leaves nothing behind.

mod boot;
mod debian;
mod folders;
mod groups;
mod layer;
pub mod manual;
mod nginx;
mod overlay;
mod people;
mod root;

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

pub use debian::{Debian, mirror};
pub use groups::{Limits, MemoryUse};
pub use layer::package;
pub use nginx::nginx_of;

use crate::machine;
use crate::processes::Processes;
use crate::slots::{self, Slot};
use crate::{Outcome, eventually_within, http};
use boot::Machine;
use overlay::Overlay;

/// A server booted by systemd; dropping it turns it off and removes it.
///
/// At most two are on at the same time in one process.
#[derive(Debug)]
pub struct BootedServer {
    // Turned off before its files are removed.
    machine: Option<Machine>,
    overlay: Option<Overlay>,
    limits: Option<Limits>,
    _slot: Option<Slot>,
}

impl BootedServer {
    /// A fresh Debian, without piku.
    #[must_use]
    pub fn boot(debian: Debian) -> Self {
        Self::boot_within(debian, None)
    }

    /// Like [`Self::boot`], on a machine with these limits.
    #[must_use]
    pub fn boot_within(debian: Debian, limits: impl Into<Option<Limits>>) -> Self {
        let slot = slots::BOOTED.take();
        Self::start(&[root::base(debian)], limits.into(), Some(slot))
    }

    /// A Debian with everything that piku's package depends on, without piku.
    ///
    /// # Panics
    ///
    /// As [`Self::installed`].
    #[must_use]
    pub fn with_dependencies(debian: Debian) -> Self {
        let slot = slots::BOOTED.take();
        let base = root::base(debian);
        Self::start(&layer::with_dependencies(debian, &base), None, Some(slot))
    }

    /// A Debian with piku's package installed and the laptop's key added.
    ///
    /// # Panics
    ///
    /// When there is no package in `target/dist`, or it can't be installed.
    #[must_use]
    pub fn installed(debian: Debian) -> Self {
        Self::installed_within(debian, None)
    }

    /// Like [`Self::installed`], on a machine with these limits; they do not apply to the installation.
    ///
    /// # Panics
    ///
    /// As [`Self::installed`].
    #[must_use]
    pub fn installed_within(debian: Debian, limits: impl Into<Option<Limits>>) -> Self {
        let slot = slots::BOOTED.take();
        let base = root::base(debian);
        Self::start(&layer::installed(debian, &base), limits.into(), Some(slot))
    }

    fn start(layers: &[Utf8PathBuf], limits: Option<Limits>, slot: Option<Slot>) -> Self {
        let overlay = Overlay::mount(layers);
        let machine = Some(Machine::boot(&overlay, limits));
        Self { machine, overlay: Some(overlay), limits, _slot: slot }
    }

    fn machine(&self) -> &Machine {
        self.machine.as_ref().expect("the server is on")
    }

    fn overlay(&self) -> &Overlay {
        self.overlay.as_ref().expect("the server has its files until it is dropped")
    }

    /// How long the last boot took, until systemd had started everything.
    ///
    /// # Panics
    ///
    /// When the server is off.
    #[must_use]
    pub fn booted_in(&self) -> Duration {
        self.machine().booted_in()
    }

    /// The pid of its process 1 on this machine: `nsenter --target NUMBER --all` enters the server.
    ///
    /// # Panics
    ///
    /// When the server is off.
    #[must_use]
    pub fn init_id(&self) -> u32 {
        self.machine().init_id()
    }

    /// The server's `/`, as a folder of this machine, without the contents of `/run`, `/tmp`, and `/dev`.
    #[must_use]
    pub fn files(&self) -> Utf8PathBuf {
        self.overlay().root()
    }

    /// Installs the latest package of `cargo xtask dist` as a user does: `apt-get install ./piku_….deb`.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn install_package(&self) -> Outcome {
        self.install_package_from(&layer::require_package())
    }

    /// Like [`Self::install_package`], with another file.
    ///
    /// # Panics
    ///
    /// When the file can't be copied to the server.
    #[must_use]
    pub fn install_package_from(&self, package: &Utf8Path) -> Outcome {
        let name = package.file_name().expect("a package is a file");
        self.push_files(package, &Utf8Path::new("/root").join(name));
        self.root(&format!("DEBIAN_FRONTEND=noninteractive apt-get install -y ./{name}"))
    }

    /// Copies a file or folder of this machine to the server, owned by root, with its modes.
    ///
    /// # Panics
    ///
    /// When it can't be copied.
    pub fn push_files(&self, from: &Utf8Path, to: &Utf8Path) {
        let to = self.on_disk(to);
        let mut copy = Command::new("cp");
        copy.args(["--recursive", "--no-target-directory", "--preserve=mode", from.as_str(), to.as_str()]);
        let output = copy.output().expect("cp starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes a file on the server, owned by root, mode 644; makes its parent folders.
    ///
    /// # Panics
    ///
    /// When it can't be written.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.on_disk(Utf8Path::new(path));
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .unwrap_or_else(|error| panic!("{path} can't be written: {error}"));
    }

    /// The text of a file on the server; empty if there is none.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        let bytes = fs::read(self.on_disk(Utf8Path::new(path))).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The path on this machine of a path on the server. Links in it are resolved on this machine.
    fn on_disk(&self, path: &Utf8Path) -> Utf8PathBuf {
        let path = path.strip_prefix("/").unwrap_or(path);
        assert!(
            !["run", "tmp", "dev", "proc", "sys"].iter().any(|folder| path.starts_with(folder)),
            "/{path} is not on the server's disk"
        );
        self.files().join(path)
    }

    /// Runs `what` in a thread in the server's network: [`http`], [`load`](crate::load), and commands it starts reach
    /// the server at 127.0.0.1. Threads it starts stay in that network.
    ///
    /// # Panics
    ///
    /// When `what` panics, or the server is off.
    pub fn in_network<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
        use std::os::fd::AsFd;
        let path = format!("/proc/{}/ns/net", self.init_id());
        let network = File::open(&path).unwrap_or_else(|error| panic!("{path} can't be opened: {error}"));
        let inside = thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("root may go into another network");
                what()
            });
            thread.join()
        });
        inside.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Requests a path of a host over HTTP.
    ///
    /// # Errors
    ///
    /// When nothing listens, or there is no complete answer.
    pub fn try_get(&self, host: &str, path: &str) -> io::Result<http::Response> {
        self.in_network(|| http::get(SocketAddr::from((Ipv4Addr::LOCALHOST, 80)), host, path))
    }

    /// Requests a path of a host over HTTP.
    ///
    /// # Panics
    ///
    /// When there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn get(&self, host: &str, path: &str) -> http::Response {
        self.try_get(host, path).unwrap_or_else(|error| panic!("http://{host}{path}: {error}"))
    }

    /// Requests a path of a host over HTTPS, without verifying the certificate.
    ///
    /// # Panics
    ///
    /// When there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn get_https(&self, host: &str, path: &str) -> http::Response {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 443));
        let answer = self.in_network(|| http::get_https(address, host, path));
        answer.unwrap_or_else(|error| panic!("https://{host}{path}: {error}"))
    }

    /// A property of a unit: `unit_property("piku.service", "NRestarts")` is "0".
    #[track_caller]
    #[must_use]
    pub fn unit_property(&self, unit: &str, property: &str) -> String {
        let shown = self.root(&format!("systemctl show --value --property={property} {unit}")).succeeds();
        shown.stdout.trim().to_owned()
    }

    /// The journal of a unit since the last boot.
    #[must_use]
    pub fn journal(&self, unit: &str) -> String {
        self.root(&format!("journalctl --boot --no-pager --output=short --unit={unit}")).stdout
    }

    /// Every process of the server.
    ///
    /// # Panics
    ///
    /// When the server is off.
    #[must_use]
    pub fn processes(&self) -> Processes {
        Processes::in_namespace(self.init_id(), &[])
    }

    /// The memory that the server used.
    ///
    /// # Panics
    ///
    /// When it has no limits, or the kernel does not count memory.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        self.machine().groups().memory().expect("the memory of a server with limits is counted")
    }

    /// Waits until the server has not used up its share of a processor for a second: everything it was asked to do is
    /// done, and what followed from it.
    ///
    /// # Panics
    ///
    /// When it has no limits, or is still busy after a minute.
    pub fn await_rest(&self) {
        let throttled =
            || self.machine().groups().throttled().expect("a limited server's waiting is counted");
        let mut last = (throttled(), Instant::now());
        eventually_within(Duration::from_secs(60), "the server is at rest", || {
            let now = throttled();
            if now != last.0 {
                last = (now, Instant::now());
            }
            (last.1.elapsed() > Duration::from_secs(1)).then_some(())
        });
    }

    /// Makes systemd stop everything, and waits for the end. The files stay; [`Self::power_on`] boots again.
    ///
    /// # Panics
    ///
    /// When it takes more than two minutes.
    pub fn power_off(&mut self) {
        self.machine.take().expect("the server is on").power_off();
    }

    /// Boots again.
    ///
    /// # Panics
    ///
    /// When it is on, or does not boot.
    pub fn power_on(&mut self) {
        assert!(self.machine.is_none(), "the server is on");
        self.machine = Some(Machine::boot(self.overlay(), self.limits));
    }

    /// Shuts down and boots again.
    pub fn reboot(&mut self) {
        self.power_off();
        self.power_on();
    }

    /// Kills everything at once and boots again.
    ///
    /// Everything that programs had written is on the disk, synced or not, because this machine's kernel goes on. A
    /// half-written file, or one that a rename was about to replace, shows as after a real power cut; writes lost
    /// before they reached the disk do not.
    pub fn power_cut(&mut self) {
        self.machine.take().expect("the server is on").pull_plug();
        self.power_on();
    }

    /// Keeps the changes as a layer.
    fn keep_as(mut self, layer: &Utf8Path) {
        assert!(self.machine.is_none(), "a server is off before its files are kept");
        self.overlay.take().expect("the server has its files").keep_as(layer);
    }

    /// A new file name beside the server's files.
    fn scratch(&self, name: &str) -> Utf8PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.overlay().beside(&format!("{name}.{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Drop for BootedServer {
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(machine) = &self.machine
        {
            let journal = ["journalctl", "--boot", "--no-pager", "--lines=60"];
            let said = machine.command(&journal).output().map(|output| output.stdout).unwrap_or_default();
            eprintln!("--- the end of the server's journal\n{}", String::from_utf8_lossy(&said));
        }
    }
}

/// Makes the root of this release, if it does not exist.
///
/// Servers do so themselves; `cargo xtask test` does it first, so that no test seems slow because of it.
///
/// # Panics
///
/// When it can't be made.
pub fn prepare(debian: Debian) {
    root::base(debian);
}

/// What this machine lacks to boot servers, if anything.
pub(crate) fn missing() -> Option<String> {
    if !machine::is_root() {
        return Some("servers can only be booted by root".to_owned());
    }
    if let Some(program) =
        ["systemd-nspawn", "nsenter", "setsid"].iter().find(|it| machine::find(it).is_none())
    {
        return Some(format!("{program} is not installed"));
    }
    if !fs::read_to_string("/proc/filesystems").unwrap_or_default().contains("\toverlay") {
        return Some("the kernel has no overlayfs".to_owned());
    }
    if Debian::ALL.into_iter().all(root::is_made) {
        return None;
    }
    // The rest is needed only to make roots.
    if machine::find("debootstrap").is_none() {
        return Some("debootstrap is not installed".to_owned());
    }
    let Some(mirror) = mirror() else {
        return Some("apt's configuration names no Debian archive".to_owned());
    };
    if !debian::mirror_answers(&mirror) {
        return Some(format!("{mirror} can't be reached"));
    }
    machine::Need::Pypi.missing()
}

/// The last lines of a log.
fn tail(log: &Utf8Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
