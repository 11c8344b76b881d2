//! Everything of a bare repository in one file, and back.

use camino::Utf8Path;

use crate::bare::{attempt, open};
use crate::{Error, Git};

/// Prefix of the refs under which [`Git::take_from_bundle`] puts those of the bundle.
const TAKEN: &str = "refs/piku/taken/";

/// A branch: its full name and its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The full name, `refs/heads/…`.
    pub name: String,
    /// The id of its commit.
    pub commit: String,
}

impl Git {
    /// Writes branches, tags, and the commit of a release ([`record_release`](crate::record_release)) to the file
    /// `bundle` (git-bundle(1)).
    ///
    /// # Errors
    /// [`Error`] when there is no such release, or when git fails.
    pub fn bundle(&self, repository: &Utf8Path, release: u32, bundle: &Utf8Path) -> Result<(), Error> {
        let release = format!("refs/piku/releases/{release}");
        let words =
            ["bundle", "create", "--quiet", bundle.as_str(), "--branches", "--tags", release.as_str()];
        self.command(repository, words).check(&mut |_| {})
    }

    /// Takes every object of a bundle into a repository. Tags get their names, unless they are there; branches get
    /// theirs with [`taken_branches`]. No hook runs.
    ///
    /// # Errors
    /// [`Error`] when git refuses the bundle: it is damaged, or objects are missing.
    pub fn take_from_bundle(&self, repository: &Utf8Path, bundle: &Utf8Path) -> Result<(), Error> {
        let words = [
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "fetch.fsckObjects=false",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            "--refmap=",
            bundle.as_str(),
            "+refs/heads/*:refs/piku/taken/heads/*",
            "+refs/piku/releases/*:refs/piku/taken/releases/*",
            "refs/tags/*:refs/tags/*",
        ];
        self.command(repository, words).check(&mut |_| {})
    }
}

/// The branches that were taken from a bundle, by the names that they had.
///
/// # Errors
/// [`Error::Repository`] when the repository can't be read.
pub fn taken_branches(repository: &Utf8Path) -> Result<Vec<Branch>, Error> {
    attempt("list branches", repository, || {
        let repo = open(repository)?;
        let mut found = Vec::new();
        for mut reference in repo.references()?.prefixed(format!("{TAKEN}heads/").as_str())?.flatten() {
            let name = reference.name().as_bstr().to_string();
            let Ok(id) = reference.peel_to_id() else { continue };
            let name = format!("refs/heads/{}", name.trim_start_matches(&format!("{TAKEN}heads/")));
            found.push(Branch { name, commit: id.to_string() });
        }
        Ok(found)
    })
}

/// Whether a repository has this commit.
#[must_use]
pub fn has_commit(repository: &Utf8Path, id: &str) -> bool {
    let Ok(repo) = open(repository) else { return false };
    crate::bare::object(&repo, id).is_ok_and(|object| object.peel_to_commit().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_a_repository_is_in_the_one_that_takes_its_bundle() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8Path::from_path(folder.path()).unwrap().join(name);
        let git = Git::new(at(""), "/usr/local/bin:/usr/bin:/bin");
        std::fs::create_dir(at("site")).unwrap();
        std::fs::write(at("site/Procfile"), "web: ./run\n").unwrap();
        crate::init_bare(&at("one")).unwrap();
        let first = git.commit_folder(&at("one"), &at("site"), None).unwrap();
        std::fs::write(at("site/Procfile"), "web: ./run 2\n").unwrap();
        let second = git.commit_folder(&at("one"), &at("site"), Some(&first)).unwrap();
        crate::set_branch(&at("one"), "refs/heads/main", &first).unwrap();
        crate::record_release(&at("one"), 7, &second).unwrap();

        git.bundle(&at("one"), 7, &at("bundle")).unwrap();
        crate::init_bare(&at("other")).unwrap();
        git.take_from_bundle(&at("other"), &at("bundle")).unwrap();
        assert!(has_commit(&at("other"), &second) && has_commit(&at("other"), &first));
        assert!(!has_commit(&at("other"), &"0".repeat(40)) && !has_commit(&at("other"), "../x"));
        let main = Branch { name: "refs/heads/main".to_owned(), commit: first };
        assert_eq!(taken_branches(&at("other")).unwrap(), [main]);
        assert_eq!(crate::resolve(&at("other"), "refs/heads/main").unwrap(), None, "no branch has moved yet");

        let whole = std::fs::read(at("bundle")).unwrap();
        std::fs::write(at("bundle"), &whole[..whole.len() - 30]).unwrap();
        crate::init_bare(&at("third")).unwrap();
        assert!(git.take_from_bundle(&at("third"), &at("bundle")).is_err(), "a damaged bundle is refused");
    }
}
