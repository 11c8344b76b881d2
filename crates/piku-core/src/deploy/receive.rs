//! What a push deploys, in the words of this server: [`piku_git::choose`] for an app, with help.

pub(crate) use piku_git::Choice;
use piku_git::{InvalidPush, Kept};
pub use piku_git::{InvalidRefUpdate, RefUpdate};

use crate::app::AppName;

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
    /// git could not move the branch afterwards.
    #[error("`{branch}` is locked: another git is changing it, or was killed while it did")]
    Locked {
        /// The branch.
        branch: String,
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
            Self::Locked { .. } => {
                "push again in a moment; a lock of more than ten seconds is removed then".to_owned()
            }
            Self::Overtaken { .. } => "fetch and merge what they pushed, then push again".to_owned(),
            Self::Conflicting { other, .. } => {
                format!("choose another name, or delete `{other}` on the server first")
            }
            Self::Reserved { .. } => "push branches and tags only".to_owned(),
        }
    }
}

/// Chooses the branch that a push to `app` deploys. `wanted` is `PIKU_DEPLOY_BRANCH`.
///
/// # Errors
/// [`RefusedPush`] when it can't be told, or a ref of piku's own is touched.
pub(crate) fn choose(
    app: &AppName,
    updates: &[RefUpdate],
    wanted: Option<&str>,
) -> Result<Choice, RefusedPush> {
    piku_git::choose(updates, wanted).map_err(|invalid| match invalid {
        InvalidPush::Ambiguous { branches } => RefusedPush::Ambiguous { app: app.clone(), branches },
        InvalidPush::Reserved { name } => RefusedPush::Reserved { name },
    })
}

/// Why nothing is deployed, for the person who pushes.
pub(crate) fn why_kept(kept: &Kept) -> String {
    match kept {
        Kept::NoBranch => "nothing to deploy: tags and deletions never deploy".to_owned(),
        Kept::OtherBranch { wanted } => format!("kept, not deployed: PIKU_DEPLOY_BRANCH is `{wanted}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";

    #[test]
    fn a_person_learns_which_branch_would_have_been_deployed() {
        let app = "blog".parse().unwrap();
        let updates =
            ["dev", "other"].map(|name| RefUpdate::read(&format!("{ONE} {ONE} refs/heads/{name}")).unwrap());
        let refused = choose(&app, &updates, None).unwrap_err();
        assert_eq!(
            format!("{refused}; {}", refused.help()),
            "2 branches were pushed to `blog` at once, and none of them is `main` or `master`: dev, other; \
             push the one that is to go live: `git push <remote> dev`, or name it with \
             `config:set blog PIKU_DEPLOY_BRANCH=…`"
        );
        let Choice::Store(kept) = choose(&app, &updates, Some("live")).unwrap() else { panic!("deployed") };
        assert_eq!(why_kept(&kept), "kept, not deployed: PIKU_DEPLOY_BRANCH is `live`");
    }
}
