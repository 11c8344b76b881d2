//! Examines piku's root folder: whether it is complete, who may read it, and whether an app is busy.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::app::AppName;
use crate::host::files;
use crate::root::Root;

/// A file or folder with secrets that others may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exposed {
    pub(crate) path: Utf8PathBuf,
    /// Its permission bits.
    pub(crate) mode: u32,
    /// Folders matter more, since a closed folder protects everything in it.
    pub(crate) is_folder: bool,
}

/// The folders that `setup` creates.
pub(super) fn folders(root: &Root) -> Vec<Utf8PathBuf> {
    let mut folders = vec![
        root.apps(),
        root.all_releases(),
        root.all_data(),
        root.all_caches(),
        root.nginx(),
        root.run(),
        root.acme(),
    ];
    folders.extend(secret(root));
    folders
}

/// Whether the folders and the emperor's configuration exist.
pub(crate) fn is_complete(root: &Root) -> bool {
    folders(root).iter().all(|folder| folder.is_dir()) && root.emperor_ini().is_file()
}

/// The folders that hold secrets.
fn secret(root: &Root) -> Vec<Utf8PathBuf> {
    vec![
        root.repos(),
        root.envs(),
        root.all_logs(),
        root.uwsgi(),
        root.uwsgi_available(),
        root.uwsgi_enabled(),
        root.locks(),
        root.ports(),
    ]
}

pub(super) fn exposed(root: &Root) -> Vec<Exposed> {
    let folders = secret(root).into_iter().chain([root.keys()]).filter_map(|path| check(path, true));
    let settings = in_folder(&root.envs())
        .into_iter()
        .flat_map(|folder| ["ENV", "LIVE_ENV"].map(|name| folder.join(name)));
    let certificates = in_folder(&root.nginx()).into_iter().filter(|path| path.extension() == Some("key"));
    let files = settings.chain(certificates).chain([root.server_settings()]);
    folders.chain(files.filter_map(|path| check(path, false))).collect()
}

fn check(path: Utf8PathBuf, is_folder: bool) -> Option<Exposed> {
    let mode = path.metadata().ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(Exposed { path, mode, is_folder })
}

fn in_folder(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    files::names(folder).unwrap_or_default().iter().map(|name| folder.join(name)).collect()
}

/// Whether an operation holds the lock of the app.
pub(crate) fn is_busy(root: &Root, app: &AppName) -> bool {
    let path = root.lock(app);
    files::exists(&path) && files::open_to_lock(&path).is_ok_and(|file| file.try_lock().is_err())
}
