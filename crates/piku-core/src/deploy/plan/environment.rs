//! The environment of processes: piku's own variables, those of the build, and the settings of the app. Pure.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::app::AppName;
use crate::host::Surroundings;
use crate::release::Made;
use crate::root::Root;
use crate::settings::Layers;

/// piku's own variables that are known before the build and before ports are picked.
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
        // Without it, Python uses ASCII for text.
        ("LANG", "C.UTF-8".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// What processes know about their release, known before it is built.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) app: &'a AppName,
    pub(crate) release: u32,
    pub(crate) commit: &'a str,
    pub(crate) tree: &'a Utf8Path,
    pub(crate) bind_address: &'a str,
}

impl Told<'_> {
    /// All of piku's own variables, including those of the build.
    pub(crate) fn variables(&self, made: &Made, port: u16, proc_type: &str) -> BTreeMap<String, String> {
        let mut own = own(self.root, self.surroundings, self.app, self.tree);
        own.extend(made.variables.clone());
        if let Some(path) = &made.path {
            let path = format!("{path}:{}", own.get("PATH").map_or("", String::as_str));
            own.insert("PATH".to_owned(), path);
        }
        own.insert("PORT".to_owned(), port.to_string());
        own.insert("BIND_ADDRESS".to_owned(), self.bind_address.to_owned());
        own.insert("PROC_TYPE".to_owned(), proc_type.to_owned());
        own.insert("GIT_REV".to_owned(), self.commit.to_owned());
        own.insert("PIKU_RELEASE".to_owned(), self.release.to_string());
        own
    }

    /// The complete environment of a process: piku's own variables, overridden by the settings.
    pub(crate) fn environment(
        &self,
        made: &Made,
        settings: &Layers,
        port: u16,
        proc_type: &str,
    ) -> BTreeMap<String, String> {
        let mut all = settings.process_environment(&self.variables(made, port, proc_type));
        // A second `web` process must not get the port of the first.
        all.insert("PORT".to_owned(), port.to_string());
        all
    }
}
