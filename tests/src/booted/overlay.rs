//! A server's own view of a shared root: an overlay whose changes are in a folder of its own.

use std::fs::{self, File};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use super::{boot, folders, groups};
use crate::eventually;
use crate::processes::{Processes, Running};

/// A mounted overlay and the folder of its changes; dropping it removes both.
#[derive(Debug)]
pub(crate) struct Overlay {
    folder: Utf8PathBuf,
    /// Locked while the owner lives, however it ends.
    _alive: File,
}

impl Overlay {
    /// Mounts the layers, the upper ones first. Removes what dead owners left.
    pub(crate) fn mount(layers: &[Utf8PathBuf]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let runs = folders::servers().join("run");
        fs::create_dir_all(&runs).unwrap_or_else(|error| panic!("{runs} can't be made: {error}"));
        // Between making and locking a folder, nobody may take it for that of a dead owner.
        let _lock = folders::lock(&runs.join("lock"));
        sweep(&runs);
        let name = format!("{}n{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = runs.join(name);
        for part in ["root", "upper", "work"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{path} can't be made: {error}"));
        }
        let overlay = Self { _alive: folders::lock(&folder.join("alive")), folder };
        let lower: Vec<&str> = layers.iter().map(|layer| layer.as_str()).collect();
        let (upper, work) = (overlay.upper(), overlay.folder.join("work"));
        let options = format!("index=off,lowerdir={},upperdir={upper},workdir={work}", lower.join(":"));
        let mut mount = Command::new("mount");
        mount.args(["-t", "overlay", "overlay", "-o", &options, overlay.root().as_str()]);
        let output = mount.output().expect("mount starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "an overlay can't be mounted: {said}");
        overlay
    }

    /// A name for the server, of letters and digits, unique on this machine.
    pub(crate) fn name(&self) -> String {
        format!("pk{}", self.folder.file_name().unwrap_or_default())
    }

    /// The folder that the server sees as `/`.
    pub(crate) fn root(&self) -> Utf8PathBuf {
        self.folder.join("root")
    }

    /// The changes of the server.
    pub(crate) fn upper(&self) -> Utf8PathBuf {
        self.folder.join("upper")
    }

    /// A file beside the root, for the fixture's own use.
    pub(crate) fn beside(&self, name: &str) -> Utf8PathBuf {
        self.folder.join(name)
    }

    /// Unmounts, and keeps the changes of the server as the layer `to`.
    pub(crate) fn keep_as(self, to: &Utf8Path) {
        unmount(&self.folder);
        fs::rename(self.upper(), to).unwrap_or_else(|error| panic!("{to} can't be made: {error}"));
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

/// Whether an overlay of this machine uses this folder as a layer.
pub(crate) fn is_used(layer: &Utf8Path) -> bool {
    fs::read_to_string("/proc/mounts").unwrap_or_default().contains(layer.as_str())
}

/// Removes servers whose owners have died.
fn sweep(runs: &Utf8Path) {
    for entry in runs.read_dir_utf8().into_iter().flatten().flatten() {
        let folder = entry.path();
        let alive = || File::options().append(true).open(folder.join("alive"));
        let is_dead = || alive().map_or(true, |file| file.try_lock().is_ok());
        if folder.is_dir() && is_dead() {
            folders::tell(&format!("removing {folder}, which a test that was killed has left"));
            let all = Processes::of_machine();
            for nspawn in all.iter().filter(|process| starts(process, folder)) {
                all.tree_of(nspawn.id).iter().for_each(Running::kill);
            }
            let name = format!("pk{}", entry.file_name());
            eventually("the server has ended", || groups::is_empty(&name).then_some(()));
            groups::remove(&name);
            boot::forget(&name, &folder.join("root"));
            remove(folder);
        }
    }
}

fn starts(process: &Running, folder: &Utf8Path) -> bool {
    let root = folder.join("root");
    process.command.contains("systemd-nspawn") && process.command.split(' ').any(|word| word == root.as_str())
}

fn remove(folder: &Utf8Path) {
    unmount(folder);
    if let Err(error) = fs::remove_dir_all(folder) {
        folders::tell(&format!("{folder} can't be removed: {error}"));
    }
}

fn unmount(folder: &Utf8Path) {
    let root = folder.join("root");
    let is_mounted = || {
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        mounts.lines().any(|line| line.split(' ').nth(1) == Some(root.as_str()))
    };
    if is_mounted() && !Command::new("umount").arg(&root).status().is_ok_and(|status| status.success()) {
        // A process that is about to end still uses it.
        drop(Command::new("umount").args(["--lazy", root.as_str()]).status());
    }
}
