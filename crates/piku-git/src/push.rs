//! A push as git describes it to a hook, and which of its branches is deployed.

use camino::Utf8Path;
use gix::ObjectId;
use gix::objs::{CommitRefIter, Find, Kind, TreeRefIter};
use gix::odb::Header;

/// Prefix of refs that no push may touch, because they are those of releases.
const OURS: &str = "refs/piku/";

/// The hash of [`init_bare`](crate::init_bare)'s repositories.
const SHA1: gix::hash::Kind = gix::hash::Kind::Sha1;

/// A ref update in a push, as git describes it to hooks (githooks(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name: `refs/heads/main`.
    pub name: String,
    /// The commit it points at now; all zeros for a new ref.
    pub old: String,
    /// The commit it will point at; all zeros for a deletion.
    pub new: String,
}

/// A line that is not valid input of `pre-receive`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not what git tells a hook")]
pub struct InvalidRefUpdate(String);

impl RefUpdate {
    /// Parses a line of `pre-receive`'s input: `<old> <new> <name>`.
    ///
    /// # Errors
    /// [`InvalidRefUpdate`] for anything else.
    pub fn read(line: &str) -> Result<Self, InvalidRefUpdate> {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some(old), Some(new), Some(name)) if is_id(old) && is_id(new) => {
                Ok(Self { name: name.to_owned(), old: old.to_owned(), new: new.to_owned() })
            }
            _ => Err(InvalidRefUpdate(line.to_owned())),
        }
    }

    /// The branch name, if it is a branch.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    /// Whether the ref is deleted.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.new.bytes().all(|byte| byte == b'0')
    }
}

fn is_id(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What to do with a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This branch goes live.
    Deploy(RefUpdate),
    /// Nothing is deployed; the refs are kept.
    Store(Kept),
}

/// Why a push is kept but not deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It moves no branch: tags and deletions never deploy.
    NoBranch,
    /// It does not update the branch that deploys.
    OtherBranch {
        /// The branch that deploys, without `refs/heads/`.
        wanted: String,
    },
}

/// Why a push is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPush {
    /// It has several branches, and nothing says which to deploy.
    #[error("{} branches were pushed at once, and none of them is `main` or `master`: {}", branches.len(), branches.join(", "))]
    Ambiguous {
        /// The branches.
        branches: Vec<String>,
    },
    /// It has a ref below `refs/piku/`, which is reserved for releases.
    #[error("`{name}` is reserved for releases")]
    Reserved {
        /// The ref.
        name: String,
    },
}

/// Chooses the branch that a push deploys.
///
/// `wanted` is the branch that deploys, by its short or full name. Without it, the only branch of a push deploys,
/// whatever its name, or `main` or `master` of several. Tags and deletions never deploy.
///
/// # Errors
/// [`InvalidPush`] when the branch is ambiguous, or a ref of a release is touched.
pub fn choose(updates: &[RefUpdate], wanted: Option<&str>) -> Result<Choice, InvalidPush> {
    if let Some(update) = updates.iter().find(|update| update.name.starts_with(OURS)) {
        return Err(InvalidPush::Reserved { name: update.name.clone() });
    }
    let branches: Vec<(&str, &RefUpdate)> = updates
        .iter()
        .filter(|update| !update.is_deletion())
        .filter_map(|update| Some((update.branch()?, update)))
        .collect();
    let named =
        |name: &str| branches.iter().find(|(branch, _)| *branch == name).map(|(_, update)| (*update).clone());
    if branches.is_empty() {
        return Ok(Choice::Store(Kept::NoBranch));
    }
    if let Some(wanted) = wanted {
        let wanted = wanted.strip_prefix("refs/heads/").unwrap_or(wanted);
        let other = || Choice::Store(Kept::OtherBranch { wanted: wanted.to_owned() });
        return Ok(named(wanted).map_or_else(other, Choice::Deploy));
    }
    if let [(_, only)] = branches.as_slice() {
        return Ok(Choice::Deploy((*only).clone()));
    }
    named("main").or_else(|| named("master")).map(Choice::Deploy).ok_or_else(|| InvalidPush::Ambiguous {
        branches: branches.iter().map(|(branch, _)| (*branch).to_owned()).collect(),
    })
}

/// Reads a file at a commit that was pushed but is not accepted yet; `None` if there is no such file, or more than
/// `limit` bytes of it.
///
/// Git keeps such objects apart from those of the repository, and tells `pre-receive` where in `GIT_QUARANTINE_PATH`
/// (git-receive-pack(1), "Quarantine environment"): that is `quarantine`.
#[must_use]
pub fn file_in_push(
    repository: &Utf8Path,
    quarantine: Option<&Utf8Path>,
    commit: &str,
    path: &str,
    limit: u64,
) -> Option<Vec<u8>> {
    let objects = repository.join("objects");
    let stores = [quarantine, Some(objects.as_path())].into_iter().flatten();
    let stores: Vec<_> = stores.filter_map(|store| gix::odb::at(store.as_std_path(), SHA1).ok()).collect();
    let read = |id: &gix::hash::oid| {
        let mut data = Vec::new();
        let kind = stores.iter().find_map(|store| Some(store.try_find(id, &mut data).ok()??.kind))?;
        Some((kind, data))
    };
    let (_, commit) = read(&ObjectId::from_hex(commit.as_bytes()).ok()?)?;
    let mut id = CommitRefIter::from_bytes(&commit, SHA1).tree_id().ok()?;
    for name in path.split('/') {
        let (_, tree) = read(&id)?;
        let mut entries = TreeRefIter::from_bytes(&tree, SHA1).filter_map(Result::ok);
        id = entries.find(|entry| entry.filename == name)?.oid.to_owned();
    }
    let header = stores.iter().find_map(|store| store.try_header(&id).ok()?)?;
    (header.kind() == Kind::Blob && header.size() <= limit).then(|| read(&id))?.map(|(_, data)| data)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn update(name: &str, new: &str) -> RefUpdate {
        RefUpdate::read(&format!("{NONE} {new} {name}")).unwrap()
    }

    fn chosen(updates: &[RefUpdate], wanted: Option<&str>) -> Result<Option<String>, String> {
        match choose(updates, wanted) {
            Ok(Choice::Deploy(update)) => Ok(update.branch().map(str::to_owned)),
            Ok(Choice::Store { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn one_branch_deploys_and_of_several_main_master_or_the_named_one() {
        let (main, master, dev) =
            (update("refs/heads/main", ONE), update("refs/heads/master", ONE), update("refs/heads/dev", ONE));
        let tag = update("refs/tags/v1", ONE);
        assert_eq!(chosen(std::slice::from_ref(&dev), None), Ok(Some("dev".into())));
        assert_eq!(chosen(&[dev.clone(), tag.clone()], None), Ok(Some("dev".into())));
        assert_eq!(chosen(&[dev.clone(), master.clone(), main], None), Ok(Some("main".into())));
        assert_eq!(chosen(&[dev.clone(), master.clone()], None), Ok(Some("master".into())));
        assert_eq!(chosen(&[dev.clone(), master], Some("dev")), Ok(Some("dev".into())));
        assert_eq!(chosen(std::slice::from_ref(&dev), Some("live")), Ok(None));
        assert_eq!(chosen(&[tag], None), Ok(None));
        let other = update("refs/heads/other", ONE);
        assert!(chosen(&[dev, other], None).unwrap_err().contains("dev, other"));
    }

    #[test]
    fn deletions_and_refs_of_ours_never_deploy() {
        let gone = update("refs/heads/dev", NONE);
        assert_eq!(chosen(std::slice::from_ref(&gone), None), Ok(None));
        assert_eq!(chosen(&[gone, update("refs/heads/x", ONE)], None), Ok(Some("x".into())));
        assert!(chosen(&[update("refs/piku/releases/1", ONE)], None).is_err());
    }

    #[test]
    fn a_hooks_line_is_read_or_refused() {
        assert!(RefUpdate::read("").is_err());
        assert!(RefUpdate::read("a b c").is_err());
        assert!(RefUpdate::read(ONE).is_err());
    }
}
