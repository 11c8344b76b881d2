//! Takes over an app that legacy piku (piku.py) deployed in the same root.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use crate::app::AppName;
use crate::event::{Report, stage};
use crate::host::{HostError, files, git};
use crate::release::store;
use crate::root::Root;

/// The number of the release folder for the old clone.
const BEFORE_THE_FIRST: u32 = 0;

/// Copies every untracked file of the old clone to the new tree, and moves the clone away.
///
/// Files are hard-linked rather than moved, because the old processes still use them.
pub(crate) fn clone(
    root: &Root,
    app: &AppName,
    number: u32,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let old = root.app(app);
    let known = git::tracked_by_legacy(&old)?;
    let known: BTreeSet<&[u8]> = known.iter().map(|path| path.as_os_str().as_bytes()).collect();
    let count = files::take_over(&old, &root.tree(app, number), &known)?;
    let kept = root.release(app, BEFORE_THE_FIRST);
    files::make_folder(&kept, 0o700)?;
    files::rename(&old, &kept.join("tree"))?;
    let own = match count {
        0 => "no untracked files".to_owned(),
        1 => "1 untracked file".to_owned(),
        _ => format!("{count} untracked files"),
    };
    stage(report, format!("Took over the clone of legacy piku (piku.py), with {own}"));
    debug_assert!(!store::is_foreign_clone(root, app));
    Ok(())
}
