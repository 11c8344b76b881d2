//! Makes the tree of a release: a deployment clone, or the one of the release it follows.

use crate::app::AppName;
use crate::event::{Event, Report};
use crate::host::{HostError, Surroundings, files, git};
use crate::root::Root;

/// Clones `commit` into the tree of release `number`.
///
/// The app's ENV is made readable by its owner alone: it may hold secrets, whatever the umask of git was.
pub(crate) fn fresh(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    number: u32,
    commit: &str,
    report: &mut Report<'_>,
) -> Result<(), HostError> {
    let tree = root.tree(app, number);
    files::make_folder(&tree, 0o755)?;
    git::deployment_clone(surroundings, &root.repo(app), commit, &tree, &mut |line| {
        report(Event::Output(line))
    })?;
    let env = tree.join("ENV");
    if env.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        files::set_mode(&env, 0o600)?;
    }
    Ok(())
}

/// Lets release `number` run from the tree of release `owner`: same commit, same files, nothing lost.
pub(crate) fn shared(root: &Root, app: &AppName, number: u32, owner: u32) -> Result<(), HostError> {
    let target = format!("../{owner}/tree");
    files::link(&root.tree(app, number), target.as_str().into())
}
