//! Takes over an app that was deployed by legacy piku, piku.py, into the same root.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use crate::app::AppName;
use crate::event::{Report, stage};
use crate::host::{HostError, Surroundings, files, git};
use crate::release::store;
use crate::root::Root;

/// The number under which the old clone is kept.
const BEFORE_THE_FIRST: u32 = 0;

/// Gives the new tree everything in the old clone that git does not know, and moves the clone out of the way.
///
/// The files are given a second name rather than moved: the old processes are still running on them.
pub(crate) fn clone(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    number: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let old = root.app(app);
    let known =
        if old.join(".git").exists() { git::program(surroundings).tracked(&old)? } else { BTreeSet::new() };
    let known: BTreeSet<&[u8]> = known.iter().map(|path| path.as_os_str().as_bytes()).collect();
    let count = files::take_over(&old, &root.tree(app, number), &known)?;
    let kept = root.release(app, BEFORE_THE_FIRST);
    files::make_folder(&kept, 0o700)?;
    files::rename(&old, &kept.join("tree"))?;
    let own = match count {
        0 => "no file of its own".to_owned(),
        1 => "a file of its own".to_owned(),
        _ => format!("{count} files of its own"),
    };
    stage(report, format!("Took over the clone of legacy piku (piku.py), with {own}"));
    debug_assert!(!store::is_foreign_clone(root, app));
    Ok(())
}
