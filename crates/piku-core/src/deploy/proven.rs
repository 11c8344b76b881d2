//! Decides whether a release runs code that was live before, so that its processes need not be watched again.

use std::collections::BTreeMap;

use super::prepare::Prepared;
use crate::host::git;
use crate::release::Release;

/// The names, without an ending, of files for readers at the top of a repository. No program runs differently when one
/// of them changes.
const FOR_READERS: [&str; 5] = ["readme", "license", "licence", "changelog", "contributing"];

/// The endings of such files.
const TEXTS: [&str; 5] = ["", ".md", ".rst", ".txt", ".adoc"];

/// The mode of a file that is neither a folder, nor a link, nor a program.
const PLAIN: &str = "100644 ";

/// Whether the code of the release, with its settings and its build, was live before.
pub(crate) fn is_proven(prepared: &Prepared<'_>) -> bool {
    let (order, live) = (&prepared.order, prepared.built.source.live.as_ref());
    if let Some(kept) = order.kept() {
        return kept.after.is_some() || live.is_some_and(|live| live.number == kept.number);
    }
    live.is_some_and(|live| {
        let build = &prepared.built.build.name;
        live.settings.as_bytes() == order.settings() && live.build == *build && same_code(prepared, live)
    })
}

fn same_code(prepared: &Prepared<'_>, live: &Release) -> bool {
    let repository = prepared.scene.root.repo(&prepared.order.app);
    let entries = |commit: &str| git::top_entries(&repository, commit).map(without_texts);
    let now = entries(prepared.order.commit());
    now.is_some() && now == entries(&live.commit)
}

/// The entries that are not files for readers.
fn without_texts(mut entries: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_text = |name: &str| {
        let name = name.to_lowercase();
        let stems = TEXTS.iter().filter_map(|end| name.strip_suffix(end));
        stems.into_iter().any(|stem| FOR_READERS.contains(&stem))
    };
    entries.retain(|name, contents| !contents.starts_with(PLAIN) || !is_text(name));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_for_readers_make_no_difference() {
        let left = |names: &[&str], mode: &str| {
            let entries = names.iter().map(|name| ((*name).to_owned(), format!("{mode} 0123")));
            without_texts(entries.collect()).len()
        };
        let texts = ["README.md", "readme", "LICENSE", "License.txt", "CHANGELOG.rst", "Contributing.adoc"];
        assert_eq!(left(&texts, "100644"), 0);
        assert_eq!(left(&texts, "100755"), texts.len(), "a program");
        assert_eq!(left(&texts, "40000"), texts.len(), "a folder may hold code");
        let code = ["app.py", "Procfile", "ENV", "readme.py", "README.md.js", "posts.md", "license-server"];
        assert_eq!(left(&code, "100644"), code.len());
    }
}
