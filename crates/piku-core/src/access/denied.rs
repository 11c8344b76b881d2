//! Why a key may not do what it asks for.

use crate::app::AppName;

/// Why a key may not do what it asks for. An app that the key has no access to is spoken of in the same words whether
/// there is one or not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// It is none of the key's apps.
    #[error("the key `{key}` has no access to an app `{app}`")]
    App {
        /// The name of the key.
        key: String,
        /// The app.
        app: AppName,
        /// The apps that it has access to, in words.
        own: String,
    },
    /// The key has access to an app of that name, but there is none.
    #[error("there is no app `{app}`")]
    NoApp {
        /// The app.
        app: AppName,
    },
    /// The key may only look.
    #[error("the key `{key}` may only look at `{app}`")]
    ReadOnly {
        /// The name of the key.
        key: String,
        /// The app.
        app: AppName,
    },
    /// The key is limited to some apps.
    #[error("the key `{key}` {what}")]
    Limited {
        /// The name of the key.
        key: String,
        /// What it may not do, as the rest of the sentence.
        what: &'static str,
        /// The apps that it has access to, in words.
        own: String,
    },
    /// The key was removed; ssh asks for keys only when a connection begins.
    #[error("the key `{key}` was removed from this server")]
    Removed {
        /// The name of the key.
        key: String,
    },
    /// What the key may do is not known.
    #[error("it can't be told what the key `{key}` may do, so it may do nothing: {reason}")]
    Unknown {
        /// The name of the key.
        key: String,
        /// Why.
        reason: String,
    },
}

impl Denied {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::App { key, own, .. } => format!(
                "it has access to {own}; an administrator of the server can change that with `keys:allow {key} APP…`"
            ),
            Self::NoApp { app } => {
                format!("ask an administrator of the server to make it, with `apps:create {app}`")
            }
            Self::ReadOnly { key, app } => {
                format!("an administrator of the server can change that with `keys:allow {key} {app}`")
            }
            Self::Limited { key, own, .. } => format!(
                "it has access to {own}; an administrator of the server can change that with `keys:allow {key} --administrator`"
            ),
            Self::Removed { key } => {
                format!("an administrator of the server can add it again with `keys:add {key} FILE`")
            }
            Self::Unknown { key, .. } => format!(
                "an administrator of the server says it again: `keys:allow {key} APP…`, or `keys:allow {key} --administrator`"
            ),
        }
    }

    /// Names the refusal; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::App { .. } => "access::app",
            Self::NoApp { .. } => "app::unknown",
            Self::ReadOnly { .. } => "access::read-only",
            Self::Limited { .. } => "access::limited",
            Self::Removed { .. } => "access::removed",
            Self::Unknown { .. } => "access::unknown",
        }
    }
}
