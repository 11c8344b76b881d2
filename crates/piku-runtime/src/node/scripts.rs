//! Which install scripts run where: those of the app, and those of its packages.
//!
//! A package manager runs them while it installs. Most compile or fetch a program for their own package and look at
//! nothing else. Some read the app's configuration (`puppeteer`) or write into its folders (`msw`): those must run
//! where the whole tree is. Lock files of npm say who has one; others don't, so names decide there.

use serde_json::{Map, Value};

use super::PackageManager;
use super::package::Package;
use crate::SourceTree;

/// Packages whose install scripts fetch, compile, or print something for the package itself, whatever the app is.
const ALONE: [&str; 62] = [
    "@apollo/protobufjs",
    "@biomejs/biome",
    "@bufbuild/buf",
    "@fortawesome/fontawesome-common-types",
    "@nestjs/core",
    "@newrelic/native-metrics",
    "@parcel/watcher",
    "@prisma/engines",
    "@scarf/scarf",
    "@sentry/cli",
    "@serialport/bindings-cpp",
    "@swc/core",
    "@tailwindcss/oxide",
    "@tensorflow/tfjs-node",
    "argon2",
    "aws-crt",
    "bcrypt",
    "better-sqlite3",
    "bigint-buffer",
    "bufferutil",
    "canvas",
    "classic-level",
    "core-js",
    "core-js-bundle",
    "core-js-pure",
    "cpu-features",
    "deasync",
    "electron",
    "es5-ext",
    "esbuild",
    "farmhash",
    "ffmpeg-static",
    "fsevents",
    "gifsicle",
    "isolated-vm",
    "kerberos",
    "keytar",
    "leveldown",
    "libxmljs2",
    "lmdb",
    "mongodb-client-encryption",
    "mozjpeg",
    "msgpackr-extract",
    "node-pty",
    "node-sass",
    "onnxruntime-node",
    "optipng-bin",
    "pngquant-bin",
    "prisma",
    "protobufjs",
    "re2",
    "secp256k1",
    "sharp",
    "snappy",
    "sodium-native",
    "sqlite3",
    "ssh2",
    "styled-components",
    "unrs-resolver",
    "utf-8-validate",
    "workerd",
    "zeromq",
];

/// Packages whose install scripts are known to read or write the app, for lock files that don't say who has one.
const READERS: [&str; 9] = [
    "@prisma/client",
    "husky",
    "lefthook",
    "msw",
    "nx",
    "patch-package",
    "puppeteer",
    "simple-git-hooks",
    "yorkie",
];

/// The packages with install scripts, by what their scripts look at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scripts {
    /// Packages whose scripts look at nothing but the package.
    pub(crate) alone: Vec<String>,
    /// Packages whose scripts may read or write the app.
    pub(crate) of_the_app: Vec<String>,
    /// Whether a script belongs to a package that is installed only if its script succeeds.
    pub(crate) optional: bool,
}

impl Scripts {
    /// Finds them in the lock file; without one, among the packages that `package.json` lists.
    pub(crate) fn of(
        tree: &dyn SourceTree,
        package: &Package,
        manager: PackageManager,
        lock: Option<&str>,
    ) -> Self {
        let text = lock.and_then(|lock| tree.read(lock)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut found = match (manager, npm_packages(&text)) {
            (PackageManager::Npm, Some(packages)) => of_npm(&packages),
            _ => Self { of_the_app: named(&text, package), ..Self::default() },
        };
        let of_pnpm = if manager == PackageManager::Pnpm { of_pnpm(&text) } else { Vec::new() };
        // What an app allows to run its scripts has some.
        for name in of_pnpm.into_iter().chain(package.allowed_scripts()).chain(allowed_by_workspace(tree)) {
            found.add(&name.clone(), name);
        }
        found
    }

    fn add(&mut self, name: &str, folder: String) {
        let list = if ALONE.contains(&name) { &mut self.alone } else { &mut self.of_the_app };
        if !list.contains(&folder) {
            list.push(folder);
        }
    }
}

/// Reads the packages of npm's lock file; `None` for the oldest form, which does not say who has a script.
fn npm_packages(text: &str) -> Option<Map<String, Value>> {
    let lock: Map<String, Value> = serde_json::from_str(text).ok()?;
    lock.get("packages")?.as_object().cloned()
}

fn of_npm(packages: &Map<String, Value>) -> Scripts {
    let mut found = Scripts::default();
    for (path, entry) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        let is = |key: &str| entry.get(key).and_then(Value::as_bool) == Some(true);
        if !is("hasInstallScript") || !is_for_linux(entry) {
            continue;
        }
        let folder = path.rsplit("node_modules/").next().unwrap_or(path);
        // The folder of an alias has another name than the package.
        let name = entry.get("name").and_then(Value::as_str).unwrap_or(folder);
        found.add(name, folder.to_owned());
        found.optional |= is("optional");
    }
    found
}

fn is_for_linux(entry: &Value) -> bool {
    let Some(systems) = entry.get("os").and_then(Value::as_array) else { return true };
    let names: Vec<&str> = systems.iter().filter_map(Value::as_str).collect();
    names.contains(&"linux") || names.iter().all(|name| name.starts_with('!') && *name != "!linux")
}

/// Reads the packages that a lock file of pnpm before version 9 marks with `requiresBuild`.
fn of_pnpm(text: &str) -> Vec<String> {
    let mut last = "";
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(key) = line.strip_prefix("  ").filter(|key| !key.starts_with(' ')) {
            last = key.trim_end().trim_end_matches(':').trim_matches(['\'', '"']);
        } else if line.trim() == "requiresBuild: true" {
            let name = last.trim_start_matches('/');
            let end = name.char_indices().skip(1).find(|(at, c)| {
                *c == '@' || *c == '/' && name[at + 1..].starts_with(|c: char| c.is_ascii_digit())
            });
            found.extend(end.map(|(at, _)| name[..at].to_owned()));
        }
    }
    found
}

/// Reads what `pnpm-workspace.yaml` allows to run: `onlyBuiltDependencies`, or `allowBuilds` since pnpm 10.26.
fn allowed_by_workspace(tree: &dyn SourceTree) -> Vec<String> {
    let bytes = tree.read("pnpm-workspace.yaml").unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut within = "";
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.trim_start().starts_with('#')) {
        let plain = |word: &str| word.trim().trim_matches(['"', '\'']).to_owned();
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            within = line.split(':').next().unwrap_or_default();
            let listed = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
            if within == "onlyBuiltDependencies"
                && let Some((names, _)) = listed
            {
                found.extend(names.split(',').map(plain).filter(|name| !name.is_empty()));
            }
        } else if within == "onlyBuiltDependencies" {
            found.extend(line.trim_start().strip_prefix('-').map(plain));
        } else if within == "allowBuilds" {
            let allowed = line.rsplit_once(':').filter(|(_, value)| value.trim() == "true");
            found.extend(allowed.map(|(name, _)| plain(name)));
        }
    }
    found
}

/// Finds the packages of [`READERS`] that a lock file names, in any of its spellings, or `package.json` lists.
fn named(lock: &str, package: &Package) -> Vec<String> {
    let in_lock = |name: &str| {
        lock.match_indices(name).any(|(at, _)| {
            let before = lock[..at].chars().next_back();
            let after = lock[at + name.len()..].chars().next();
            before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '/'))
                && matches!(after, Some('@' | '/' | '"'))
        })
    };
    let named = READERS.iter().filter(|name| in_lock(name) || package.lists(name));
    named.map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    fn scripts(manager: PackageManager, files: &[(&str, &str)]) -> String {
        let tree = files.iter().fold(MemoryTree::new("c"), |tree, (path, text)| tree.with(*path, *text));
        let package = Package::of(&tree).unwrap();
        let found = Scripts::of(&tree, &package, manager, manager.lock_in(&tree));
        let optional = if found.optional { " optional" } else { "" };
        format!("{}|{}{optional}", found.alone.join(" "), found.of_the_app.join(" "))
    }

    #[test]
    fn npm_says_who_has_a_script_and_most_of_them_look_at_nothing() {
        let cases = [
            (r#"{"node_modules/esbuild": {"hasInstallScript": true}, "node_modules/x": {}}"#, "esbuild|"),
            (
                r#"{"": {"hasInstallScript": true}, "node_modules/@a/pup": {"hasInstallScript": true}}"#,
                "|@a/pup",
            ),
            (r#"{"node_modules/x/node_modules/y": {"hasInstallScript": true}}"#, "|y"),
            (r#"{"node_modules/x": {"name": "sharp", "hasInstallScript": true}}"#, "x|"),
            (r#"{"node_modules/x": {"optional": true, "os": ["darwin"], "hasInstallScript": true}}"#, "|"),
            (r#"{"node_modules/bcrypt": {"optional": true, "hasInstallScript": true}}"#, "bcrypt| optional"),
            (r#"{"node_modules/x": {"os": ["!win32"], "hasInstallScript": true}}"#, "|x"),
        ];
        for (packages, expected) in cases {
            let lock = format!(r#"{{"lockfileVersion": 3, "packages": {packages}}}"#);
            let files = [("package-lock.json", lock.as_str())];
            assert_eq!(scripts(PackageManager::Npm, &files), expected, "{packages}");
        }
    }

    #[test]
    fn lock_files_that_do_not_say_it_are_searched_for_known_names() {
        let cases = [
            (
                PackageManager::Npm,
                "package-lock.json",
                r#"{"dependencies": {"puppeteer": {}}}"#,
                "|puppeteer",
            ),
            (
                PackageManager::YarnClassic,
                "yarn.lock",
                "puppeteer@^22.15.0:\n  version \"22\"\n",
                "|puppeteer",
            ),
            (PackageManager::YarnClassic, "yarn.lock", "\"@prisma/client@^5\":\n", "|@prisma/client"),
            (PackageManager::YarnClassic, "yarn.lock", "puppeteer-core@^22:\n  puppeteers@1\n", "|"),
            (PackageManager::YarnBerry, "yarn.lock", "\"msw@npm:^2\":\n", "|msw"),
            (PackageManager::Pnpm, "pnpm-lock.yaml", "packages:\n\n  msw@2.0.0:\n    hasBin: true\n", "|msw"),
            (PackageManager::Pnpm, "pnpm-lock.yaml", "  /pup@1.0.0:\n    requiresBuild: true\n", "|pup"),
            (
                PackageManager::Pnpm,
                "pnpm-lock.yaml",
                "  /@a/pup/1.0.0:\n    requiresBuild: true\n",
                "|@a/pup",
            ),
            (
                PackageManager::Pnpm,
                "pnpm-lock.yaml",
                "  /esbuild@0.2.0:\n    requiresBuild: true\n",
                "esbuild|",
            ),
            (PackageManager::Bun, "bun.lock", "\"husky\": [\"husky@4.0.0\"]", "|husky"),
        ];
        for (manager, lock, text, expected) in cases {
            assert_eq!(scripts(manager, &[(lock, text)]), expected, "{text}");
        }
        let listed = r#"{"dependencies": {"msw": "2", "express": "4"}, "trustedDependencies": ["own"]}"#;
        assert_eq!(scripts(PackageManager::Npm, &[("package.json", listed)]), "|msw own");
    }

    #[test]
    fn what_pnpm_is_allowed_to_run_is_read_from_both_its_files() {
        let workspace = "# ours\nonlyBuiltDependencies:\n  - esbuild\n  - 'pup'\nallowBuilds:\n  sharp: true\n  x: false\n";
        let files = [("pnpm-workspace.yaml", workspace), ("package.json", "{}")];
        assert_eq!(scripts(PackageManager::Pnpm, &files), "esbuild sharp|pup");
        let files = [("pnpm-workspace.yaml", "onlyBuiltDependencies: [esbuild, \"own\"]\n")];
        assert_eq!(scripts(PackageManager::Pnpm, &files), "esbuild|own");
        let files = [("package.json", r#"{"pnpm": {"onlyBuiltDependencies": ["own", "esbuild"]}}"#)];
        assert_eq!(scripts(PackageManager::Pnpm, &files), "esbuild|own");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(  /|requiresBuild: true|msw|é|@|\n|\\PC)*") {
            for manager in [PackageManager::Npm, PackageManager::Pnpm, PackageManager::YarnClassic] {
                let files = [(manager.locks()[0], text.as_str()), ("pnpm-workspace.yaml", text.as_str())];
                let _ = scripts(manager, &files);
            }
        }
    }
}
