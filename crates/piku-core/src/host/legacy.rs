//! The emperor of legacy piku (piku.py) and the processes that it runs, in a root that it made.
//!
//! A vassal belongs to the emperor whose folder has its file. Ours has a folder of its own in such a root, so that both
//! can run at the same time, and an app moves from one to the other when its file does.

use std::collections::BTreeSet;
use std::time::Duration;

use camino::Utf8Path;
use procfs::process::Process;
use rustix::process::{Pid, Signal};

use super::processes::ProcessTree;
use super::{HostError, emperor, files, wait};
use crate::app::AppName;
use crate::root::Root;

/// The vassal of legacy piku's emperor that is our emperor, while nothing else starts it. No app can have this name,
/// which begins with `_`.
const NESTED: &str = "_piku-emperor.ini";

/// How long an emperor may take to start a vassal, or to stop one that is an emperor itself.
const EMPEROR: Duration = Duration::from_secs(20);

/// The same root, if legacy piku made it, and our emperor has to keep apart from the one it left.
pub(crate) fn place(root: Root) -> Root {
    if is_beside(&root) { root.beside_legacy() } else { root }
}

fn is_beside(root: &Root) -> bool {
    let apart = root.clone().beside_legacy();
    if apart.uwsgi_enabled().is_dir() {
        return true;
    }
    if !root.legacy_emperor_ini().is_file() {
        return false;
    }
    // Without the link, no piku but the legacy one has ever prepared this root.
    if !files::exists(&root.launcher()) {
        return true;
    }
    let ours =
        || files::names(&root.legacy_enabled()).unwrap_or_default().iter().any(|name| name.contains('@'));
    !emperor::runs(&root.emperor_pid()) && emperor(root).is_some() && !ours()
}

/// The process of legacy piku's emperor that starts its vassals.
///
/// uWSGI goes into the folder that it watches, which tells it from all others.
pub(crate) fn emperor(root: &Root) -> Option<i32> {
    let folder = root.legacy_enabled();
    let folder = folder.canonicalize_utf8().unwrap_or(folder);
    let own = emperor::process_id(&root.emperor_pid()).map(|pid| pid.as_raw_nonzero().get());
    let there: Vec<Uwsgi> = all()
        .filter(|one| one.cwd.as_deref() == Some(folder.as_str()) && Some(one.pid) != own)
        .filter(|one| !one.command.iter().any(|word| word.ends_with(NESTED)))
        .collect();
    // A vassal is there too until it has read its file.
    there.iter().find(|one| !there.iter().any(|other| other.pid == one.parent)).map(|one| one.pid)
}

/// Makes legacy piku's emperor look for removed vassals now instead of within three seconds.
pub(crate) fn wake(root: &Root) {
    if let Some(pid) = emperor(root).and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, Signal::WINCH);
    }
}

/// Whether legacy piku's emperor runs ours.
pub(crate) fn is_nested(root: &Root) -> bool {
    root.is_beside_legacy() && files::exists(&root.legacy_enabled().join(NESTED))
}

/// Whether the file in the folder of legacy piku's vassals is our emperor.
pub(crate) fn is_our_emperor(file: &str) -> bool {
    file == NESTED
}

/// Lets legacy piku's emperor run ours, for as long as nothing else starts it. Does nothing without such an emperor.
pub(crate) fn nest(root: &Root) -> Result<bool, HostError> {
    if !root.is_beside_legacy() || emperor(root).is_none() {
        return Ok(false);
    }
    let Some(text) = files::read_text(&root.emperor_ini())? else { return Ok(false) };
    files::write(&root.legacy_enabled().join(NESTED), text.as_bytes(), 0o600)?;
    wake(root);
    Ok(true)
}

/// Ends our emperor if legacy piku's runs it, so that another one can take its place.
pub(crate) fn end_nested(root: &Root) -> Result<(), HostError> {
    if !is_nested(root) {
        return Ok(());
    }
    files::remove(&root.legacy_enabled().join(NESTED))?;
    wake(root);
    wait::until(EMPEROR, || (!emperor::holds(&root.emperor_lock())).then_some(()));
    Ok(())
}

/// Takes over the vassals of an emperor that does not run any more: moves their files to our emperor's folder. Keeps the
/// emperor's configuration beside ours, which takes its place.
pub(crate) fn inherit(root: &Root) -> Result<(), HostError> {
    if !root.is_beside_legacy() || emperor(root).is_some() {
        return Ok(());
    }
    for name in files::names(&root.legacy_enabled())?.iter().filter(|name| name.ends_with(".ini")) {
        let file = root.legacy_enabled().join(name);
        match is_our_emperor(name) {
            true => files::remove(&file)?,
            false => files::rename(&file, &root.uwsgi_enabled().join(name))?,
        }
    }
    let (ours, theirs) = (root.emperor_ini(), root.legacy_emperor_ini());
    let (text, old) = (files::read_text(&ours)?.unwrap_or_default(), files::read_text(&theirs)?);
    if old.as_deref() != Some(&text) {
        if old.is_some() {
            files::rename(&theirs, &theirs.with_extension("ini.legacy"))?;
        }
        files::write(&theirs, text.as_bytes(), 0o600)?;
    }
    Ok(())
}

/// The uWSGI masters of the vassal `file` of legacy piku, process `index` of `kind`, whoever is their emperor.
///
/// uWSGI shows app and kind in the names of its processes, and before that the name of the file.
pub(crate) fn masters(root: &Root, app: &AppName, kind: &str, index: u32, file: &str) -> Vec<i32> {
    let title = format!("{app}:{kind}:uWSGI master");
    let mut by_title = Vec::new();
    for one in all() {
        match one.command.as_slice() {
            [_, option, of] if option == "--ini" && of == file => return vec![one.pid],
            [shown] if *shown == title && one.is_of(root, app) => by_title.push(one.pid),
            _ => {}
        }
    }
    by_title.sort_unstable();
    let at = usize::try_from(index.saturating_sub(1)).unwrap_or(usize::MAX);
    by_title.get(at).copied().into_iter().collect()
}

/// Whether a process belongs to a vassal of this app that legacy piku made.
pub(crate) fn is_below(root: &Root, app: &AppName, kind: &str, pid: i32) -> bool {
    let title = format!("{app}:{kind}:uWSGI master");
    let tree = ProcessTree::read();
    all()
        .filter(|one| one.command.first() == Some(&title) && one.is_of(root, app))
        .any(|one| one.pid == pid || tree.below(one.pid).contains(&pid))
}

/// The apps and kinds of all vassals of legacy piku that run, from the names of their masters.
pub(crate) fn running(root: &Root) -> BTreeSet<(String, String)> {
    let named = |one: Uwsgi| {
        let (app, kind) = one.command.first()?.strip_suffix(":uWSGI master")?.split_once(':')?;
        let parsed = app.parse().ok()?;
        one.is_of(root, &parsed).then(|| (app.to_owned(), kind.to_owned()))
    };
    all().filter_map(named).collect()
}

/// A process of uWSGI's.
struct Uwsgi {
    pid: i32,
    parent: i32,
    /// Its working folder, if that may be known.
    cwd: Option<String>,
    command: Vec<String>,
}

impl Uwsgi {
    /// Whether it works in the app's clone, which a deploy moves to the releases.
    fn is_of(&self, root: &Root, app: &AppName) -> bool {
        let within = |folder: &Utf8Path| {
            let folder = folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned());
            self.cwd.as_deref().is_none_or(|cwd| Utf8Path::new(cwd).starts_with(folder))
        };
        within(&root.app(app)) || within(&root.releases(app))
    }
}

fn all() -> impl Iterator<Item = Uwsgi> {
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    all.filter_map(|process: Process| {
        let stat = process.stat().ok().filter(|stat| stat.comm.starts_with("uwsgi") && stat.state != 'Z')?;
        let cwd = process.cwd().ok().and_then(|cwd| cwd.into_os_string().into_string().ok());
        Some(Uwsgi { pid: stat.pid, parent: stat.ppid, cwd, command: process.cmdline().ok()? })
    })
}
