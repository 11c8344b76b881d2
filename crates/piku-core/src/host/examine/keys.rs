//! The keys in `authorized_keys`, and what each gives access to.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::host::{Surroundings, files};
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
    let folder = surroundings.home.join(".ssh");
    let path = folder.join("authorized_keys");
    let text = files::read_text(&path).ok().flatten().unwrap_or_default();
    let keys = text.lines().filter_map(read).map(|(name, command)| {
        let target =
            command.map_or(Target::Other, |command| target_of(&command, root, &surroundings.program));
        Key { name, target }
    });
    let writable =
        |path: &Utf8PathBuf| path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o022 != 0);
    let way = [surroundings.home.clone(), folder, path.clone()];
    (keys.collect(), way.into_iter().filter(writable).collect())
}

/// Parses the name and forced command of a line; `None` for a comment (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").
fn read(line: &str) -> Option<(String, Option<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let name = line.split_ascii_whitespace().last().unwrap_or_default().to_owned();
    let command = line.split_once("command=\"").map(|(_, rest)| {
        let mut command = String::new();
        let mut rest = rest.chars();
        while let Some(character) = rest.next().filter(|c| *c != '"') {
            command.push(if character == '\\' { rest.next().unwrap_or('\\') } else { character });
        }
        command
    });
    Some((name, command))
}

/// What a forced command runs. `setup:ssh` writes `PIKU_ROOT=<root> exec <program> ssh-command <name>`.
fn target_of(command: &str, root: &Root, program: &Utf8Path) -> Target {
    let words = shlex::split(command).unwrap_or_default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [variable, "exec", there, "ssh-command", _] => {
            let same =
                |one: &Utf8Path, other: &Utf8Path| match (one.canonicalize_utf8(), other.canonicalize_utf8())
                {
                    (Ok(one), Ok(other)) => one == other,
                    _ => one == other,
                };
            let there = Utf8Path::new(there);
            let its_root = Utf8Path::new(variable.strip_prefix("PIKU_ROOT=").unwrap_or_default());
            if !there.is_file() {
                Target::Nowhere(there.to_owned())
            } else if same(there, program) && same(its_root, root.path()) {
                Target::Here
            } else {
                Target::Elsewhere(format!("{there} with the folder {its_root}"))
            }
        }
        _ if command.contains("piku.py") => Target::Elsewhere("legacy piku (piku.py)".to_owned()),
        _ => Target::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_here_elsewhere_nowhere_or_has_nothing_to_do_with_piku() {
        let root = Root::new("/r s");
        let led = |line: &str| {
            read(line).map(|(name, command)| {
                (name, command.map(|command| target_of(&command, &root, "/bin/sh".into())))
            })
        };
        let ours = |program: &str, root: &str| {
            led(&format!(
                "command=\"PIKU_ROOT='{root}' exec {program} ssh-command a@b\",no-pty ssh-ed25519 AAAA a@b"
            ))
        };
        let key = |target| Some(("a@b".to_owned(), Some(target)));
        assert_eq!(ours("/bin/sh", "/r s"), key(Target::Here));
        assert_eq!(
            ours("/bin/sh", "/other"),
            key(Target::Elsewhere("/bin/sh with the folder /other".into()))
        );
        assert_eq!(ours("/no/piku", "/r s"), key(Target::Nowhere("/no/piku".into())));
        let peer = "command=\"FINGERPRINT=x NAME=default /home/piku/piku.py $SSH_ORIGINAL_COMMAND\" ssh-rsa AAAA a@b";
        assert_eq!(led(peer), key(Target::Elsewhere("legacy piku (piku.py)".into())));
        assert_eq!(led("command=\"say \\\"hi\\\"\" ssh-rsa AAAA a@b"), key(Target::Other));
        assert_eq!(led("ssh-rsa AAAA a@b"), Some(("a@b".into(), None)));
        assert_eq!(led(" # ssh-rsa AAAA a@b"), None);
    }
}
