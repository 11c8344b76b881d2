//! The vassals of an app that the emperor has been given.

use super::legacy;
use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;
use crate::vassal::VassalName;

/// The enabled vassals of an app, by exact name. Those of legacy piku are recognised by their contents.
pub(crate) fn of_app(root: &Root, app: &AppName) -> Result<Vec<String>, HostError> {
    let mut found = Vec::new();
    for name in files::names(&root.uwsgi_enabled())? {
        let ours = match name.parse::<VassalName>() {
            Ok(vassal) => vassal.app == *app,
            Err(_) => legacy::is_foreign_vassal(root, app, &name)?,
        };
        if ours {
            found.push(name);
        }
    }
    Ok(found)
}
