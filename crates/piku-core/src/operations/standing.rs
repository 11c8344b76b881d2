//! What the key at the other end of an ssh connection may do.

use crate::access::{Permission, Request, Standing, decide};
use crate::authorized_keys::{Entry, Forced, LEGACY_NAME};
use crate::error::{Error, error_chain};
use crate::host::{HostError, authorized_keys, key_records};
use crate::operations::keys::Ours;
use crate::piku::Piku;

/// What the forced command of a key says: nothing of it comes from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyClaim {
    /// The name of the key.
    pub name: String,
    /// Its fingerprint; earlier versions of piku did not write it.
    pub fingerprint: Option<String>,
    /// Whether it was limited when the line was written.
    pub limited: bool,
}

impl Piku {
    /// Whose key this is and what it may do, as `authorized_keys` and the record of the key have it now. ssh looks only
    /// when a connection begins, and a connection may outlive its key. Notes that the key is used.
    #[must_use]
    pub fn standing(&self, claim: &KeyClaim) -> Standing {
        self.known(claim).unwrap_or_else(|error| Standing::Unknown { reason: error_chain(&error) })
    }

    /// The key that a line of legacy piku claims, by its real fingerprint and the name that `keys` shows. Such a line may
    /// have a fingerprint of another form.
    #[must_use]
    pub fn of_legacy_line(&self, claim: KeyClaim) -> KeyClaim {
        let file = authorized_keys::read(&self.surroundings).unwrap_or_default();
        let is_that = |(entry, _): &Ours| match &entry.forced {
            Forced::Legacy(command) => command.fingerprint == claim.fingerprint,
            _ => false,
        };
        match self.ours(&file).into_iter().find(is_that) {
            Some((entry, fingerprint)) => {
                KeyClaim { name: entry.name(), fingerprint: Some(fingerprint), ..claim }
            }
            None => claim,
        }
    }

    fn known(&self, claim: &KeyClaim) -> Result<Standing, HostError> {
        let file = authorized_keys::read(&self.surroundings)?;
        let is_that = |entry: &Entry, print: &String| match (&claim.fingerprint, &entry.forced) {
            (Some(claimed), _) => claimed == print,
            // Another key may have got the name since.
            (None, Forced::Ours(command)) => command.fingerprint.is_none() && command.name == claim.name,
            // Legacy piku wrote neither fingerprint nor limit.
            (None, Forced::Legacy(command)) => command.name.as_deref().unwrap_or(LEGACY_NAME) == claim.name,
            (None, Forced::Other) => false,
        };
        let mut standings = Vec::new();
        for (entry, fingerprint) in self.ours(&file) {
            if !is_that(&entry, &fingerprint) {
                continue;
            }
            let record = key_records::read(&self.root, &fingerprint);
            standings.push(match self.permission(&entry, &record) {
                Ok(_) if claim.limited && matches!(record, Ok(None)) => {
                    Standing::Unknown { reason: "the record of its limits is missing".to_owned() }
                }
                Ok(permission) => Standing::May(permission),
                Err(reason) => Standing::Unknown { reason },
            });
            // A full disk is no reason to refuse a command.
            drop(key_records::note_use(&self.root, &fingerprint));
        }
        // Earlier versions of piku may have given one name to several keys: none of those is limited.
        standings.sort_by_key(|standing| *standing == Standing::May(Permission::Administrator));
        Ok(standings.into_iter().next().unwrap_or(Standing::Removed))
    }

    /// Decides whether the key may do what it asks for, and makes this piku show it what it may see.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn permit(&mut self, key: &str, standing: &Standing, request: &Request) -> Result<(), Error> {
        self.sight = decide(key, standing, request, |app| self.is_app(app))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use camino::Utf8PathBuf;

    use super::*;
    use crate::app::AppName;
    use crate::host::{Surroundings, files};
    use crate::root::Root;

    struct Server {
        piku: Piku,
        _folder: tempfile::TempDir,
    }

    fn server() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let root = Root::new(home.join(".piku"));
        files::make_folder(&root.repo(&app()), 0o700).unwrap();
        let surroundings = Surroundings::new("piku", home, "/usr/bin/piku").with_path("/usr/bin:/bin");
        Server { piku: Piku::new(root, surroundings), _folder: folder }
    }

    fn app() -> AppName {
        "blog".parse().unwrap()
    }

    /// The text of a key that is like no other.
    fn key(byte: u8) -> String {
        let head = b"\0\0\0\x0bssh-ed25519\0\0\0\x20";
        format!("ssh-ed25519 {} x@y", STANDARD.encode([head.as_slice(), &[byte; 32]].concat()))
    }

    impl Server {
        fn add(&self, name: &str, byte: u8, permission: &Permission) -> KeyClaim {
            let added = self.piku.add_key(&name.parse().unwrap(), &key(byte), permission).unwrap();
            let limited = permission.apps().is_some();
            KeyClaim { name: name.to_owned(), fingerprint: Some(added.fingerprint), limited }
        }

        fn record(&self) -> Utf8PathBuf {
            let folder = self.piku.root.keys();
            let names = files::names(&folder).unwrap();
            folder.join(names.iter().find(|name| name.ends_with(".json")).unwrap())
        }

        /// Makes the lines like those of earlier versions, which had no fingerprint.
        fn without_fingerprints(&self) {
            let path = authorized_keys::path(&self.piku.surroundings);
            let mut text = files::read_text(&path).unwrap().unwrap();
            for key in self.piku.keys().unwrap() {
                text = text.replace(&format!(" {}\"", key.fingerprint), "\"");
            }
            assert!(!text.contains("SHA256:"), "{text}");
            files::write(&path, text.as_bytes(), 0o600).unwrap();
        }
    }

    fn blog(read_only: bool) -> Permission {
        Permission::limited_to([app()], read_only)
    }

    #[test]
    fn a_limited_key_whose_record_is_gone_or_damaged_may_do_nothing() {
        let server = server();
        let bob = server.add("bob", 1, &blog(true));
        assert_eq!(server.piku.standing(&bob), Standing::May(blog(true)));
        let record = server.record();
        let whole = files::read(&record).unwrap().unwrap();
        assert_eq!(files::mode(&record), Some(0o600));
        let unlimited = KeyClaim { limited: false, ..bob.clone() };
        for damaged in [&b""[..], b"{}", &whole[..whole.len() - 2], b"\xff"] {
            files::write(&record, damaged, 0o600).unwrap();
            for claim in [&bob, &unlimited] {
                assert!(matches!(server.piku.standing(claim), Standing::Unknown { .. }), "{damaged:?}");
            }
        }
        assert_eq!(server.piku.keys().unwrap()[0].may, "nothing");
        files::remove(&record).unwrap();
        for claim in [&bob, &unlimited] {
            assert!(matches!(server.piku.standing(claim), Standing::Unknown { .. }), "the line says so");
        }
        // The record of another key is none.
        server.add("eve", 2, &Permission::Administrator);
        files::rename(&server.record(), &record).unwrap();
        assert!(matches!(server.piku.standing(&bob), Standing::Unknown { .. }));
        server.piku.allow_key("bob", &blog(false)).unwrap();
        assert_eq!(server.piku.standing(&bob), Standing::May(blog(false)));
    }

    #[test]
    fn a_line_that_is_not_pikus_keeps_a_key_from_being_limited() {
        let server = server();
        let path = authorized_keys::path(&server.piku.surroundings);
        server.add("bob", 1, &Permission::Administrator);
        let ours = files::read(&path).unwrap().unwrap();
        let both = [format!("# plain\n{}\n", key(1)).into_bytes(), ours.clone()].concat();
        files::write(&path, &both, 0o644).unwrap();
        let refused = server.piku.allow_key("bob", &blog(false)).unwrap_err();
        assert!(refused.to_string().contains("has that key in line 2, which is not piku's"), "{refused}");
        assert_eq!(files::read(&path).unwrap().unwrap(), both);
        assert_eq!(server.piku.keys().unwrap()[0].may, "administrator");
        // One that came later is found by doctor.
        files::write(&path, &ours, 0o644).unwrap();
        server.piku.allow_key("bob", &blog(false)).unwrap();
        assert_eq!(files::mode(&path), Some(0o644), "the file keeps its mode");
        let limited = files::read(&path).unwrap().unwrap();
        files::write(&path, &[limited, key(1).into_bytes()].concat(), 0o600).unwrap();
        server.piku.add_key(&"eve".parse().unwrap(), &key(2), &blog(true)).unwrap();
        files::remove_folder(&server.piku.root.repo(&app())).unwrap();
        let whole = files::read_text(&path).unwrap().unwrap();
        let kept: Vec<&str> = whole.lines().filter(|line| !line.contains("ssh-command eve")).collect();
        files::write(&path, kept.join("\n").as_bytes(), 0o600).unwrap();
        let about_keys = server.piku.doctor().into_iter().filter(|one| one.about == "keys");
        let said: Vec<String> = about_keys.map(|one| one.what).collect();
        for expected in [
            "the key `bob` is limited to `blog`, which is not an app".to_owned(),
            format!("the key `bob` is limited, but line 2 of `{path}` lets it in anyway"),
            format!("the key `eve` is recorded, but not in `{path}`"),
        ] {
            assert!(said.contains(&expected), "{expected}: {said:#?}");
        }
    }

    #[test]
    fn what_was_allowed_goes_with_the_key_and_not_with_its_name() {
        let server = server();
        let old = server.add("bob", 1, &Permission::Administrator);
        server.piku.remove_key("bob").unwrap();
        assert_eq!(server.piku.standing(&old), Standing::Removed);
        let new = server.add("bob", 2, &blog(false));
        assert_eq!(server.piku.standing(&old), Standing::Removed);
        assert_eq!(server.piku.standing(&new), Standing::May(blog(false)));
        // A connection that began before the key was limited, and one after it is an administrator.
        assert_eq!(
            server.piku.standing(&KeyClaim { limited: false, ..new.clone() }),
            Standing::May(blog(false))
        );
        server.piku.allow_key("bob", &Permission::Administrator).unwrap();
        assert_eq!(server.piku.standing(&new), Standing::May(Permission::Administrator));
        // An app of the same name is another one.
        server.piku.allow_key("bob", &blog(true)).unwrap();
        server.piku.forget_in_keys(&app()).unwrap();
        assert_eq!(server.piku.standing(&new), Standing::May(Permission::limited_to([], true)));
    }

    #[test]
    fn keys_of_earlier_versions_stay_administrators_until_they_are_limited() {
        let server = server();
        let added = server.piku.add_keys(&format!("{}\n{}", key(1), key(2))).unwrap();
        assert_eq!(added.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["x@y", "x@y-2"]);
        server.without_fingerprints();
        let folder = server.piku.root.keys();
        files::remove_folder(&folder).unwrap();
        let claim = KeyClaim { name: "x@y".to_owned(), fingerprint: None, limited: false };
        assert_eq!(server.piku.standing(&claim), Standing::May(Permission::Administrator));
        server.piku.allow_key("x@y", &blog(false)).unwrap();
        // The connection is older than the line, which has a fingerprint now.
        assert_eq!(server.piku.standing(&claim), Standing::Removed);
        let path = authorized_keys::path(&server.piku.surroundings);
        let lines = files::read_text(&path).unwrap().unwrap();
        let legacy = "command=\"FINGERPRINT=x NAME=default /p/piku.py $SSH_ORIGINAL_COMMAND\"";
        files::write(&path, format!("{lines}{legacy} {}\n", key(3)).as_bytes(), 0o600).unwrap();
        let default = KeyClaim { name: "default".to_owned(), ..claim };
        assert_eq!(server.piku.standing(&default), Standing::May(Permission::Administrator));
        let keys = server.piku.keys().unwrap();
        assert_eq!((keys[2].name.as_str(), keys[2].may.as_str()), ("x@y", "administrator"));
        server.piku.allow_key(&keys[2].fingerprint, &blog(true)).unwrap();
        assert_eq!(server.piku.standing(&default), Standing::Removed);
        let keys = server.piku.keys().unwrap();
        assert_eq!((keys[2].name.as_str(), keys[2].may.as_str()), ("x@y-3", "read-only"));
        assert_eq!([keys[0].may.as_str(), keys[1].may.as_str()], ["apps", "administrator"]);
    }
}
