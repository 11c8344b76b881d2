//! Plugins that never run, and why.

use super::finding::{Finding, warning};
use crate::host::plugins;
use crate::plugins::{Occasion, Role, is_name, refusal};
use crate::root::Root;

/// What is wrong with plugins.
pub(super) fn odd(root: &Root) -> Vec<Finding> {
    let mut all = Vec::new();
    for plugin in plugins::names(root) {
        let folder = root.plugins().join(&plugin);
        if !is_name(&plugin) {
            let what =
                format!("`{folder}` is not run: its name is not one of small letters, digits, and `-`");
            all.push(warning("plugins", what, "rename it"));
            continue;
        }
        for file in plugins::files_of(root, &plugin) {
            let role = Role::of(&file);
            if role == Role::Unknown {
                let events = Occasion::ALL.map(|event| format!("`{}`", event.file())).join(", ");
                let what = format!("`{folder}/{file}` never runs: there is no such event or command");
                all.push(warning(
                    "plugins",
                    what,
                    format!("events are {events}; a command is `command-WORD`"),
                ));
            }
            let candidate =
                plugins::find(root, &plugin, &file).filter(|_| !matches!(role, Role::Own | Role::Unknown));
            let why = candidate.and_then(|candidate| refusal(&candidate, plugins::me()));
            all.extend(why.map(|why| {
                let what = format!("the plugin `{plugin}` does not run `{file}`: {why}");
                warning("plugins", what, why.fix())
            }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::files;

    #[test]
    fn what_never_runs_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let root = Root::new(&home);
        assert_eq!(odd(&root), []);
        files::set_mode(&home, 0o711).unwrap();
        for path in ["", "mail", "Odd"] {
            files::make_folder(&root.plugins().join(path), 0o700).unwrap();
        }
        for (name, mode) in
            [("on-failed", 0o700), ("on-deploy", 0o700), ("command-x", 0o722), ("notes", 0o666)]
        {
            files::write(&root.plugins().join("mail").join(name), b"#!/bin/sh\n", mode).unwrap();
        }
        let told: Vec<String> =
            odd(&root).into_iter().map(|one| one.what.replace(home.as_str(), "$R")).collect();
        assert_eq!(
            told,
            [
                "`$R/plugins/Odd` is not run: its name is not one of small letters, digits, and `-`",
                "the plugin `mail` does not run `command-x`: `$R/plugins/mail/command-x` can be written by others",
                "`$R/plugins/mail/on-deploy` never runs: there is no such event or command",
            ]
        );
    }
}
