//! Makes the tree of a release: a deployment clone, or the one of the release it follows.

use crate::app::AppName;
use crate::event::{Event, Report};
use crate::host::{HostError, Surroundings, files, git, processes};
use crate::root::Root;

/// Clones with fewer files are made anew: that takes less time than asking git what differs.
const FEW: u32 = 500;

/// Makes the tree of release `number`, with the files of `commit`: from the clone that no release needs any more,
/// where there is one, so that it costs what changed and not what is there; else by a new clone.
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
    let (tree, bare, spare) = (root.tree(app, number), root.repo(app), root.spare(app));
    let git = git::program(surroundings);
    let mut heard = |line: &str| report(Event::Output(line));
    let recycled = spare.exists()
        && files::rename(&spare, &tree).is_ok()
        && git.recycled_clone(&bare, commit, &tree).is_ok();
    if !recycled {
        // The spare could not be reused; start from an empty folder.
        files::remove_folder(&tree)?;
        files::make_folder(&tree, 0o755)?;
        git.deployment_clone(&bare, commit, &tree)?;
    }
    git.update_submodules(&tree, &mut heard)?;
    let env = tree.join("ENV");
    if env.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        files::set_mode(&env, 0o600)?;
    }
    Ok(())
}

/// Removes the folder of a release, but keeps its clone for the next one where that can be of use.
///
/// Move what the app wrote there out first: the next release does not get it.
pub(crate) fn keep_for_the_next(root: &Root, app: &AppName, number: u32) -> Result<(), HostError> {
    let (tree, spare) = (root.tree(app, number), root.spare(app));
    // With submodules a clone is several, each with a history of its own.
    let of_use = !tree.is_symlink()
        && git::tracked_count(&tree).is_some_and(|count| count >= FEW)
        && !tree.join(".git/modules").exists();
    // What still runs there would find the files of another release, and write among them.
    if of_use && !files::exists(&spare) && !processes::work_in(&tree) {
        files::rename(&tree, &spare)?;
        // It may have been open to nginx.
        files::set_mode(&spare, 0o700)?;
    }
    files::remove_folder(&root.release(app, number))
}

/// Lets release `number` run from the tree of release `owner`: same commit, same files, nothing lost.
pub(crate) fn shared(root: &Root, app: &AppName, number: u32, owner: u32) -> Result<(), HostError> {
    let target = format!("../{owner}/tree");
    files::link(&root.tree(app, number), target.as_str().into())
}
