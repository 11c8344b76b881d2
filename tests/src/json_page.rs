//! `docs/json.md`: which members the objects have that `--json` prints.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::piku::workspace;

/// The members of each object on the page, by the title of their section.
#[derive(Debug)]
pub struct JsonPage(BTreeMap<String, BTreeSet<String>>);

impl JsonPage {
    /// Reads the page.
    ///
    /// # Panics
    ///
    /// When it can't be read.
    #[must_use]
    pub fn read() -> Self {
        let path = workspace().join("docs/json.md");
        let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let sections = page.split("\n## ").skip(1).filter_map(|section| {
            let (title, text) = section.split_once('\n')?;
            let members = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
            let members = members.map(|(member, _)| member.to_owned()).chain(["schema".to_owned()]);
            Some((title.replace('`', ""), members.collect()))
        });
        Self(sections.collect())
    }

    /// Requires that the objects of `printed`, one or an array of them, have the members that the section lists: each
    /// member is in the section, and each that the section lists is in an object, unless what would hold it is empty.
    #[track_caller]
    pub fn describes(&self, title: &str, printed: &Value) {
        let listed = self.0.get(title).unwrap_or_else(|| panic!("docs/json.md has no section `{title}`"));
        let objects = printed.as_array().cloned().unwrap_or_else(|| vec![printed.clone()]);
        assert!(!objects.is_empty(), "`{title}` printed no object to compare");
        let mut seen = BTreeSet::new();
        for object in &objects {
            assert_eq!(object["schema"], 1, "`{title}`: {object}");
            collect(object, "", &mut seen);
        }
        let lists = |path: &String| listed.contains(path);
        // An object that is not described stands for itself, such as one of settings.
        let described = |path: &String| {
            let parent = path.rsplit_once('.').map(|(parent, _)| parent.trim_end_matches("[]"));
            let inside = |parent: &str| {
                listed.iter().any(|one| {
                    one.starts_with(&format!("{parent}.")) || one.starts_with(&format!("{parent}[]"))
                })
            };
            parent.is_none_or(inside)
        };
        let unknown: Vec<_> = seen.iter().filter(|path| !lists(path) && described(path)).collect();
        assert!(unknown.is_empty(), "docs/json.md does not list {unknown:?} of `{title}`: {printed}");
        let held = |path: &&String| {
            path.rsplit_once('.')
                .is_none_or(|(parent, _)| seen.iter().any(|one| one.starts_with(&format!("{parent}."))))
        };
        let missing: Vec<_> = listed.iter().filter(|path| !seen.contains(*path)).filter(held).collect();
        assert!(missing.is_empty(), "docs/json.md lists {missing:?} of `{title}`, which has none: {printed}");
    }

    /// Requires an object of settings: `schema`, and nothing but text beside it.
    #[track_caller]
    pub fn describes_settings(&self, title: &str, printed: &Value) {
        assert!(self.0.contains_key(title), "docs/json.md has no section `{title}`");
        let members = printed.as_object().unwrap_or_else(|| panic!("`{title}` is no object: {printed}"));
        let is_right =
            |(key, value): (&String, &Value)| if key == "schema" { *value == 1 } else { value.is_string() };
        assert!(members.contains_key("schema") && members.iter().all(is_right), "`{title}`: {printed}");
    }
}

/// The paths of all members: `a`, `a.b`, `a[].b`.
fn collect(value: &Value, path: &str, seen: &mut BTreeSet<String>) {
    let Some(members) = value.as_object() else { return };
    for (key, value) in members {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Array(all) => all.iter().for_each(|one| collect(one, &format!("{path}[]"), seen)),
            value => collect(value, &path, seen),
        }
        seen.insert(path);
    }
}
