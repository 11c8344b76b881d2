//! What `--json` prints: objects that carry the version of their form.

use std::error::Error as StdError;

use serde::Serialize;

/// The version of all forms. A member that is added leaves it as it is; one that is removed, renamed, or means something
/// else makes the next version.
const SCHEMA: u32 = 1;

/// An object with its version.
#[derive(Serialize)]
pub(crate) struct Versioned<T> {
    schema: u32,
    #[serde(flatten)]
    object: T,
}

impl<T> Versioned<T> {
    pub(crate) fn new(object: T) -> Self {
        Self { schema: SCHEMA, object }
    }

    /// Each object of a listing.
    pub(crate) fn all(objects: impl IntoIterator<Item = T>) -> Vec<Self> {
        objects.into_iter().map(Self::new).collect()
    }
}

/// Why a command was refused.
#[derive(Serialize)]
pub(crate) struct Refusal<'a> {
    code: &'a str,
    message: String,
    help: Option<&'a str>,
}

impl<'a> Refusal<'a> {
    /// The message has the causes of the error too, on one line.
    pub(crate) fn new(code: &'a str, error: &dyn StdError, help: Option<&'a str>) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            message = format!("{message}: {next}");
            cause = next.source();
        }
        Self { code, message, help }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CliError;

    #[test]
    fn an_object_begins_with_the_version_of_its_form() {
        let source = std::io::Error::other("no such thing");
        let error = CliError::Input { name: "key.pub".to_owned(), source };
        let refusal = Versioned::new(Refusal::new(error.code(), &error, Some("look again")));
        assert_eq!(
            serde_json::to_string(&refusal).unwrap(),
            r#"{"schema":1,"code":"command::input","message":"could not read `key.pub`: no such thing","help":"look again"}"#
        );
        let listing =
            Versioned::all([("a", 1)].map(|(key, value)| std::collections::BTreeMap::from([(key, value)])));
        assert_eq!(serde_json::to_string(&listing).unwrap(), r#"[{"schema":1,"a":1}]"#);
    }
}
