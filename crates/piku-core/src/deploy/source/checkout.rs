//! Creates the tree of a release: a deployment clone, or a link to the tree of another release.

use crate::app::AppName;
use crate::event::{Event, Report};
use crate::host::{HostError, Surroundings, files, git, processes};
use crate::root::Root;

/// Clones with fewer files are not reused: a new clone takes less time than asking git what differs.
const FEW: usize = 500;

/// Creates the tree of release `number` with the files of `commit`. Reuses the spare clone if there is one, so that
/// only changed files are written; otherwise makes a new clone.
///
/// Makes ENV readable only by its owner, since it may hold secrets.
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
        && git::move_clone(&spare, &tree).is_ok()
        && git.recycled_clone(&bare, commit, &tree).is_ok();
    if !recycled {
        // The spare could not be reused; start from an empty folder.
        files::remove_folder(&spare)?;
        files::remove_folder(&tree)?;
        files::make_folder(&tree, 0o755)?;
        git.deployment_clone(&bare, commit, &tree)?;
    }
    git.update_submodules(&tree, &mut heard)?;
    // ENV may be a link to another file of the app.
    let env = tree.join("ENV").canonicalize_utf8().ok();
    if let (Some(env), Ok(tree)) = (env, tree.canonicalize_utf8())
        && env.starts_with(&tree)
        && env.is_file()
    {
        files::set_mode(&env, 0o600)?;
    }
    Ok(())
}

/// Removes the folder of a release, but keeps its clone as the spare if possible.
///
/// Rescue the files of the app first: the next release does not get them.
pub(crate) fn keep_for_the_next(root: &Root, app: &AppName, number: u32) -> Result<(), HostError> {
    let (tree, spare) = (root.tree(app, number), root.spare(app));
    // A clone with submodules consists of several repositories.
    let of_use = !tree.is_symlink() && git::recyclable(&tree).is_some_and(|count| count >= FEW);
    // A process that still runs there would see files of another release and might write to them.
    if of_use && !files::exists(&spare) && !processes::work_in(&tree) {
        git::move_clone(&tree, &spare)?;
        // nginx may have had access to it.
        files::set_mode(&spare, 0o700)?;
    }
    files::remove_folder(&root.release(app, number))
}

/// Makes the git folder beside the tree of a release that an earlier version of piku made without one.
///
/// If the commit is gone, so that this fails, the tree is kept until somebody looks: what the app wrote there can't be
/// told from what was checked out.
pub(crate) fn keep_track(root: &Root, app: &AppName, number: u32, commit: &str) {
    let tree = root.tree(app, number);
    if !tree.is_symlink() && tree.is_dir() {
        drop(git::keep_track(&root.repo(app), commit, &tree));
    }
}

/// Makes release `number` share the tree of release `owner`, which has the same commit.
pub(crate) fn shared(root: &Root, app: &AppName, number: u32, owner: u32) -> Result<(), HostError> {
    let target = format!("../{owner}/tree");
    files::link(&root.tree(app, number), target.as_str().into())
}
