//! What piku keeps about a key beside `authorized_keys`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::permission::Permission;

/// What piku keeps about a key: `keys/<digest of the key>.json`, 600.
///
/// It belongs to the key itself, not to its name: whoever gets the name of a removed key gets nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) fingerprint: String,
    pub(crate) name: String,
    /// When it was added, if piku did so after it began to keep records.
    pub(crate) added: Option<Timestamp>,
    /// There is no default: a record without it can't be read.
    #[serde(flatten)]
    pub(crate) permission: Permission,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_does_not_say_what_the_key_may_is_none() {
        let limited = KeyRecord {
            fingerprint: "SHA256:x".to_owned(),
            name: "bob".to_owned(),
            added: None,
            permission: Permission::limited_to(["blog".parse().unwrap()], true),
        };
        let text = serde_json::to_string(&limited).unwrap();
        assert_eq!(
            text,
            r#"{"fingerprint":"SHA256:x","name":"bob","added":null,"may":"read-only","apps":["blog"]}"#
        );
        assert_eq!(serde_json::from_str::<KeyRecord>(&text).unwrap(), limited);
        for damaged in [
            r#"{"fingerprint":"SHA256:x","name":"bob","added":null}"#,
            r#"{"fingerprint":"SHA256:x","name":"bob","added":null,"may":"apps"}"#,
            r#"{"fingerprint":"SHA256:x","name":"bob","added":null,"may":"everything","apps":["blog"]}"#,
            r#"{"fingerprint":"SHA256:x","name":"bob","added":null,"may":"apps","apps":["../x"]}"#,
            "",
        ] {
            assert!(serde_json::from_str::<KeyRecord>(damaged).is_err(), "{damaged}");
        }
    }
}
