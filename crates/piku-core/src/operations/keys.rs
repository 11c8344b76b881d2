//! `keys`, `keys:add`, `keys:remove`, `keys:allow`, and `setup:ssh`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{KeyName, KeyRecord, Permission};
use crate::app::AppName;
use crate::authorized_keys::{Entry, File, Forced, KeyError, KeysError, OurCommand, PublicKey, read_keys};
use crate::error::{Error, error_chain};
use crate::event::{Report, stage};
use crate::host::command::Invocation;
use crate::host::lock::AppLock;
use crate::host::{HostError, authorized_keys, git, key_records, wait};
use crate::piku::Piku;
use crate::release::store;

/// A key, as listed by `keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyStatus {
    /// Its name.
    pub name: String,
    /// Its fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The kind of key, such as `ssh-ed25519`.
    pub kind: String,
    /// When it was added, if piku knows.
    pub added: Option<Timestamp>,
    /// When it was last used for a command, a push, or a transfer of files.
    pub last_used: Option<Timestamp>,
    /// `administrator`, `apps`, `read-only`, or `nothing` if that can't be read.
    pub may: String,
    /// The apps that it is limited to; `None` if it is not limited.
    pub apps: Option<BTreeSet<AppName>>,
    /// Why it may do nothing.
    pub problem: Option<String>,
}

impl KeyStatus {
    /// Whether it may do everything.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.may == Permission::Administrator.word()
    }
}

/// A key that `setup:ssh` processed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddedKey {
    /// The name of its owner in piku.
    pub name: String,
    /// The fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// False if it had been added before.
    pub new: bool,
}

/// The key of a line that is piku's, with the fingerprint that makes it one.
pub(super) type Ours = (Entry, String);

impl Piku {
    /// Every key of this root in `authorized_keys`, in the order of the file.
    ///
    /// # Errors
    /// [`Error::Host`] if the file can't be read.
    pub fn keys(&self) -> Result<Vec<KeyStatus>, Error> {
        let file = authorized_keys::read(&self.surroundings)?;
        let mut seen = BTreeSet::new();
        let ours = self.ours(&file).into_iter().filter(|(_, fingerprint)| seen.insert(fingerprint.clone()));
        Ok(ours.map(|key| self.key_status(&key)).collect())
    }

    /// Adds one key under a name of its own.
    ///
    /// # Errors
    /// [`Error::Key`] if the text is not one public key; [`Error::Keys`] if the key or the name is there already;
    /// [`Error::UnknownApp`] if it is to be limited to an app that does not exist. Then nothing is changed.
    pub fn add_key(&self, name: &KeyName, text: &str, permission: &Permission) -> Result<KeyStatus, Error> {
        let keys = read_keys(text)?;
        let [key] = keys.as_slice() else { return Err(KeyError::Several { count: keys.len() }.into()) };
        self.must_be_a_key(key, 1)?;
        self.must_all_exist(permission)?;
        let _lock = self.lock_keys()?;
        let mut file = authorized_keys::read(&self.surroundings)?;
        let ours = self.ours(&file);
        if let Some((known, _)) = ours.iter().find(|(_, fingerprint)| *fingerprint == key.fingerprint) {
            return Err(KeysError::Known { name: known.name() }.into());
        }
        self.must_be_ours_alone(&file, &key.fingerprint)?;
        if ours.iter().any(|(entry, _)| entry.name() == name.as_str()) {
            return Err(KeysError::NameTaken { name: name.to_string() }.into());
        }
        self.add_line(&mut file, key, name, permission)?;
        authorized_keys::write(&self.surroundings, &file)?;
        self.key(&key.fingerprint)
    }

    /// Removes a key, named by its name or its fingerprint. What it was allowed is forgotten.
    ///
    /// # Errors
    /// [`Error::Keys`] if there is no such key, or if several have that name.
    pub fn remove_key(&self, key: &str) -> Result<KeyStatus, Error> {
        let _lock = self.lock_keys()?;
        let mut file = authorized_keys::read(&self.surroundings)?;
        let (entries, fingerprint) = self.find(&file, key)?;
        let status = self.key(&fingerprint)?;
        file.remove(&entries.iter().map(|entry| entry.at).collect::<Vec<_>>());
        authorized_keys::write(&self.surroundings, &file)?;
        key_records::remove(&self.root, &fingerprint)?;
        Ok(status)
    }

    /// Says anew what a key may do. Returns what it could do before, and what it can now.
    ///
    /// # Errors
    /// [`Error::Keys`] if there is no such key, if several have that name, or if another line lets it in anyway;
    /// [`Error::UnknownApp`]. Then nothing is changed.
    pub fn allow_key(&self, key: &str, permission: &Permission) -> Result<(KeyStatus, KeyStatus), Error> {
        self.must_all_exist(permission)?;
        let _lock = self.lock_keys()?;
        let mut file = authorized_keys::read(&self.surroundings)?;
        let (entries, fingerprint) = self.find(&file, key)?;
        if permission.apps().is_some() {
            self.must_be_ours_alone(&file, &fingerprint)?;
        }
        let before = self.key(&fingerprint)?;
        // Earlier versions of piku, and legacy piku, may have given one name to several keys.
        let ours = self.ours(&file);
        let is_taken =
            |name: &str| ours.iter().any(|(entry, other)| *other != fingerprint && entry.name() == name);
        let name = KeyName::from_comment(&before.name).or_numbered(is_taken);
        let record = KeyRecord {
            fingerprint: fingerprint.clone(),
            name: name.to_string(),
            added: before.added,
            permission: permission.clone(),
        };
        // The limit is there before the line says that there must be one.
        key_records::write(&self.root, &record)?;
        for entry in entries {
            file.set_command(entry.at, &self.command(name.as_str(), &fingerprint, permission).line());
        }
        authorized_keys::write(&self.surroundings, &file)?;
        let after = self.key(&fingerprint)?;
        Ok((before, after))
    }

    /// Authorizes the public keys in `text` to push and run every command. Adding a key again changes nothing.
    ///
    /// # Errors
    /// [`Error::Key`] if any line is not a public key; then no key is added.
    pub fn add_keys(&self, text: &str) -> Result<Vec<AddedKey>, Error> {
        let keys = read_keys(text)?;
        for (at, key) in keys.iter().enumerate() {
            self.must_be_a_key(key, at + 1)?;
        }
        let _lock = self.lock_keys()?;
        let mut file = authorized_keys::read(&self.surroundings)?;
        let mut added: Vec<AddedKey> = Vec::new();
        for key in &keys {
            let entries = file.entries();
            let known = entries.iter().find(|one| one.fingerprint.as_ref() == Some(&key.fingerprint));
            let name = if let Some(known) = known {
                known.name()
            } else {
                let is_taken = |name: &str| entries.iter().any(|entry| entry.name() == name);
                let name = key.name.clone().or_numbered(is_taken);
                self.add_line(&mut file, key, &name, &Permission::Administrator)?;
                name.to_string()
            };
            added.push(AddedKey { name, fingerprint: key.fingerprint.clone(), new: known.is_none() });
        }
        if added.iter().any(|key| key.new) {
            authorized_keys::write(&self.surroundings, &file)?;
        }
        Ok(added)
    }

    /// Gives the keys that legacy piku let in our forced command, and leaves the rest of their lines as it is. Reports how
    /// many there were.
    pub(crate) fn renew_legacy_keys(&self, report: &mut Report<'_>) -> Result<(), Error> {
        let _lock = self.lock_keys()?;
        let mut file = authorized_keys::read(&self.surroundings)?;
        let is_legacy = |entry: &Entry| matches!(&entry.forced, Forced::Legacy(command) if command.fingerprint.is_some() && command.program.is_some());
        let mut renewed = 0;
        for (entry, fingerprint) in self.ours(&file).into_iter().filter(|(entry, _)| is_legacy(entry)) {
            let others = file.entries();
            let is_taken = |name: &str| {
                let taken =
                    |other: &Entry| matches!(&other.forced, Forced::Ours(command) if command.name == name);
                others.iter().any(taken)
            };
            let name = KeyName::from_comment(&entry.name()).or_numbered(is_taken);
            let command = self.command(name.as_str(), &fingerprint, &Permission::Administrator);
            file.set_command(entry.at, &command.line());
            renewed += 1;
        }
        if renewed > 0 {
            authorized_keys::write(&self.surroundings, &file)?;
            let keys = if renewed == 1 { "key" } else { "keys" };
            stage(report, format!("Brought {renewed} {keys} of legacy piku (piku.py) up to date"));
        }
        Ok(())
    }

    /// Records a key, and adds its line.
    fn add_line(
        &self,
        file: &mut File,
        key: &PublicKey,
        name: &KeyName,
        permission: &Permission,
    ) -> Result<(), HostError> {
        let record = KeyRecord {
            fingerprint: key.fingerprint.clone(),
            name: name.to_string(),
            added: Some(wait::now()),
            permission: permission.clone(),
        };
        // Of a key that was here before and whose line was removed by hand, nothing stays.
        key_records::remove(&self.root, &key.fingerprint)?;
        key_records::write(&self.root, &record)?;
        file.add(key, name.as_str(), &self.command(name.as_str(), &key.fingerprint, permission).line());
        Ok(())
    }

    fn command(&self, name: &str, fingerprint: &str, permission: &Permission) -> OurCommand {
        OurCommand {
            root: Some(self.root.path().to_owned()),
            program: self.surroundings.program.clone(),
            name: name.to_owned(),
            fingerprint: Some(fingerprint.to_owned()),
            limited: permission.apps().is_some(),
        }
    }

    /// Holds off other changes, which would overwrite each other's keys.
    fn lock_keys(&self) -> Result<AppLock, HostError> {
        AppLock::take(&self.root.keys_lock(), "", &mut |_| {})
    }

    /// The lines with keys of this root.
    pub(super) fn ours(&self, file: &File) -> Vec<Ours> {
        let entries = file.entries().into_iter();
        let ours = entries.filter(|entry| authorized_keys::is_ours(entry, &self.root));
        ours.filter_map(|entry| entry.fingerprint.clone().map(|fingerprint| (entry, fingerprint))).collect()
    }

    /// The lines of the key with this name or fingerprint, and its fingerprint.
    fn find(&self, file: &File, key: &str) -> Result<(Vec<Entry>, String), KeysError> {
        let ours = self.ours(file);
        let named: Vec<&Ours> =
            ours.iter().filter(|(entry, print)| print == key || entry.name() == key).collect();
        let prints: BTreeSet<&String> = named.iter().map(|(_, fingerprint)| fingerprint).collect();
        match prints.iter().collect::<Vec<_>>().as_slice() {
            [] => {
                let names: BTreeSet<String> = ours.iter().map(|(entry, _)| entry.name()).collect();
                Err(KeysError::Unknown { key: key.to_owned(), available: names.into_iter().collect() })
            }
            [only] => {
                let all = ours.iter().filter(|(_, fingerprint)| fingerprint == **only);
                Ok((all.map(|(entry, _)| entry.clone()).collect(), (**only).clone()))
            }
            several => Err(KeysError::Ambiguous {
                name: key.to_owned(),
                fingerprints: several.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    fn key(&self, fingerprint: &str) -> Result<KeyStatus, Error> {
        let unknown = || KeysError::Unknown { key: fingerprint.to_owned(), available: Vec::new() };
        let found = self.keys()?.into_iter().find(|key| key.fingerprint == fingerprint);
        Ok(found.ok_or_else(unknown)?)
    }

    fn key_status(&self, (entry, fingerprint): &Ours) -> KeyStatus {
        let record = key_records::read(&self.root, fingerprint);
        let permission = self.permission(entry, &record);
        let (may, apps, problem) = match permission {
            Ok(permission) => (permission.word(), permission.apps().cloned(), None),
            Err(reason) => ("nothing", None, Some(reason)),
        };
        KeyStatus {
            name: entry.name(),
            fingerprint: fingerprint.clone(),
            kind: entry.kind.clone(),
            added: record.ok().flatten().and_then(|record| record.added),
            last_used: key_records::last_used(&self.root, fingerprint),
            may: may.to_owned(),
            apps,
            problem,
        }
    }

    /// What a key may do, by its line and its record; or why that can't be told.
    pub(super) fn permission(
        &self,
        entry: &Entry,
        record: &Result<Option<KeyRecord>, HostError>,
    ) -> Result<Permission, String> {
        let must_have_one = matches!(&entry.forced, Forced::Ours(command) if command.limited);
        match record {
            Ok(Some(record)) => Ok(record.permission.clone()),
            Ok(None) if must_have_one => Err("the record of its limits is missing".to_owned()),
            Ok(None) => Ok(Permission::Administrator),
            Err(error) => Err(error_chain(error)),
        }
    }

    /// Fails if a line that is not piku's has the key, too: ssh takes the first line that fits.
    fn must_be_ours_alone(&self, file: &File, fingerprint: &str) -> Result<(), KeysError> {
        let strange = |entry: &Entry| {
            entry.fingerprint.as_deref() == Some(fingerprint) && !authorized_keys::is_ours(entry, &self.root)
        };
        file.entries().into_iter().find(strange).map_or(Ok(()), |entry| {
            let path = authorized_keys::path(&self.surroundings);
            Err(KeysError::Elsewhere { path, line: entry.at + 1 })
        })
    }

    fn must_all_exist(&self, permission: &Permission) -> Result<(), Error> {
        permission.apps().into_iter().flatten().try_for_each(|app| self.must_exist(app))
    }

    /// Fails if `ssh-keygen` rejects the key.
    fn must_be_a_key(&self, key: &PublicKey, line: usize) -> Result<(), Error> {
        let file = crate::host::files::kept_aside(format!("{} {}\n", key.kind, key.blob).as_bytes())?;
        let env = git::environment(&self.surroundings);
        let words = ["ssh-keygen", "-l", "-f", &file.path().to_string_lossy()];
        let read = Invocation::new(words).with_env(&env).read();
        read.map(drop).map_err(|_| KeyError::NotAKey { line }.into())
    }

    /// Takes an app that was removed from the limits of all keys, so that another app of its name is not theirs.
    pub(crate) fn forget_in_keys(&self, app: &AppName) -> Result<(), HostError> {
        self.change_limits(app, |apps| {
            apps.remove(app);
        })
    }

    /// Gives an app another name in the limits of all keys.
    pub(crate) fn rename_in_keys(&self, old: &AppName, new: &AppName) -> Result<(), HostError> {
        self.change_limits(old, |apps| {
            apps.remove(old);
            apps.insert(new.clone());
        })
    }

    fn change_limits(&self, app: &AppName, change: impl Fn(&mut BTreeSet<AppName>)) -> Result<(), HostError> {
        let _lock = self.lock_keys()?;
        for mut record in key_records::all(&self.root)? {
            if let Some(apps) = record.permission.apps_mut().filter(|apps| apps.contains(app)) {
                change(apps);
                key_records::write(&self.root, &record)?;
            }
        }
        Ok(())
    }

    /// Whether there is an app, for [`decide`](crate::access::decide).
    pub(super) fn is_app(&self, app: &AppName) -> bool {
        store::exists(&self.root, app)
    }
}
