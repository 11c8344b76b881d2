//! The submodules of a deployment clone.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::{Error, Git};

/// A submodule as `.gitmodules` describes it.
#[derive(Debug, Default)]
struct Submodule {
    path: String,
    url: String,
}

impl Git {
    /// Checks out the submodules of a new clone, if its commit has any; `heard` gets each line that git writes.
    ///
    /// Uses the `.git` in the tree, so call it before any program of the app runs there.
    ///
    /// # Errors
    /// [`Error::Submodule`] if one can't be fetched; [`Error::Start`] or [`Error::Failed`] for anything else.
    pub fn update_submodules(&self, tree: &Utf8Path, heard: &mut dyn FnMut(&str)) -> Result<(), Error> {
        if !tree.join(".gitmodules").is_file() {
            return Ok(());
        }
        let words = ["submodule", "--quiet", "update", "--init", "--recursive", "--force"];
        self.command(tree, words).check(heard).map_err(|error| match error {
            Error::Failed { program, status, output } => match self.failed(tree, &output) {
                Some(Submodule { path, url }) => Error::Submodule { path, url, output },
                None => Error::Failed { program, status, output },
            },
            other => other,
        })
    }

    /// The submodule that git's last words are about.
    fn failed(&self, tree: &Utf8Path, output: &[String]) -> Option<Submodule> {
        let words =
            ["config", "--file", ".gitmodules", "--null", "--get-regexp", r"^submodule\..*\.(path|url)$"];
        let listed = self.command(tree, words).read().unwrap_or_default();
        let all = read(&String::from_utf8_lossy(&listed));
        all.into_iter().find(|one| output.iter().any(|line| is_about(line, &one.path)))
    }
}

/// Reads the settings that `git config --null` lists: `submodule.<name>.path`, a line end, and the value.
fn read(listed: &str) -> Vec<Submodule> {
    let mut found: BTreeMap<&str, Submodule> = BTreeMap::new();
    for setting in listed.split('\0') {
        let Some((key, value)) = setting.split_once('\n') else { continue };
        let Some((name, field)) = key.trim_start_matches("submodule.").rsplit_once('.') else { continue };
        let one = found.entry(name).or_default();
        let field = if field == "path" { &mut one.path } else { &mut one.url };
        value.clone_into(field);
    }
    found.into_values().filter(|one| !one.path.is_empty()).collect()
}

/// Whether a line of git is about the submodule at `path`, which it writes relative to the tree or whole.
fn is_about(line: &str, path: &str) -> bool {
    line.contains("submodule path")
        && (line.contains(&format!("'{path}'")) || line.contains(&format!("/{path}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_submodules_are_read_whatever_their_names() {
        let listed =
            "submodule.a.b c.path\nlib/a\0submodule.a.b c.url\n../a.git\0submodule.x.url\nhttps://x\0";
        let all = read(listed);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].path.as_str(), all[0].url.as_str()), ("lib/a", "../a.git"));
    }
}
