//! What a push deploys: one branch, chosen before any branch moves.

use crate::app::AppName;

/// A ref that a push wants to move, as git's hooks tell it (githooks(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name: `refs/heads/main`.
    pub name: String,
    /// The commit it was at; all zeros for a new ref.
    pub old: String,
    /// The commit it is to be at; all zeros for a deletion.
    pub new: String,
}

/// A line of `pre-receive`'s input that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not what git tells a hook")]
pub struct InvalidRefUpdate(String);

impl RefUpdate {
    /// Reads a line of `pre-receive`'s input: `<old> <new> <name>`.
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

    /// The branch, where it is one.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    /// Whether the ref is to go.
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
    Store {
        /// Why, for the person who pushes.
        reason: String,
    },
}

/// Why a push can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedPush {
    /// Several branches, and nothing says which.
    #[error("{} branches were pushed to `{app}` at once, and none of them is `main` or `master`: {}", branches.len(), branches.join(", "))]
    Ambiguous {
        /// The app.
        app: AppName,
        /// The branches.
        branches: Vec<String>,
    },
    /// Somebody pushed to the branch while this push waited.
    #[error("`{branch}` has moved: somebody else pushed to it meanwhile")]
    Overtaken {
        /// The branch.
        branch: String,
    },
    /// git can't keep both branches.
    #[error("there can't be a branch `{branch}` beside `{other}`")]
    Conflicting {
        /// The branch.
        branch: String,
        /// The one that is there.
        other: String,
    },
    /// A ref that piku keeps for itself.
    #[error("`{name}` is kept by piku for itself")]
    Reserved {
        /// The ref.
        name: String,
    },
}

impl RefusedPush {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Ambiguous { app, branches } => format!(
                "push the one that is to go live: `git push <remote> {}`, or name it with `config:set {app} PIKU_DEPLOY_BRANCH=…`",
                branches.first().map_or("main", String::as_str)
            ),
            Self::Overtaken { .. } => "fetch and merge what they pushed, then push again".to_owned(),
            Self::Conflicting { other, .. } => {
                format!("choose another name, or delete `{other}` on the server first")
            }
            Self::Reserved { .. } => "push branches and tags only".to_owned(),
        }
    }
}

/// Chooses the branch that a push deploys.
///
/// `wanted` is `PIKU_DEPLOY_BRANCH`. Without it a single branch deploys, whichever it is; of several, `main`
/// or `master`. Tags and deletions never deploy.
///
/// # Errors
/// [`RefusedPush`] when it can't be told, or a ref of piku's own is touched.
pub(crate) fn choose(
    app: &AppName,
    updates: &[RefUpdate],
    wanted: Option<&str>,
) -> Result<Choice, RefusedPush> {
    if let Some(update) = updates.iter().find(|update| update.name.starts_with("refs/piku/")) {
        return Err(RefusedPush::Reserved { name: update.name.clone() });
    }
    let branches: Vec<(&str, &RefUpdate)> = updates
        .iter()
        .filter(|update| !update.is_deletion())
        .filter_map(|update| Some((update.branch()?, update)))
        .collect();
    let named =
        |name: &str| branches.iter().find(|(branch, _)| *branch == name).map(|(_, update)| (*update).clone());
    if branches.is_empty() {
        let reason = "nothing to deploy: tags and deletions never deploy".to_owned();
        return Ok(Choice::Store { reason });
    }
    if let Some(wanted) = wanted {
        let wanted = wanted.strip_prefix("refs/heads/").unwrap_or(wanted);
        let reason = || format!("kept, not deployed: PIKU_DEPLOY_BRANCH is `{wanted}`");
        return Ok(named(wanted).map_or_else(|| Choice::Store { reason: reason() }, Choice::Deploy));
    }
    if let [(_, only)] = branches.as_slice() {
        return Ok(Choice::Deploy((*only).clone()));
    }
    named("main").or_else(|| named("master")).map(Choice::Deploy).ok_or_else(|| RefusedPush::Ambiguous {
        app: app.clone(),
        branches: branches.iter().map(|(branch, _)| (*branch).to_owned()).collect(),
    })
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
        match choose(&"blog".parse().unwrap(), updates, wanted) {
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
