//! Reads `package.json`, as far as it decides a build.

use camino::{Utf8Component, Utf8Path};
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

    /// Returns the scripts that installing runs, in order. Those that npm runs around another one are left out if that
    /// is there.
    pub(crate) fn install_scripts(&self) -> Vec<&'static str> {
        const AROUND: [(&str, &str, &str); 2] =
            [("preinstall", "install", "postinstall"), ("preprepare", "prepare", "postprepare")];
        let mut found = Vec::new();
        for (before, script, after) in AROUND {
            let parts = if self.has_script(script) { vec![script] } else { vec![before, after] };
            found.extend(parts.into_iter().filter(|it| self.has_script(it)));
            if script == "install" && self.has_script("prepublish") {
                found.push("prepublish");
            }
        }
        found
    }

    /// Returns the packages whose install scripts the app allows to run.
    pub(crate) fn allowed_scripts(&self) -> Vec<String> {
        let of_pnpm = self.fields.get("pnpm").and_then(|pnpm| pnpm.get("onlyBuiltDependencies"));
        let lists = [of_pnpm, self.fields.get("trustedDependencies")];
        let names = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Whether a package of this name is listed.
    pub(crate) fn lists(&self, name: &str) -> bool {
        LISTS[..3].iter().any(|list| self.fields.get(*list).is_some_and(|list| list.get(name).is_some()))
    }

    /// Returns the archives in the tree that it lists as packages, such as `file:lib/greeting-1.0.0.tgz`.
    pub(crate) fn archives(&self) -> Vec<&str> {
        let mut found: Vec<&str> = self.versions().filter_map(archive).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether it names tools for developing, and nothing that an app runs or is built by.
    pub(crate) fn has_only_tools(&self) -> bool {
        let runs = ["dependencies", "optionalDependencies", "workspaces", "main", "bin"];
        self.present
            && !runs.iter().any(|field| self.fields.contains_key(*field))
            && !["start", "build", "prestart", "postinstall"].iter().any(|script| self.has_script(script))
    }

    /// Whether installing reads more of the tree than this file, the lock file, and archives, scripts aside.
    pub(crate) fn reads_the_tree(&self) -> bool {
        let local = |text: &str| {
            let begins = ["file:", "link:", "portal:", "patch:", "workspace:", ".", "/"];
            begins.iter().any(|it| text.starts_with(it)) && archive(text).is_none()
        };
        self.fields.contains_key("workspaces")
            || self.fields.contains_key("patchedDependencies")
            || self.fields.get("pnpm").is_some_and(|pnpm| pnpm.get("patchedDependencies").is_some())
            || self.versions().any(local)
    }

    /// Returns the file without its scripts, which installing does not read.
    pub(crate) fn without_scripts(&self) -> Vec<u8> {
        let mut fields = self.fields.clone();
        fields.remove("scripts");
        let mut text = serde_json::to_vec_pretty(&fields).unwrap_or_default();
        text.push(b'\n');
        text
    }

    fn versions(&self) -> impl Iterator<Item = &str> {
        let lists = LISTS.iter().filter_map(|list| self.fields.get(*list)?.as_object());
        lists.flat_map(|entries| entries.values()).filter_map(Value::as_str)
    }
}

/// Lists of packages with their versions; the first three are installed.
const LISTS: [&str; 5] =
    ["dependencies", "devDependencies", "optionalDependencies", "overrides", "resolutions"];

/// Returns the path of an archive in the tree.
fn archive(version: &str) -> Option<&str> {
    let path = version.strip_prefix("file:").unwrap_or(version);
    let path = path.strip_prefix("./").unwrap_or(path);
    let inside = Utf8Path::new(path).components().all(|part| matches!(part, Utf8Component::Normal(_)));
    let packed = [".tgz", ".tar.gz"].iter().any(|end| path.ends_with(end));
    let local = version.starts_with("file:") || version.starts_with("./");
    (local && inside && packed).then_some(path)
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
            (r#"{"scripts": {"postinstall": "patch-package"}}"#, false),
            (r#"{"dependencies": {"a": "file:lib/a-1.0.0.tgz"}}"#, false),
            (r#"{"dependencies": {"a": "file:../a-1.0.0.tgz"}}"#, true),
            (r#"{"pnpm": {"patchedDependencies": {}}}"#, true),
        ];
        for (text, reads) in cases {
            assert_eq!(package(text).unwrap().reads_the_tree(), reads, "{text}");
        }
    }

    #[test]
    fn a_script_that_npm_runs_around_another_is_not_run_twice() {
        let cases = [
            (
                r#"{"scripts": {"postinstall": "a", "preinstall": "b", "build": "c"}}"#,
                "preinstall postinstall",
            ),
            (r#"{"scripts": {"postinstall": "a", "install": "b", "prepare": "c"}}"#, "install prepare"),
            (r#"{"scripts": {"prepublish": "a", "postprepare": "b"}}"#, "prepublish postprepare"),
            ("{}", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(package(text).unwrap().install_scripts().join(" "), expected, "{text}");
        }
    }

    #[test]
    fn installing_is_decided_by_all_but_the_scripts_and_by_archives() {
        let before = package(r#"{"name": "a", "scripts": {"start": "x"}}"#).unwrap();
        assert_eq!(before.without_scripts(), package(r#"{"name": "a"}"#).unwrap().without_scripts());
        let text =
            r#"{"dependencies": {"a": "file:./a.tgz", "b": "^1", "c": "https://x/c.tgz", "d": "/d.tgz"}}"#;
        assert_eq!(package(text).unwrap().archives(), ["a.tgz"]);
    }

    #[test]
    fn linters_are_told_from_what_an_app_needs() {
        let linters = r#"{"devDependencies": {"prettier": "3"}, "scripts": {"lint": "prettier --check ."}}"#;
        assert!(package(linters).unwrap().has_only_tools());
        for text in [
            r#"{"dependencies": {"vue": "3"}}"#,
            r#"{"devDependencies": {"vite": "5"}, "scripts": {"build": "vite build"}}"#,
            r#"{"main": "server.js"}"#,
        ] {
            assert!(!package(text).unwrap().has_only_tools(), "{text}");
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
