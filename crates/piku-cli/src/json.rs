//! What `--json` prints: objects that carry the version of their form. `docs/json.md` describes them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ui::Ui;

/// The version of all forms. A member that is added leaves it as it is; one that is removed, renamed, or means something
/// else makes the next version.
const SCHEMA: u32 = 1;

/// The member with the version.
const MEMBER: &str = "schema";

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

impl Versioned<BTreeMap<String, String>> {
    /// An object whose members are settings. The version is a number, and the values of settings are text; a setting of
    /// the name of the version is left out.
    pub(crate) fn of_settings(settings: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new(settings.into_iter().filter(|(key, _)| key != MEMBER).collect())
    }
}

/// Prints a value for programs, and for people who look at it.
pub(crate) fn print(value: &impl Serialize, ui: &Ui) {
    if let Ok(text) = serde_json::to_string_pretty(value) {
        ui.data(format_args!("{text}"));
    }
}

/// Prints a value on one line. False if the reader is gone.
pub(crate) fn print_line(value: &impl Serialize, ui: &Ui) -> bool {
    serde_json::to_string(value).is_ok_and(|text| ui.data(format_args!("{text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_on_the_page_about_json() {
        let page = include_str!("../../../docs/json.md");
        let missing: Vec<String> = crate::args::offered()
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .filter(|name| !page.contains(&format!("`{name}`")))
            .collect();
        assert!(missing.is_empty(), "docs/json.md does not say what these print with `--json`: {missing:?}");
    }

    #[test]
    fn an_object_begins_with_the_version_of_its_form() {
        let listing = Versioned::all([("a", 1)].map(|(key, value)| BTreeMap::from([(key, value)])));
        assert_eq!(serde_json::to_string(&listing).unwrap(), r#"[{"schema":1,"a":1}]"#);
        let settings =
            [("A", "1"), ("schema", "mine")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let settings = Versioned::of_settings(settings);
        assert_eq!(serde_json::to_string(&settings).unwrap(), r#"{"schema":1,"A":"1"}"#);
    }
}
