//! The bare repository that receives pushes: its refs, and its commits.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use gix::bstr::ByteSlice;

use crate::{Error, files};

/// Prefix of the refs of releases in a bare repository.
const RELEASES: &str = "refs/piku/releases/";

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The default of `gc.auto`: from this many loose objects on, git packs them.
const LOOSE: usize = 6700;
/// The default of `gc.autoPackLimit`: beyond this many packs, git makes one of them.
const PACKS: usize = 50;

pub(crate) fn attempt<T>(
    action: impl Into<String>,
    repository: &Utf8Path,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Error> {
    work().map_err(|source| Error::Repository {
        action: action.into(),
        repository: repository.to_owned(),
        source,
    })
}

/// Opens a repository with its own configuration only.
pub(crate) fn open(repository: &Utf8Path) -> Result<gix::Repository, Failure> {
    let identity = ["user.name=piku", "user.email=piku@localhost"];
    Ok(gix::open_opts(repository, gix::open::Options::isolated().config_overrides(identity))?)
}

/// The object with this id.
pub(crate) fn object<'repo>(repo: &'repo gix::Repository, id: &str) -> Result<gix::Object<'repo>, Failure> {
    Ok(repo.find_object(gix::ObjectId::from_hex(id.as_bytes())?)?)
}

/// Makes an empty bare repository of mode 700, and the folders above it. The repository is made beside its place and
/// moved there, so it is whole or not there, even on a full disk.
///
/// # Errors
/// [`Error::File`] when the folder can't be made, or when there is something in its place already;
/// [`Error::Repository`] when its files can't be written.
pub fn init_bare(repository: &Utf8Path) -> Result<(), Error> {
    let (name, pid) = (repository.file_name().unwrap_or_default(), std::process::id());
    let beside = repository.with_file_name(format!("{}{pid}-{name}", files::UNNAMED));
    files::remove(&beside)?;
    let made = files::make_folder(&beside, 0o700)
        .and_then(|()| {
            attempt("make a bare repository", repository, || Ok(gix::init_bare(&beside).map(drop)?))
        })
        .and_then(|()| std::fs::rename(&beside, repository).map_err(Error::file("make", repository)));
    if made.is_err() {
        // The first error says more than one of this.
        drop(files::remove(&beside));
    }
    made
}

/// Looks up the commit of a ref, by `HEAD` or its full name; `None` if there is no such ref.
///
/// # Errors
/// [`Error::Repository`] when the repository can't be read.
pub fn resolve(repository: &Utf8Path, name: &str) -> Result<Option<String>, Error> {
    attempt(format!("look up `{name}`"), repository, || {
        let repo = open(repository)?;
        let Some(mut reference) = repo.try_find_reference(name)? else { return Ok(None) };
        let Ok(id) = reference.peel_to_id() else { return Ok(None) };
        Ok(id.object()?.peel_to_commit().ok().map(|commit| commit.id.to_string()))
    })
}

/// Finds a branch that prevents a new ref with this full name: in git, no ref's name can be a folder of another's.
///
/// # Errors
/// [`Error::Repository`] when the repository can't be read.
pub fn conflicting_branch(repository: &Utf8Path, name: &str) -> Result<Option<String>, Error> {
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

/// Reads the first line of a commit's message; `None` when there is no such commit.
#[must_use]
pub fn subject(repository: &Utf8Path, commit: &str) -> Option<String> {
    let repo = open(repository).ok()?;
    let commit = object(&repo, commit).ok()?.peel_to_commit().ok()?;
    Some(commit.message().ok()?.title.to_str_lossy().trim().to_owned())
}

/// Returns the id of a commit's tree: the same for every commit with the same files. `None` if there is no such
/// commit.
#[must_use]
pub fn tree_id(repository: &Utf8Path, commit: &str) -> Option<String> {
    let repo = open(repository).ok()?;
    let commit = object(&repo, commit).ok()?.peel_to_commit().ok()?;
    Some(commit.tree_id().ok()?.to_string())
}

/// Returns the files and folders at the top of a commit by name, each with its mode and the id of its contents. `None`
/// if there is no such commit.
#[must_use]
pub fn top_entries(repository: &Utf8Path, commit: &str) -> Option<BTreeMap<String, String>> {
    let repo = open(repository).ok()?;
    let tree = object(&repo, commit).ok()?.peel_to_commit().ok()?.tree().ok()?;
    let mut found = BTreeMap::new();
    for entry in tree.iter() {
        let entry = entry.ok()?;
        let contents = format!("{:o} {}", entry.mode(), entry.object_id());
        found.insert(entry.filename().to_str_lossy().into_owned(), contents);
    }
    Some(found)
}

/// Writes `refs/piku/releases/<number>`, which keeps the commit alive. A second call points it at another commit.
///
/// # Errors
/// [`Error::File`] when it can't be written. Whether the commit exists is not checked.
pub fn record_release(repository: &Utf8Path, number: u32, commit: &str) -> Result<(), Error> {
    write_ref(repository, &format!("{RELEASES}{number}"), commit)
}

/// Points a branch, by its full name, at a commit; creates it if it does not exist.
///
/// # Errors
/// [`Error::File`] when it can't be written. Whether the commit exists is not checked.
pub fn set_branch(repository: &Utf8Path, branch: &str, commit: &str) -> Result<(), Error> {
    write_ref(repository, branch, commit)
}

/// Returns how long ago git locked a ref or HEAD, which it locks along with the ref; `None` if neither is locked.
///
/// Git holds such locks for a few milliseconds and can't move the ref while there is one (gitrepository-layout(5)). One
/// that is older was left by a git that was killed, or by a power cut.
#[must_use]
pub fn locked_since(repository: &Utf8Path, name: &str) -> Option<Duration> {
    let made = |lock: Utf8PathBuf| lock.symlink_metadata().ok()?.modified().ok();
    let last = locks(repository, name).into_iter().filter_map(made).max()?;
    // After a power cut the clock may be behind for a while: a time far ahead is no time of now either.
    Some(SystemTime::now().duration_since(last).unwrap_or_else(|ahead| ahead.duration()))
}

/// Removes git's locks of a ref and of HEAD, which whoever made them no longer needs. A second call does nothing.
///
/// # Errors
/// [`Error::File`] when one can't be removed.
pub fn unlock(repository: &Utf8Path, name: &str) -> Result<(), Error> {
    locks(repository, name).iter().try_for_each(|lock| files::remove(lock))
}

fn locks(repository: &Utf8Path, name: &str) -> [Utf8PathBuf; 2] {
    [name, "HEAD"].map(|name| repository.join(format!("{name}.lock")))
}

/// Whether a push should end with git's own packing, by the two numbers at which `git gc --auto` begins its work:
/// `gc.auto`, estimated from one of 256 folders, and `gc.autoPackLimit` (git-config(1)).
///
/// Git starts two processes to find that out after each push.
#[must_use]
pub fn needs_packing(repository: &Utf8Path) -> bool {
    let count = |folder: &str, wanted: &dyn Fn(&str) -> bool| {
        let entries = repository.join("objects").join(folder).read_dir_utf8();
        entries.map_or(0, |entries| entries.flatten().filter(|entry| wanted(entry.file_name())).count())
    };
    count("17", &|_| true) > LOOSE / 256 || count("pack", &|name| name.ends_with(".pack")) >= PACKS
}

/// Points HEAD at a branch, by its full name, so that a clone checks it out.
///
/// # Errors
/// [`Error::File`] when it can't be written. The branch need not exist.
pub fn set_head(repository: &Utf8Path, branch: &str) -> Result<(), Error> {
    files::write(&repository.join("HEAD"), format!("ref: {branch}\n").as_bytes())
}

/// Writes a ref that only piku uses, as a loose file (gitrepository-layout(5)). Git's way, with a lock file, would
/// leave the lock behind when we are killed, and refuse every later write.
fn write_ref(repository: &Utf8Path, name: &str, commit: &str) -> Result<(), Error> {
    let path = repository.join(name);
    if let Some(folder) = path.parent() {
        files::make_folder(folder, 0o755)?;
    }
    files::write(&path, format!("{commit}\n").as_bytes())
}
