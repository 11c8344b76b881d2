//! The environment of a release's processes: piku's own variables, those of its build, and the app's settings. Pure.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::basis::Basis;
use crate::app::AppName;
use crate::host::Surroundings;
use crate::root::Root;

/// piku's own variables, as far as they are known before anything is built or picked.
pub(crate) fn own(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    tree: &Utf8Path,
) -> BTreeMap<String, String> {
    [
        ("APP", app.to_string()),
        ("LOG_ROOT", root.logs(app).into_string()),
        ("DATA_ROOT", root.data(app).into_string()),
        ("HOME", surroundings.home.to_string()),
        ("USER", surroundings.user.clone()),
        ("PATH", surroundings.search_path()),
        ("PWD", tree.to_string()),
        // Without it Python takes every text for ASCII.
        ("LANG", "C.UTF-8".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// The whole environment of a process.
pub(crate) fn of_process(basis: &Basis<'_>, port: u16, proc_type: &str) -> BTreeMap<String, String> {
    let mut own = own(basis.root, basis.surroundings, basis.app, basis.tree);
    let made = &basis.build.made;
    own.extend(made.variables.clone());
    if let Some(path) = &made.path {
        let path = format!("{path}:{}", own.get("PATH").map_or("", String::as_str));
        own.insert("PATH".to_owned(), path);
    }
    own.insert("PORT".to_owned(), port.to_string());
    own.insert("BIND_ADDRESS".to_owned(), basis.inputs.options.bind_address.clone());
    own.insert("PROC_TYPE".to_owned(), proc_type.to_owned());
    own.insert("GIT_REV".to_owned(), basis.commit.to_owned());
    own.insert("PIKU_RELEASE".to_owned(), basis.release.to_string());
    let mut all = basis.settings.process_environment(&own);
    // A second `web` process must not be told the port of the first.
    all.insert("PORT".to_owned(), port.to_string());
    all
}
