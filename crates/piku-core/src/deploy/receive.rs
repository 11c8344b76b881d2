//! Chooses what a push deploys: [`piku_git::choose`] for an app, with help for its errors.

pub(crate) use piku_git::Choice;
use piku_git::{InvalidPush, Kept};
pub use piku_git::{InvalidRefUpdate, RefUpdate};

use crate::app::AppName;

/// Why a push was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedPush {
    /// Several branches were pushed, and none is preferred.
    #[error("{} branches were pushed to `{app}` at once, and none is `main` or `master`: {}", branches.len(), branches.join(", "))]
    Ambiguous {
        /// The app.
        app: AppName,
        /// The branches.
        branches: Vec<String>,
    },
    /// Somebody else pushed to the branch while this push waited.
    #[error("`{branch}` has moved: somebody else has pushed to it")]
    Overtaken {
        /// The branch.
        branch: String,
    },
    /// git can't have both branches.
    #[error("git can't have both a branch `{branch}` and a branch `{other}`")]
    Conflicting {
        /// The branch.
        branch: String,
        /// The existing branch.
        other: String,
    },
    /// git has locked the branch, so it could not move it after the deploy.
    #[error("`{branch}` is locked: another git process is changing it, or was killed while it did")]
    Locked {
        /// The branch.
        branch: String,
    },
    /// A ref that is reserved for piku.
    #[error("`{name}` is reserved for piku")]
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
                "push only the one to deploy: `git push <remote> {}`, or select it with `config:set {app} PIKU_DEPLOY_BRANCH=…`",
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
/// [`RefusedPush`] if the choice is ambiguous, or the push changes a reserved ref.
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

/// A message that says why nothing is deployed.
pub(crate) fn why_kept(kept: &Kept) -> String {
    match kept {
        Kept::NoBranch => "nothing to deploy: tags and deletions never deploy".to_owned(),
        Kept::OtherBranch { wanted } => format!("stored but not deployed: PIKU_DEPLOY_BRANCH is `{wanted}`"),
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
            "2 branches were pushed to `blog` at once, and none is `main` or `master`: dev, other; \
            push only the one to deploy: `git push <remote> dev`, or select it with \
             `config:set blog PIKU_DEPLOY_BRANCH=…`"
        );
        let Choice::Store(kept) = choose(&app, &updates, Some("live")).unwrap() else { panic!("deployed") };
        assert_eq!(why_kept(&kept), "stored but not deployed: PIKU_DEPLOY_BRANCH is `live`");
    }
}
