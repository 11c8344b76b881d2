//! Layers above a root with the changes of installing piku's package: made once for each package.

use std::fs;
use std::hash::Hash;
use std::process::Command;
use std::time::{Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use super::{BootedServer, Debian, folders, overlay};

/// The latest package of `cargo xtask dist`: `target/dist/piku_*.deb`.
#[must_use]
pub fn package() -> Option<Utf8PathBuf> {
    let entries =
        crate::piku::workspace().join("target/dist").read_dir_utf8().into_iter().flatten().flatten();
    let is_package = |path: &Utf8PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.starts_with("piku_") && name.ends_with(".deb")
    };
    let made = |path: &Utf8PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
    let packages = entries.map(|entry| entry.into_path()).filter(is_package);
    packages.max_by_key(|path| made(path).unwrap_or(SystemTime::UNIX_EPOCH))
}

/// Like [`package`], but required.
pub(crate) fn require_package() -> Utf8PathBuf {
    package().expect("there is a package in target/dist: `cargo xtask dist` makes it")
}

/// The layers of this package above a root, the upper ones first: made now, or waited for if another process is
/// making them.
///
/// # Panics
///
/// When the package can't be installed, or does not accept a key.
pub(crate) fn installed(debian: Debian, base: &Utf8Path) -> Vec<Utf8PathBuf> {
    let package = require_package();
    let below = with_dependencies(debian, base);
    let content = fs::read(&package).unwrap_or_else(|error| panic!("{package} can't be read: {error}"));
    let layer = layer(debian, "installed", &(content, &below), &below, |server| {
        server.install_package_from(&package).succeeds();
        server.root("cat /home/laptop/.ssh/id_ed25519.pub | piku setup:ssh -").succeeds();
    });
    [layer].into_iter().chain(below).collect()
}

/// The layers of a machine with everything the package depends on, without the package. They take most of the time of
/// an installation, and most packages share them.
///
/// # Panics
///
/// When the dependencies can't be installed.
pub(crate) fn with_dependencies(debian: Debian, base: &Utf8Path) -> Vec<Utf8PathBuf> {
    let package = require_package();
    let mut fields = Command::new("dpkg-deb");
    let fields =
        fields.args(["--showformat", "${Depends}, ${Recommends}", "--show", package.as_str()]).output();
    let wanted = fields.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let wanted = wanted.unwrap_or_else(|error| panic!("dpkg-deb can't be started: {error}"));
    let below = vec![base.to_owned()];
    let layer = layer(debian, "dependencies", &(&wanted, &below), &below, |server| {
        server.root(&format!("DEBIAN_FRONTEND=noninteractive apt-get satisfy -qq -y '{wanted}'")).succeeds();
    });
    [layer].into_iter().chain(below).collect()
}

/// The layer of this kind and content, above others.
fn layer(
    debian: Debian,
    kind: &str,
    content: &impl Hash,
    below: &[Utf8PathBuf],
    make: impl FnOnce(&BootedServer),
) -> Utf8PathBuf {
    let layer = folders::of(debian).join(format!("{kind}-{}", folders::stamp(content)));
    let _lock = folders::lock(&folders::of(debian).join(format!("{kind}.lock")));
    if !layer.is_dir() {
        remove_unused(debian, kind);
        let begin = Instant::now();
        folders::tell(&format!("making the layer {layer}, once"));
        let mut server = BootedServer::start(below, None, None);
        make(&server);
        server.power_off();
        server.keep_as(&layer);
        folders::tell(&format!("the layer {layer} is made: {:.1} s", begin.elapsed().as_secs_f64()));
    }
    layer
}

/// Each unused layer takes a few hundred megabytes.
fn remove_unused(debian: Debian, kind: &str) {
    for entry in folders::of(debian).read_dir_utf8().into_iter().flatten().flatten() {
        if entry.file_name().starts_with(&format!("{kind}-"))
            && entry.path().is_dir()
            && !overlay::is_used(entry.path())
        {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
