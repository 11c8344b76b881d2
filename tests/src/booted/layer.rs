//! The layer above a root that holds what installing piku's package changed: made once for each package.

use std::fs;
use std::time::{Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use super::{BootedServer, Debian, folders, overlay};

/// The package that `cargo xtask dist` made last: `target/dist/piku_*.deb`.
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

/// As [`package`], for those that can't do without.
pub(crate) fn require_package() -> Utf8PathBuf {
    package().expect("there is a package in target/dist: `cargo xtask dist` makes it")
}

/// The layer of this package: made now when there is none, waited for when somebody else is making it.
///
/// # Panics
///
/// When the package can't be installed, or takes no key.
pub(crate) fn installed(debian: Debian, base: &Utf8Path) -> Utf8PathBuf {
    let package = require_package();
    let content = fs::read(&package).unwrap_or_else(|error| panic!("{package} can't be read: {error}"));
    let name = format!("installed-{}", folders::stamp(&(content, base.as_str())));
    let layer = folders::of(debian).join(name);
    let _lock = folders::lock(&folders::of(debian).join("installed.lock"));
    if !layer.is_dir() {
        remove_unused(debian);
        make(debian, base, &package, &layer);
    }
    layer
}

fn make(debian: Debian, base: &Utf8Path, package: &Utf8Path, layer: &Utf8Path) {
    let begin = Instant::now();
    folders::tell(&format!("installing {package} on {debian}, once"));
    let mut server = BootedServer::start(&[base], None, None);
    server.install_package_from(package).succeeds();
    server.root("cat /home/laptop/.ssh/id_ed25519.pub | piku setup:ssh -").succeeds();
    server.power_off();
    server.keep_as(layer);
    folders::tell(&format!("{package} is installed on {debian}: {:.1} s", begin.elapsed().as_secs_f64()));
}

/// Layers of earlier packages take a few hundred megabytes each.
fn remove_unused(debian: Debian) {
    for entry in folders::of(debian).read_dir_utf8().into_iter().flatten().flatten() {
        if entry.file_name().starts_with("installed-")
            && entry.path().is_dir()
            && !overlay::is_used(entry.path())
        {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
