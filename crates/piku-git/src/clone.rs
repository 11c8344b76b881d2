//! The deployment clone that a release runs from: its files, and objects hard-linked from the bare repository.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use camino::Utf8Path;

use crate::checkout::checkout;
use crate::{Error, Git, files};

impl Git {
    /// Makes a deployment clone of `commit` in `tree`, an empty or absent folder, with hard-linked objects.
    ///
    /// HEAD is detached at the commit, and `origin` is the bare repository. gix writes the files if it does so
    /// exactly as git does; otherwise git writes them. If the file system has no hard links, objects are copied.
    ///
    /// # Errors
    /// [`Error`] with the step that failed; the folder then holds part of a clone.
    pub fn deployment_clone(&self, bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<(), Error> {
        lay_out(bare, commit, tree)?;
        if checkout(tree, commit)? { Ok(()) } else { self.checkout(tree, commit) }
    }

    /// Turns a deployment clone of another commit into one of `commit`, as if it were new, but writes only what
    /// differs.
    ///
    /// Untracked files are removed. The clone's hooks and configuration are not used, because an app may have written
    /// them.
    ///
    /// # Errors
    /// [`Error`] with the step that failed; the folder can't be used afterwards.
    pub fn recycled_clone(&self, bare: &Utf8Path, commit: &str, tree: &Utf8Path) -> Result<(), Error> {
        let own = tree.join(".git");
        // Hooks and configuration that an app put there would run as us.
        for name in ["hooks", "info", "index.lock", "HEAD.lock", "config.worktree", "logs"] {
            files::remove(&own.join(name))?;
        }
        let head = files::read_text(&own.join("HEAD"))?;
        lay_out(bare, head.trim(), tree)?;
        self.command(tree, ["clean", "--quiet", "-d", "--force", "--force", "-x"]).check(&mut |_| {})?;
        self.checkout(tree, commit)?;
        files::set_mode(tree, 0o755)
    }

    /// Checks out the submodules of a clone, if its commit has any; `heard` gets each line that git writes.
    ///
    /// # Errors
    /// [`Error::Start`] or [`Error::Failed`], as when a submodule can't be fetched.
    pub fn update_submodules(&self, tree: &Utf8Path, heard: &mut dyn FnMut(&str)) -> Result<(), Error> {
        if !tree.join(".gitmodules").is_file() {
            return Ok(());
        }
        self.command(tree, ["submodule", "--quiet", "update", "--init", "--recursive", "--force"])
            .check(heard)
    }

    /// Lists the tracked files in a tree, relative to the tree. Names may be any bytes.
    ///
    /// # Errors
    /// [`Error::Start`] or [`Error::Failed`], as when the tree is no repository.
    pub fn tracked(&self, tree: &Utf8Path) -> Result<BTreeSet<PathBuf>, Error> {
        Ok(paths(&self.command(tree, ["ls-files", "-z"]).read()?).collect())
    }

    /// Lists the untracked and modified files in a tree, which the app or a build wrote, relative to the tree.
    ///
    /// Names may be any bytes. A repository within the tree is listed as one name.
    ///
    /// # Errors
    /// As [`Git::tracked`].
    pub fn written(&self, tree: &Utf8Path) -> Result<BTreeSet<PathBuf>, Error> {
        let listing = self.command(tree, ["ls-files", "--others", "--modified", "-z"]).read()?;
        // Git counts removed files as modified, and so do files behind a link that replaced their folder.
        let is_here = |path: &PathBuf| {
            let place = tree.as_std_path().join(path);
            let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
            place.symlink_metadata().is_ok()
                && !folders.into_iter().any(|folder| tree.as_std_path().join(folder).is_symlink())
        };
        Ok(paths(&listing).filter(is_here).collect())
    }

    pub(crate) fn checkout(&self, tree: &Utf8Path, commit: &str) -> Result<(), Error> {
        self.command(tree, ["checkout", "--quiet", "--force", "--detach", commit]).check(&mut |_| {})
    }
}

/// Returns how many files are tracked in a tree, from the head of its index (gitformat-index(5)); `None` if it has no
/// index.
#[must_use]
pub fn tracked_count(tree: &Utf8Path) -> Option<u32> {
    let mut head = [0; 12];
    std::fs::File::open(tree.join(".git/index")).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    let [b'D', b'I', b'R', b'C', _, _, _, _, count @ ..] = head else { return None };
    Some(u32::from_be_bytes(count))
}

/// Splits a listing made with `-z` into paths.
fn paths(listing: &[u8]) -> impl Iterator<Item = PathBuf> {
    let paths = listing.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| PathBuf::from(OsStr::from_bytes(path)))
}

/// Writes everything of a clone except its files and its index.
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
    Ok(())
}

/// Quotes a value for git's configuration (git-config(1), "Syntax").
fn quoted(path: &Utf8Path) -> String {
    format!("\"{}\"", path.as_str().replace('\\', "\\\\").replace('"', "\\\""))
}
