//! Completes moves to an app's data that a crash has interrupted.

use super::left::LeftTree;
use crate::app::AppName;
use crate::host::journals::journals;
use crate::host::{HostError, relocate};
use crate::persisted::{Persisted, Place};
use crate::root::Root;

/// Completes or undoes them, so that each file is at its path. Call it before processes are started.
pub(crate) fn settle(root: &Root, app: &AppName) -> Result<(), HostError> {
    let mut persisted = Persisted::load(root, app)?;
    let data = root.data(app);
    let mut gone = Vec::new();
    for (path, place) in &persisted.0 {
        let Place::Data { at, moving_from: Some(number) } = place else { continue };
        let from = LeftTree::path(root, app, *number).as_std_path().join(path);
        let at = data.as_std_path().join(at);
        if relocate::leads_to(&at, &at) {
            relocate::remove(&at)?;
        }
        let (is_here, is_there) = (from.symlink_metadata().is_ok(), at.symlink_metadata().is_ok());
        if !is_here && is_there {
            relocate::link(&from, &at)?;
        }
        if relocate::leads_to(&from, &at) {
            relocate::remove_all(&journals(&from))?;
        } else if !is_there {
            // Second names that were made before the database itself was moved.
            relocate::remove_all(&journals(&at))?;
        }
        if !is_here && !is_there {
            gone.push(path.clone());
        }
    }
    if persisted.0.values().any(|place| matches!(place, Place::Data { moving_from: Some(_), .. })) {
        persisted.0.retain(|path, _| !gone.contains(path));
        persisted.settled().save(root, app)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
