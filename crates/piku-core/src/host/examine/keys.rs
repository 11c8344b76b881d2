//! The keys in `authorized_keys`, and what each gives access to.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::authorized_keys::{Entry, Forced, LegacyCommand};
use crate::host::authorized_keys::{self, is_root, same};
use crate::host::{Surroundings, files};
use crate::root::Root;

/// How many bytes of a program tell whether it is a script, and in which language.
const LONGEST_SHEBANG: usize = 256;

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
    /// Another piku or another root.
    Elsewhere(String),
    /// The program of legacy piku.
    Legacy,
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
        // Whatever sshd finds.
        Forced::Ours(ours) if !ours.program.is_absolute() => Target::Other,
        Forced::Ours(ours) if !ours.program.is_file() => Target::Nowhere(ours.program.clone()),
        Forced::Ours(ours) if same(&ours.program, program) && is_root(ours.root.as_deref(), root) => {
            Target::Here
        }
        Forced::Ours(ours) => {
            let folder = ours.root.as_deref().unwrap_or(root.path());
            Target::Elsewhere(format!("{} with the folder {folder}", ours.program))
        }
        Forced::Legacy(command) => target_of_legacy(command, program),
        Forced::Other => Target::Other,
    }
}

/// What a line of legacy piku runs: its own program, or what has taken its place, such as a link to ours.
fn target_of_legacy(command: &LegacyCommand, ours: &Utf8Path) -> Target {
    let Some(program) = &command.program else { return Target::Legacy };
    let Ok(real) = program.canonicalize_utf8() else { return Target::Nowhere(program.clone()) };
    if same(&real, ours) {
        return Target::Here;
    }
    let (folder, name) = (real.parent().unwrap_or(&real), real.file_name().unwrap_or_default());
    let start = files::read_within(folder, name, LONGEST_SHEBANG).ok().flatten().unwrap_or_default();
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_python = first.starts_with(b"#!") && String::from_utf8_lossy(first).contains("python");
    if is_python { Target::Legacy } else { Target::Here }
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
        let folder = tempfile::tempdir().unwrap();
        let peer = Utf8PathBuf::from_path_buf(folder.path().join("piku.py")).unwrap();
        let of_peer = || led(&format!("FINGERPRINT=x NAME=default {peer} $SSH_ORIGINAL_COMMAND"));
        assert_eq!(of_peer(), Target::Nowhere(peer.clone()));
        std::fs::write(&peer, "#!/usr/bin/env python3\n").unwrap();
        assert_eq!(of_peer(), Target::Legacy);
        std::fs::write(&peer, "#!/bin/sh\nexec /usr/bin/piku \"$@\"\n").unwrap();
        assert_eq!(of_peer(), Target::Here);
        std::fs::remove_file(&peer).unwrap();
        std::os::unix::fs::symlink("/bin/sh", &peer).unwrap();
        assert_eq!(of_peer(), Target::Here);
        assert_eq!(led("/home/piku/piku.py restart blog"), Target::Legacy);
        assert_eq!(led("say \"hi\""), Target::Other);
    }
}
