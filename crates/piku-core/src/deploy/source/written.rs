//! Decides what an app has written in its folder and must not lose: from listings of its tree when its processes
//! started and now, and from the files of two commits.
//!
//! Pure: [`belongings`](super::belongings) looks, and moves what is decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::host::journals::database_of;
use crate::host::listing::{Listing, Sort};
use crate::persisted::Persisted;
use crate::settings::{is_code, is_private_to_piku};

/// Files whose only purpose is that git keeps their folder.
const PLACEHOLDERS: [&str; 4] = [".gitkeep", ".keep", ".gitignore", ".placeholder"];

/// The files of a commit, with the ids of their contents.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// What there is to decide from.
pub(crate) struct Seen<'a> {
    /// The tree when its processes started: the commit, and what the build and the `release` command made.
    pub(crate) before: &'a Listing,
    /// The tree now.
    pub(crate) now: &'a Listing,
    /// Files of running processes that were there a moment ago.
    pub(crate) passing: &'a BTreeSet<PathBuf>,
    /// The files of the commit that runs.
    pub(crate) leaving: &'a Files,
    /// The files of the commit that is to run.
    pub(crate) arriving: &'a Files,
    /// What is persisted already.
    pub(crate) known: &'a Persisted,
    /// Paths that the user does not want persisted.
    pub(crate) left_out: &'a [String],
}

/// Something that an app wrote: a file, a link, or a folder that holds nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) path: PathBuf,
    pub(crate) sort: Sort,
    /// Of all files together, in bytes.
    pub(crate) size: u64,
    /// How many files a folder has.
    pub(crate) count: usize,
    /// Whether it is a file of the commit that the app has changed.
    pub(crate) tracked: bool,
}

/// What an app has written, in the order of paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) written: Vec<Written>,
    /// Files that piku reads or builds from, and programs of the commit, which the app has changed. The commit's count.
    pub(crate) private: Vec<PathBuf>,
}

/// Decides. A folder without anything of a commit or of the build in it is persisted as a whole, placeholders such as
/// `.gitkeep` aside; elsewhere each file by itself. The journals of a SQLite database belong to it.
pub(crate) fn decide(seen: &Seen<'_>) -> Decided {
    let (mut changed, mut private) = (BTreeSet::new(), Vec::new());
    for path in seen.changed() {
        let database = database_of(&path).filter(|it| seen.has_file(it) || seen.known.0.contains_key(it));
        let path = database.unwrap_or(path);
        if seen.known.0.keys().any(|known| path.starts_with(known)) || is_left_out(&path, seen.left_out) {
            continue;
        }
        // A program that somebody has changed in place is no data: a deploy is pristine.
        if is_private_to_piku(&path) || is_code(&path) && seen.leaving.contains_key(&path) {
            private.push(path);
        } else {
            changed.insert(path);
        }
    }
    let blocked = seen.blocked(&changed);
    let folders = seen.new_folders(&blocked);
    let tops: BTreeSet<PathBuf> = changed.iter().chain(&folders).map(|path| top(path, &blocked)).collect();
    let written = tops.iter().filter_map(|path| whole(path, seen.now, seen.leaving)).collect();
    Decided { written, private }
}

/// Why a path of the app can't be linked into a commit: the commit has a file where the app has a folder, or the
/// reverse. Gives the path of the commit.
pub(crate) fn conflict(path: &Path, sort: Sort, arriving: &Files) -> Option<PathBuf> {
    let above = path.ancestors().skip(1).find(|folder| arriving.contains_key(*folder));
    let here = || arriving.contains_key(path).then_some(path).filter(|_| sort == Sort::Folder);
    let below = || files_below(arriving, path).next().filter(|_| sort != Sort::Folder);
    above.or_else(here).or_else(below).map(Path::to_owned)
}

/// The files of a commit at a path and below it whose contents differ from another commit's.
pub(crate) fn differing<'a>(
    path: &'a Path,
    of: &'a Files,
    from: &'a Files,
) -> impl Iterator<Item = &'a Path> {
    let here = of.contains_key(path).then_some(path);
    here.into_iter().chain(files_below(of, path)).filter(|file| of.get(*file) != from.get(*file))
}

fn files_below<'a>(files: &'a Files, folder: &'a Path) -> impl Iterator<Item = &'a Path> {
    let after = files.range::<Path, _>((std::ops::Bound::Excluded(folder), std::ops::Bound::Unbounded));
    let below = after.map(|(path, _)| path.as_path()).take_while(move |path| path.starts_with(folder));
    below.filter(|path| !is_placeholder(path))
}

/// Whether the user does not want a path persisted.
pub(crate) fn is_left_out(path: &Path, left_out: &[String]) -> bool {
    left_out.iter().any(|one| one == "." || path.starts_with(one))
}

impl Seen<'_> {
    /// Files and links that differ from before.
    fn changed(&self) -> impl Iterator<Item = PathBuf> {
        let differs = |path: &Path| self.before.get(path) != self.now.get(path);
        let is_content = |sort| matches!(sort, Sort::File | Sort::Link);
        let all = self.now.0.iter().filter(move |(_, stamp)| is_content(stamp.sort));
        all.filter(move |(path, _)| differs(path)).map(|(path, _)| path.clone())
    }

    fn has_file(&self, path: &Path) -> bool {
        self.now.get(path).is_some_and(|stamp| stamp.sort == Sort::File)
    }

    /// Every folder that can't be persisted as a whole, and every path that must not be part of one.
    fn blocked(&self, changed: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        let mut blocked = BTreeSet::new();
        let mut block = |path: &Path| {
            for above in path.ancestors() {
                if !blocked.insert(above.to_owned()) {
                    break;
                }
            }
        };
        let of_commits = self.leaving.keys().chain(self.arriving.keys());
        // A journal that is not among them belongs to a database that is.
        let made = self.now.0.iter().filter(|(path, stamp)| match stamp.sort {
            Sort::Folder => false,
            Sort::Passing => true,
            Sort::File | Sort::Link => self.before.get(path) == Some(**stamp) && !changed.contains(*path),
        });
        let made = made.map(|(path, _)| path).filter(|path| !is_placeholder(path));
        of_commits.filter(|path| !is_placeholder(path)).for_each(|path| {
            if let Some(folder) = path.parent() {
                block(folder);
            }
        });
        made.chain(self.passing).chain(self.known.0.keys()).for_each(|path| block(path));
        self.left_out.iter().for_each(|path| block(Path::new(path)));
        blocked
    }

    /// Folders that the app made and that can be persisted as they are, even empty ones.
    fn new_folders(&self, blocked: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
        let folders = self.now.0.iter().filter(|(path, stamp)| {
            stamp.sort == Sort::Folder && self.before.get(path).is_none() && !blocked.contains(*path)
        });
        let known = |path: &Path| self.known.0.keys().any(|known| path.starts_with(known));
        let wanted = |path: &&PathBuf| !known(path) && !is_left_out(path, self.left_out);
        folders.map(|(path, _)| path).filter(wanted).cloned().collect()
    }
}

/// What is at a path, a folder with all of its contents; `None` if there is nothing.
pub(crate) fn whole(path: &Path, now: &Listing, leaving: &Files) -> Option<Written> {
    let stamp = now.get(path)?;
    let (mut size, mut count) = (stamp.size, 0);
    if stamp.sort == Sort::Folder {
        for (_, stamp) in now.below(path).filter(|(_, stamp)| stamp.sort == Sort::File) {
            size += stamp.size;
            count += 1;
        }
    }
    let tracked = leaving.contains_key(path);
    Some(Written { path: path.to_owned(), sort: stamp.sort, size, count, tracked })
}

/// The topmost folder on the way to a path that is not blocked, or else the path itself.
fn top(path: &Path, blocked: &BTreeSet<PathBuf>) -> PathBuf {
    let above: Vec<&Path> = path.ancestors().filter(|above| !above.as_os_str().is_empty()).collect();
    let found = above.into_iter().rev().find(|folder| !blocked.contains(*folder));
    found.unwrap_or(path).to_owned()
}

fn is_placeholder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| PLACEHOLDERS.iter().any(|known| name == *known))
}

#[cfg(test)]
mod tests;
