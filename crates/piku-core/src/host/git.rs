//! Repositories: gix for objects, refs, and fresh checkouts; the `git` program for what gix can't do or gets wrong.
//!
//! This is the one file that names gix's types: its interface changes with every minor version.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use camino::Utf8Path;
use gix::bstr::ByteSlice;

use super::command::Invocation;
use super::{HostError, Surroundings, files};

/// Where the refs of releases are in a bare repository.
const RELEASES: &str = "refs/piku/releases/";

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn attempt<T>(
    action: impl Into<String>,
    repository: &Utf8Path,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, HostError> {
    work().map_err(|source| HostError::Repository {
        action: action.into(),
        repository: repository.to_owned(),
        source,
    })
}

/// Reads a repository by its own configuration alone.
fn open(repository: &Utf8Path) -> Result<gix::Repository, Failure> {
    let identity = ["user.name=piku", "user.email=piku@localhost"];
    Ok(gix::open_opts(repository, gix::open::Options::isolated().config_overrides(identity))?)
}

/// The object with this id.
fn object<'repo>(repo: &'repo gix::Repository, id: &str) -> Result<gix::Object<'repo>, Failure> {
    Ok(repo.find_object(gix::ObjectId::from_hex(id.as_bytes())?)?)
}

/// Makes an empty bare repository.
pub(crate) fn init_bare(repository: &Utf8Path) -> Result<(), HostError> {
    files::make_folder(repository, 0o700)?;
    attempt("make a bare repository", repository, || Ok(gix::init_bare(repository).map(drop)?))
}

/// The commit a ref stands for: `HEAD` or a full name; `None` when there is none.
pub(crate) fn resolve(repository: &Utf8Path, name: &str) -> Result<Option<String>, HostError> {
    attempt(format!("look up `{name}`"), repository, || {
        let repo = open(repository)?;
        let Some(mut reference) = repo.try_find_reference(name)? else { return Ok(None) };
        let Ok(id) = reference.peel_to_id() else { return Ok(None) };
        Ok(id.object()?.peel_to_commit().ok().map(|commit| commit.id.to_string()))
    })
}

/// A branch whose name is a folder of the new one's, or the other way round: git can't keep both.
pub(crate) fn conflicting_branch(repository: &Utf8Path, name: &str) -> Result<Option<String>, HostError> {
    attempt(format!("look for names like `{name}`"), repository, || {
        let repo = open(repository)?;
        for reference in repo.references()?.all()?.flatten() {
            let other = reference.name().as_bstr().to_string();
            if other.starts_with(&format!("{name}/")) || name.starts_with(&format!("{other}/")) {
                return Ok(Some(other.trim_start_matches("refs/heads/").to_owned()));
            }
        }
        Ok(None)
    })
}

/// The first line of a commit's message.
pub(crate) fn subject(repository: &Utf8Path, commit: &str) -> Option<String> {
    let repo = open(repository).ok()?;
    let commit = object(&repo, commit).ok()?.peel_to_commit().ok()?;
    Some(commit.message().ok()?.title.to_str_lossy().trim().to_owned())
}

/// The id of what is in a commit, the same for another with the same files.
pub(crate) fn tree_id(repository: &Utf8Path, commit: &str) -> Option<String> {
    let repo = open(repository).ok()?;
    let commit = object(&repo, commit).ok()?.peel_to_commit().ok()?;
    Some(commit.tree_id().ok()?.to_string())
}

/// A file at a commit that a push has brought and that is not accepted yet.
///
/// git keeps such objects apart and tells hooks where by its own variables, which gix does not read: so this
/// asks the `git` program, in the environment of the hook.
pub(crate) fn file_in_push(repository: &Utf8Path, commit: &str, path: &str) -> Option<Vec<u8>> {
    let mut command = std::process::Command::new("git");
    command.current_dir(repository).args(["cat-file", "blob", &format!("{commit}:{path}")]);
    let output = command.output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// Writes `refs/piku/releases/<number>`, which keeps the commit alive.
pub(crate) fn record_release(repository: &Utf8Path, number: u32, commit: &str) -> Result<(), HostError> {
    write_ref(repository, &format!("{RELEASES}{number}"), commit)
}

/// Writes a ref that is ours alone, as a file of its own (gitrepository-layout(5)). git's way, by a lock file, would
/// leave that behind when we are killed, and refuse every later write.
fn write_ref(repository: &Utf8Path, name: &str, commit: &str) -> Result<(), HostError> {
    let path = repository.join(name);
    if let Some(folder) = path.parent() {
        files::make_folder(folder, 0o755)?;
    }
    files::write(&path, format!("{commit}\n").as_bytes(), 0o644)
}

/// Points HEAD at a branch, so that a clone checks it out.
pub(crate) fn set_head(repository: &Utf8Path, branch: &str) -> Result<(), HostError> {
    files::write(&repository.join("HEAD"), format!("ref: {branch}\n").as_bytes(), 0o644)
}

/// The environment in which the `git` program runs: nothing of the hook that may have called us.
pub(crate) fn environment(surroundings: &Surroundings) -> BTreeMap<String, String> {
    [
        ("HOME", surroundings.home.to_string()),
        ("PATH", surroundings.search_path()),
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
        ("LC_ALL", "C".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// Makes a deployment clone of `commit` in `tree`, an empty or absent folder, its objects hard-linked.
///
/// gix writes the files where it does so exactly as git does; otherwise git does.
pub(crate) fn deployment_clone(
    surroundings: &Surroundings,
    bare: &Utf8Path,
    commit: &str,
    tree: &Utf8Path,
) -> Result<(), HostError> {
    lay_out(bare, commit, tree)?;
    if checkout(tree, commit)? { Ok(()) } else { checkout_by_git(surroundings, tree, commit) }
}

/// Makes a deployment clone of `commit` from one of another commit: as if it were new, but only what differs is written.
pub(crate) fn recycled_clone(
    surroundings: &Surroundings,
    bare: &Utf8Path,
    commit: &str,
    tree: &Utf8Path,
) -> Result<(), HostError> {
    let own = tree.join(".git");
    // What an app may have set up there would run with us.
    for name in ["hooks", "info", "index.lock", "HEAD.lock", "config.worktree", "logs"] {
        files::remove_folder(&own.join(name))?;
    }
    let head = files::read_text(&own.join("HEAD"))?.unwrap_or_default();
    lay_out(bare, head.trim(), tree)?;
    git(surroundings, tree, ["clean", "--quiet", "-d", "--force", "--force", "-x"]).check(&mut |_| {})?;
    checkout_by_git(surroundings, tree, commit)?;
    files::set_mode(tree, 0o755)
}

/// Everything of a clone but its files and its index.
fn lay_out(bare: &Utf8Path, head: &str, tree: &Utf8Path) -> Result<(), HostError> {
    let own = tree.join(".git");
    files::make_folder(&own.join("refs"), 0o755)?;
    // Every file of every commit is in there, ENV among them; no web server needs any.
    files::set_mode(&own, 0o700)?;
    files::link_tree(&bare.join("objects"), &own.join("objects"))?;
    let text = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote \"origin\"]\n\turl = {}\n",
        quoted(bare)
    );
    for (name, text) in [("config", text), ("HEAD", format!("{head}\n"))] {
        let path = own.join(name);
        std::fs::write(&path, text).map_err(HostError::file("write", &path))?;
    }
    Ok(())
}

/// Checks out the submodules of a clone, where its commit has any.
pub(crate) fn update_submodules(
    surroundings: &Surroundings,
    tree: &Utf8Path,
    heard: &mut dyn FnMut(&str),
) -> Result<(), HostError> {
    if !tree.join(".gitmodules").is_file() {
        return Ok(());
    }
    let update = ["submodule", "--quiet", "update", "--init", "--recursive", "--force"];
    git(surroundings, tree, update).check(heard)
}

/// A value for git's configuration (git-config(1), "Syntax").
fn quoted(path: &Utf8Path) -> String {
    format!("\"{}\"", path.as_str().replace('\\', "\\\\").replace('"', "\\\""))
}

fn git<'a>(
    surroundings: &Surroundings,
    tree: &Utf8Path,
    words: impl IntoIterator<Item = &'a str>,
) -> Invocation {
    Invocation::new(["git"].into_iter().chain(words)).in_folder(tree).with_env(&environment(surroundings))
}

fn checkout_by_git(surroundings: &Surroundings, tree: &Utf8Path, commit: &str) -> Result<(), HostError> {
    git(surroundings, tree, ["checkout", "--quiet", "--force", "--detach", commit]).check(&mut |_| {})
}

/// Writes the files of `commit` by gix; false when the commit uses something that gix gets wrong, and nothing is done.
fn checkout(tree: &Utf8Path, commit: &str) -> Result<bool, HostError> {
    attempt(format!("check out {commit}"), tree, || {
        let repo = open(tree)?;
        let tree_id = object(&repo, commit)?.peel_to_tree()?.id;
        let mut index = repo.index_from_tree(&tree_id)?;
        if index.entry_by_path(".gitmodules".into()).is_some() || wants_git(&repo, &index)? {
            return Ok(false);
        }
        let mut options =
            repo.checkout_options(gix::worktree::stack::state::attributes::Source::IdMapping)?;
        options.destination_is_initially_empty = true;
        let (nothing, objects) = (gix::progress::Discard, repo.objects.clone().into_arc()?);
        let outcome = gix::worktree::state::checkout(
            &mut index,
            tree.as_std_path(),
            objects,
            &nothing,
            &nothing,
            &AtomicBool::new(false),
            options,
        )?;
        if let Some(error) = outcome.errors.into_iter().next() {
            return Err(format!("{}: {}", error.path, error.error).into());
        }
        index.write(gix::index::write::Options::default())?;
        Ok(true)
    })
}

/// Whether attributes are in use that gix 0.90 writes otherwise than git: `ident`, `working-tree-encoding`,
/// and filters, whose drivers are configured for the `git` program.
fn wants_git(repo: &gix::Repository, index: &gix::index::File) -> Result<bool, Failure> {
    for entry in index.entries() {
        let path = entry.path(index);
        if path != ".gitattributes" && !path.ends_with(b"/.gitattributes") {
            continue;
        }
        let attributes = repo.find_object(entry.id)?;
        if ["ident", "working-tree-encoding", "filter"]
            .iter()
            .any(|word| attributes.data.find(word).is_some())
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes a commit of the files in a folder that is no repository, and returns its id.
pub(crate) fn commit_folder(
    surroundings: &Surroundings,
    bare: &Utf8Path,
    folder: &Utf8Path,
    parent: Option<&str>,
) -> Result<String, HostError> {
    let index = bare.join(format!("piku-index-{}", std::process::id()));
    let mut env = environment(surroundings);
    let who = [("NAME", "piku"), ("EMAIL", "piku@localhost")];
    env.extend(
        ["AUTHOR", "COMMITTER"]
            .iter()
            .flat_map(|role| who.map(|(what, value)| (format!("GIT_{role}_{what}"), value.to_owned()))),
    );
    for (key, path) in [("GIT_DIR", bare), ("GIT_WORK_TREE", folder), ("GIT_INDEX_FILE", index.as_path())] {
        env.insert(key.to_owned(), path.to_string());
    }
    let run = |words: &[&str]| -> Result<String, HostError> {
        let words = ["git"].into_iter().chain(words.iter().copied());
        let output = Invocation::new(words).in_folder(folder).with_env(&env).read()?;
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

/// Points a branch, by its full name, at a commit.
pub(crate) fn set_branch(repository: &Utf8Path, branch: &str, commit: &str) -> Result<(), HostError> {
    write_ref(repository, branch, commit)
}

/// Files in a tree that git does not know, or knows otherwise: what the app or a build wrote there, relative to the tree.
///
/// Names may be any bytes. A repository within the tree is one name.
pub(crate) fn written(surroundings: &Surroundings, tree: &Utf8Path) -> Result<BTreeSet<PathBuf>, HostError> {
    let listing = git(surroundings, tree, ["ls-files", "--others", "--modified", "-z"]).read()?;
    let paths = listing.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    let paths = paths.map(|path| PathBuf::from(OsStr::from_bytes(path)));
    // Those that were removed count as modified, and so does what is behind a link that took the place of a folder.
    let is_here = |path: &PathBuf| {
        let place = tree.as_std_path().join(path);
        let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        place.symlink_metadata().is_ok()
            && !folders.into_iter().any(|folder| tree.as_std_path().join(folder).is_symlink())
    };
    Ok(paths.filter(is_here).collect())
}

#[cfg(test)]
mod tests;
