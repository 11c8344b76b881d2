//! Which version of its language an app asks for, and where it says so.

use crate::text::decode;
use crate::{DetectError, RuntimeName, SourceTree, Version, VersionRequest, Warning};

/// A version that was asked for, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) text: String,
    /// The file or the setting.
    pub(crate) origin: &'static str,
    /// The line, from 1; `None` for a setting.
    pub(crate) line: Option<usize>,
}

/// Finds the version that is asked for: first in the setting, then in the language's own files, then in
/// `.tool-versions` under one of `names`.
///
/// In a file of the language, the first line that is neither blank nor a comment counts. A blank setting counts as
/// absent.
pub(crate) fn asked(
    tree: &dyn SourceTree,
    setting: Option<(&'static str, &str)>,
    files: &[&'static str],
    names: &[&str],
) -> Option<Asked> {
    let setting = setting
        .map(|(origin, text)| Asked { text: text.trim().to_owned(), origin, line: None })
        .filter(|asked| !asked.text.is_empty());
    let from_file = |origin: &&'static str| {
        let (line, text) = lines(tree, origin).into_iter().next()?;
        Some(Asked { text, origin, line: Some(line) })
    };
    let from_tools = || {
        let of_line = |(at, line): (usize, String)| Some((at, in_tool_versions(&line, names)?));
        let (line, text) = lines(tree, ".tool-versions").into_iter().find_map(of_line)?;
        Some(Asked { text, origin: ".tool-versions", line: Some(line) })
    };
    setting.or_else(|| files.iter().find_map(from_file)).or_else(from_tools)
}

impl Asked {
    /// Parses the version.
    pub(crate) fn request(&self, runtime: RuntimeName) -> Result<VersionRequest, DetectError> {
        let bad = |source| DetectError::BadVersion { runtime, origin: self.origin, source };
        self.text.parse().map_err(bad)
    }

    /// Makes the error for a host that has another version.
    pub(crate) fn refuse(self, runtime: RuntimeName, has: Version) -> DetectError {
        DetectError::OtherVersion { runtime, origin: self.origin, request: self.text, has }
    }

    /// Makes the warning for a host that has another version that will do.
    pub(crate) fn accept(&self, runtime: RuntimeName, has: Version) -> Warning {
        Warning {
            code: "runtime::near-version",
            message: format!(
                "`{}` asks for {} {}, and {has} is used",
                self.origin,
                runtime.title(),
                self.text
            ),
            help: Some(format!("ask for {has}, or install the other on the host, where that matters")),
            file: Some(self.origin.to_owned()),
        }
    }
}

/// Reads the first version of a line such as `nodejs 20.11.1 18.19.0 # both`.
fn in_tool_versions(line: &str, names: &[&str]) -> Option<String> {
    let mut words = line.split('#').next()?.split_whitespace();
    words.next().filter(|name| names.contains(name))?;
    words.next().map(str::to_owned)
}

/// Lists the lines of a file that are neither blank nor comments, trimmed, each with its number from 1.
fn lines(tree: &dyn SourceTree, file: &str) -> Vec<(usize, String)> {
    let text = decode(&tree.read(file).unwrap_or_default());
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    fn find(setting: &str, files: &[(&str, &str)]) -> Option<String> {
        let tree = files.iter().fold(MemoryTree::new("c"), |tree, (path, text)| tree.with(*path, *text));
        let found =
            asked(&tree, Some(("NODE_VERSION", setting)), &[".node-version", ".nvmrc"], &["nodejs", "node"]);
        found.map(|asked| format!("{} {}", asked.origin, asked.text))
    }

    #[test]
    fn the_setting_goes_before_the_files_and_they_before_tool_versions() {
        let tools = (".tool-versions", "ruby 3.2\n# nodejs 1\nnodejs 20.11.1 18 # two\n");
        let all = [(".node-version", "22\n"), (".nvmrc", "v18\n"), tools];
        assert_eq!(find(" 16 ", &all).as_deref(), Some("NODE_VERSION 16"));
        assert_eq!(find("", &all).as_deref(), Some(".node-version 22"));
        assert_eq!(find("", &all[1..]).as_deref(), Some(".nvmrc v18"));
        assert_eq!(find("", &all[2..]).as_deref(), Some(".tool-versions 20.11.1"));
        assert_eq!(find("", &[(".nvmrc", "\u{feff}\n# ours\r\n 18\r\n")]).as_deref(), Some(".nvmrc 18"));
        assert_eq!(find("", &[(".nvmrc", "# none\n"), (".tool-versions", "nodejs\n")]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_in_tool_versions_is_found(
            version in "[a-z0-9.+-]{1,12}",
            before in "(#.*|ruby [0-9.]+)?",
            gap in "[ \t]{1,3}",
            after in "( [0-9.]+)?( ?# .*)?",
        ) {
            let text = format!("{before}\nnodejs{gap}{version}{after}\n");
            let found = find("", &[(".tool-versions", &text)]);
            prop_assert_eq!(found, Some(format!(".tool-versions {version}")));
        }

        #[test]
        fn reading_never_panics(text in "(\\PC|[\n\r\t#])*") {
            let _ = find("", &[(".tool-versions", &text), (".nvmrc", &text)]);
        }
    }
}
