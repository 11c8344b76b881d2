//! Writes the files of a commit without starting a process, if gix writes them exactly as git does.

use std::sync::atomic::AtomicBool;

use camino::Utf8Path;
use gix::bstr::ByteSlice;

use crate::Error;
use crate::bare::{Failure, attempt, object, open};

/// Writes the files of `commit` to `tree` with gix, and the index to its git folder `own`. Returns false and does
/// nothing if the commit uses something that gix gets wrong.
pub(crate) fn checkout(own: &Utf8Path, tree: &Utf8Path, commit: &str) -> Result<bool, Error> {
    attempt(format!("check out {commit}"), tree, || {
        let repo = open(own)?;
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

/// Whether the commit uses attributes that gix 0.90 handles differently from git: `ident`, `working-tree-encoding`,
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
