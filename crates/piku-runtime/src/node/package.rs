//! Reads `package.json`, as far as it decides a build.

use serde_json::{Map, Value};

use crate::{DetectError, SourceTree};

/// A `package.json`, as far as it decides a build.
#[derive(Debug)]
pub(crate) struct Package {
    fields: Map<String, Value>,
    present: bool,
}

impl Package {
    /// Reads the file in the top folder; an absent one is empty.
    pub(crate) fn of(tree: &dyn SourceTree) -> Result<Self, DetectError> {
        let Some(bytes) = tree.read("package.json") else {
            return Ok(Self { fields: Map::new(), present: false });
        };
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let bad = |source| DetectError::BadJson { file: "package.json", source };
        Ok(Self { fields: serde_json::from_slice(bytes).map_err(bad)?, present: true })
    }

    /// Whether there is a `package.json`.
    pub(crate) fn is_present(&self) -> bool {
        self.present
    }

    /// Returns `packageManager`, such as `pnpm@9.1.0`.
    pub(crate) fn package_manager(&self) -> Option<&str> {
        self.fields.get("packageManager")?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Returns the range of versions in `engines.node`.
    pub(crate) fn node_engines(&self) -> Option<&str> {
        self.fields.get("engines")?.get("node")?.as_str()
    }

    /// Whether there is a script of this name.
    pub(crate) fn has_script(&self, name: &str) -> bool {
        self.fields.get("scripts").and_then(|scripts| scripts.get(name)).is_some_and(Value::is_string)
    }

    /// Whether installing reads more of the tree than this file and the lock file.
    pub(crate) fn reads_the_tree(&self) -> bool {
        const RUN_BY_INSTALL: [&str; 7] =
            ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
        let local = |version: &Value| {
            let begins = |text: &str| {
                ["file:", "link:", "portal:", "patch:", "workspace:", ".", "/"]
                    .iter()
                    .any(|it| text.starts_with(it))
            };
            version.as_str().is_some_and(begins)
        };
        let lists = ["dependencies", "devDependencies", "optionalDependencies", "overrides", "resolutions"];
        let any_local = |list: &str| match self.fields.get(list) {
            Some(Value::Object(entries)) => entries.values().any(local),
            _ => false,
        };
        RUN_BY_INSTALL.iter().any(|script| self.has_script(script))
            || self.fields.contains_key("workspaces")
            || self.fields.contains_key("patchedDependencies")
            || self.fields.get("pnpm").is_some_and(|pnpm| pnpm.get("patchedDependencies").is_some())
            || lists.into_iter().any(any_local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    fn package(text: &str) -> Result<Package, DetectError> {
        Package::of(&MemoryTree::new("c").with("package.json", text))
    }

    #[test]
    fn what_installing_reads_besides_is_known() {
        let cases = [
            ("{}", false),
            (
                r#"{"dependencies": {"a": "^1", "b": "github:x/y"}, "scripts": {"start": "x", "test": "y"}}"#,
                false,
            ),
            (r#"{"dependencies": {"a": "file:./lib"}}"#, true),
            (r#"{"devDependencies": {"a": "../lib"}}"#, true),
            (r#"{"overrides": {"a": "patch:a@1#./a.patch"}}"#, true),
            (r#"{"workspaces": ["packages/*"]}"#, true),
            (r#"{"scripts": {"postinstall": "patch-package"}}"#, true),
            (r#"{"scripts": {"prepare": "husky"}}"#, true),
            (r#"{"pnpm": {"patchedDependencies": {}}}"#, true),
        ];
        for (text, reads) in cases {
            assert_eq!(package(text).unwrap().reads_the_tree(), reads, "{text}");
        }
    }

    #[test]
    fn a_field_of_another_type_is_as_good_as_absent() {
        let odd =
            package(r#"{"packageManager": 3, "engines": "20", "scripts": ["build"], "dependencies": []}"#)
                .unwrap();
        assert_eq!((odd.package_manager(), odd.node_engines(), odd.has_script("build")), (None, None, false));
        assert!(!odd.reads_the_tree());
        assert!(package("\u{feff}{}").is_ok());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC*|\\{\"(scripts|engines|packageManager|pnpm)\": ?(\\[|\\{|\"|[0-9])*[\\]}\"]*\\}") {
            if let Ok(package) = package(&text) {
                let _ = (package.package_manager(), package.node_engines(), package.reads_the_tree());
            }
        }
    }
}
