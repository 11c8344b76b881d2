//! What the key at the other end of an ssh connection may do.

use crate::access::{Permission, Request, Standing, decide};
use crate::authorized_keys::{Entry, Forced};
use crate::error::{Error, error_chain};
use crate::host::{HostError, authorized_keys, key_records};
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

    fn known(&self, claim: &KeyClaim) -> Result<Standing, HostError> {
        let file = authorized_keys::read(&self.surroundings)?;
        let is_that = |entry: &Entry, print: &String| match (&claim.fingerprint, &entry.forced) {
            (Some(claimed), _) => claimed == print,
            // Another key may have got the name since.
            (None, Forced::Ours(command)) => command.fingerprint.is_none() && command.name == claim.name,
            (None, _) => false,
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
