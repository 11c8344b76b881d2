//! Commits of a folder, for callers who have files and no repository.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::{Error, Git, files};

impl Git {
    /// Makes a commit of the files in a folder that is no repository, and returns its id. No ref is moved.
    ///
    /// Files that a `.gitignore` in the folder names are left out. A second call with the same files gives the same
    /// tree.
    /// the same tree.
    ///
    /// # Errors
    /// [`Error::Start`] or [`Error::Failed`], as when the folder can't be read.
    pub fn commit_folder(
        &self,
        bare: &Utf8Path,
        folder: &Utf8Path,
        parent: Option<&str>,
    ) -> Result<String, Error> {
        let index = bare.join(format!("piku-index-{}", std::process::id()));
        let who = [("NAME", "piku"), ("EMAIL", "piku@localhost")];
        let mut env: BTreeMap<String, String> = ["AUTHOR", "COMMITTER"]
            .iter()
            .flat_map(|role| who.map(|(what, value)| (format!("GIT_{role}_{what}"), value.to_owned())))
            .collect();
        for (key, path) in [("GIT_DIR", bare), ("GIT_WORK_TREE", folder), ("GIT_INDEX_FILE", index.as_path())]
        {
            env.insert(key.to_owned(), path.to_string());
        }
        let run = |words: &[&str]| -> Result<String, Error> {
            let output = self.command(folder, words.iter().copied()).with_env(&env).read()?;
            Ok(String::from_utf8_lossy(&output).trim().to_owned())
        };
        let commit = run(&["add", "--all", "."]).and_then(|_| run(&["write-tree"])).and_then(|tree| {
            let parents = parent.iter().flat_map(|parent| ["-p", *parent]);
            run(&["commit-tree", "-m", "Deploy a folder"]
                .into_iter()
                .chain(parents)
                .chain([tree.as_str()])
                .collect::<Vec<_>>())
        });
        files::remove(&index)?;
        commit
    }
}
