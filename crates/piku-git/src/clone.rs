//! The deployment clone that a release runs from: its files, and objects hard-linked from the bare repository.

use camino::Utf8Path;

use crate::checkout::checkout;
use crate::git_folder::{self, git_folder};
use crate::written::{clear, note};
use crate::{Error, Git, files};

impl Git {
    /// Makes a deployment clone of `commit` in `tree`, an empty or absent folder, with hard-linked objects.
    ///
    /// HEAD is detached at the commit, and `origin` is the bare repository. gix writes the files if it does so
    /// exactly as git does; otherwise git writes them. If the file system has no hard links, objects are copied.
    /// Beside the tree, piku keeps a [git folder](git_folder()) of its own.
    ///
    /// # Errors
    /// [`Error`] with the step that failed; the folder then holds part of a clone.
    pub fn deployment_clone(&self, bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<(), Error> {
        let own = git_folder::lay_out(bare, commit, tree)?;
        files::make_folder(tree, 0o755)?;
        if !checkout(&own, tree, commit)? {
            self.checkout(tree, commit)?;
        }
        lay_out(bare, commit, tree)
    }

    /// Turns a deployment clone of another commit into one of `commit`, as if it were new, but writes only what
    /// differs.
    ///
    /// Untracked files are removed, and so is the `.git` in the tree, which an app may have changed: a new one takes
    /// its place.
    ///
    /// # Errors
    /// [`Error`] with the step that failed; the folder can't be used afterwards.
    pub fn recycled_clone(&self, bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<(), Error> {
        let own = git_folder(tree);
        for lock in ["index.lock", "HEAD.lock"] {
            files::remove(&own.join(lock))?;
        }
        files::remove(&tree.join(".git"))?;
        clear(tree)?;
        self.checkout(tree, commit)?;
        files::set_mode(tree, 0o755)?;
        lay_out(bare, commit, tree)
    }

    pub(crate) fn checkout(&self, tree: &Utf8Path, commit: &str) -> Result<(), Error> {
        self.beside(tree, ["checkout", "--quiet", "--force", "--detach", commit]).check(&mut |_| {})?;
        note(tree)
    }
}

/// Writes the `.git` of a clone, for the app and its tools: piku does not read it.
fn lay_out(bare: &Utf8Path, head: &str, tree: &Utf8Path) -> Result<(), Error> {
    let own = tree.join(".git");
    files::make_folder(&own.join("refs"), 0o755)?;
    // It holds every file of every commit, including ENV; no web server needs to read it.
    files::set_mode(&own, 0o700)?;
    files::link_tree(&bare.join("objects"), &own.join("objects"))?;
    let text = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote \"origin\"]\n\turl = {}\n",
        quoted(bare)
    );
    for (name, text) in [("config", text), ("HEAD", format!("{head}\n"))] {
        let path = own.join(name);
        std::fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    let index = git_folder(tree).join("index");
    std::fs::copy(&index, own.join("index")).map(drop).map_err(Error::file("copy", &index))
}

/// Quotes a value for git's configuration (git-config(1), "Syntax").
fn quoted(path: &Utf8Path) -> String {
    format!("\"{}\"", path.as_str().replace('\\', "\\\\").replace('"', "\\\""))
}
