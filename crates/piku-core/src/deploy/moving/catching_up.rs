//! Moves what the old processes wrote in the tree that is left while the new ones started beside them.

use std::path::Path;

use super::{look, move_one, open_data, rescued, told};
use crate::deploy::DeployError;
use crate::deploy::prepare::Prepared;
use crate::deploy::source::left::LeftTree;
use crate::deploy::source::persist::{self, InTheWay};
use crate::deploy::source::place::{self, Move};
use crate::event::{Report, warn};
use crate::host::listing::{self, Sort, Stamp};
use crate::host::{processes, relocate};
use crate::persisted::{Persisted, Place, shown};

/// Moves it as far as that is possible while the new processes run, and says what stays behind. Call it when the
/// release is live and the old processes get no more requests. What these write while they answer their last ones is
/// found when their release is removed.
pub(crate) fn catch_up(prepared: &Prepared<'_>, report: &mut Report<'_>) -> Result<(), DeployError> {
    let source = &prepared.built.source;
    let Some(left) = source.left.as_ref().filter(|left| !left.is_legacy() && !prepared.old_ended) else {
        return Ok(());
    };
    let (root, app) = (prepared.scene.root, &prepared.order.app);
    let (tree, data) = (source.tree.as_std_path(), root.data(app));
    let found = look(prepared, left)?.moves;
    let (moves, behind): (Vec<Move>, Vec<Move>) =
        found.into_iter().partition(|one| can_follow(left, tree, data.as_std_path(), one));
    if let Some(first) = behind.first() {
        let more = if behind.len() > 1 { format!(" and {} more", behind.len() - 1) } else { String::new() };
        let first = shown(&first.what.path);
        warn(
            report,
            format!(
                "{app} wrote `{first}`{more} in its old folder while it was replaced; this release lacks that"
            ),
            Some(&format!("it is in `{}`, and goes to `{data}/rescued` with that release", left.tree)),
        );
    }
    if moves.is_empty() {
        return Ok(());
    }
    told::tell_late(app, &moves, report);
    let mut persisted = Persisted::load(root, app)?;
    for one in &moves {
        let place = Place::Data { at: one.at.clone(), moving_from: Some(left.number) };
        persisted.0.insert(one.what.path.clone(), place);
    }
    persisted.save(root, app)?;
    open_data(root, app, left)?;
    for one in &moves {
        move_one(left, &data, &rescued(&data, left.number), one)?;
    }
    let persisted = persisted.settled();
    persisted.save(root, app)?;
    for one in &moves {
        if let Some(place) = persisted.0.get(&one.what.path) {
            persist::link(&source.tree, &one.what.path, &place::target(place, &data), InTheWay::Kept)?;
        }
    }
    Ok(())
}

/// Whether nothing of the new release is in the way, and the old processes find it at its path while they go on.
fn can_follow(left: &LeftTree, tree: &Path, data: &Path, one: &Move) -> bool {
    let (from, here) = (left.tree.as_std_path().join(&one.what.path), tree.join(&one.what.path));
    let at = data.join(&one.at);
    let modified = |path: &Path| Stamp::at(path).map(|stamp| stamp.modified);
    let is_free = here.symlink_metadata().is_err()
        // The old processes have saved it by renaming, and the new ones have not written it since.
        || one.again && relocate::leads_to(&here, &at) && modified(&from) > modified(&at);
    let may_move = match one.what.sort {
        Sort::Folder => !one.again && !relocate::are_apart(&from, data),
        _ => {
            // SQLite finds its journal by the path under which it has opened the database.
            !listing::is_database(&from)
                && (!relocate::are_apart(left.tree.as_std_path(), data)
                    || processes::writer_of(std::slice::from_ref(&from)).is_none())
        }
    };
    is_free && may_move
}
