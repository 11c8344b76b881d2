//! The keys in `authorized_keys`, and what each gives access to.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::authorized_keys::{Entry, Forced};
use crate::host::Surroundings;
use crate::host::authorized_keys::{self, same};
use crate::root::Root;

/// A line of `authorized_keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The comment of the key.
    pub(crate) name: String,
    pub(crate) target: Target,
}

/// What a key gives access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// This piku and this root.
    Here,
    /// A piku program that does not exist.
    Nowhere(Utf8PathBuf),
    /// Another piku, another root, or legacy piku.
    Elsewhere(String),
    /// Something other than piku.
    Other,
}

/// Every key, and the files and folders on the path to them that others may write to.
pub(super) fn look(root: &Root, surroundings: &Surroundings) -> (Vec<Key>, Vec<Utf8PathBuf>) {
    let path = authorized_keys::path(surroundings);
    let entries = authorized_keys::read(surroundings).map(|file| file.entries()).unwrap_or_default();
    let key = |entry: Entry| Key {
        name: entry.name(),
        target: target_of(&entry.forced, root, &surroundings.program),
    };
    let writable =
        |path: &Utf8PathBuf| path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o022 != 0);
    let folder = path.with_file_name("");
    let way = [surroundings.home.clone(), folder, path];
    (entries.into_iter().map(key).collect(), way.into_iter().filter(writable).collect())
}

/// What a forced command runs.
fn target_of(command: &Forced, root: &Root, program: &Utf8Path) -> Target {
    match command {
        Forced::Ours(ours) if !ours.program.is_file() => Target::Nowhere(ours.program.clone()),
        Forced::Ours(ours) if same(&ours.program, program) && same(&ours.root, root.path()) => Target::Here,
        Forced::Ours(ours) => Target::Elsewhere(format!("{} with the folder {}", ours.program, ours.root)),
        Forced::Legacy { .. } => Target::Elsewhere("legacy piku (piku.py)".to_owned()),
        Forced::Other => Target::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_here_elsewhere_nowhere_or_has_nothing_to_do_with_piku() {
        let root = Root::new("/r s");
        let led = |command: &str| target_of(&Forced::read(command), &root, "/bin/sh".into());
        let ours =
            |program: &str, root: &str| led(&format!("PIKU_ROOT='{root}' exec {program} ssh-command a@b"));
        assert_eq!(ours("/bin/sh", "/r s"), Target::Here);
        assert_eq!(ours("/bin/sh", "/other"), Target::Elsewhere("/bin/sh with the folder /other".into()));
        assert_eq!(ours("/no/piku", "/r s"), Target::Nowhere("/no/piku".into()));
        let peer = "FINGERPRINT=x NAME=default /home/piku/piku.py $SSH_ORIGINAL_COMMAND";
        assert_eq!(led(peer), Target::Elsewhere("legacy piku (piku.py)".into()));
        assert_eq!(led("say \"hi\""), Target::Other);
    }
}
