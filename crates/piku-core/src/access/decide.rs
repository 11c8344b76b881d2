//! Decides who may do what. Nothing else does.

use std::collections::BTreeSet;

use super::denied::Denied;
use super::permission::{Permission, listed};
use super::request::Request;
use crate::app::AppName;

/// What is known of the key that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may do this.
    May(Permission),
    /// It was removed.
    Removed,
    /// What it may do can't be read.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// The apps that whoever asks may know of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// All.
    #[default]
    All,
    /// These alone.
    Only(BTreeSet<AppName>),
}

impl Sight {
    /// Whether it is one of them.
    #[must_use]
    pub fn shows(&self, app: &AppName) -> bool {
        match self {
            Self::All => true,
            Self::Only(apps) => apps.contains(app),
        }
    }
}

/// Decides whether the key named `key` may do what it asks for, and which apps it may know of then.
///
/// `exists` is asked only about apps that the key has access to, so that a refusal tells nothing about others, not even
/// by its time.
///
/// # Errors
/// [`Denied`] says why not.
pub fn decide(
    key: &str,
    standing: &Standing,
    request: &Request,
    exists: impl Fn(&AppName) -> bool,
) -> Result<Sight, Denied> {
    let name = || key.to_owned();
    let permission = match standing {
        Standing::May(permission) => permission,
        Standing::Removed => return Err(Denied::Removed { key: name() }),
        Standing::Unknown { reason } => {
            return Err(Denied::Unknown { key: name(), reason: reason.clone() });
        }
    };
    let (apps, only_looks) = match permission {
        Permission::Administrator => return Ok(Sight::All),
        Permission::Apps { apps } => (apps, false),
        Permission::ReadOnly { apps } => (apps, true),
    };
    let own = |app: &AppName| match app {
        app if !apps.contains(app) => Err(Denied::App { key: name(), app: app.clone(), own: listed(apps) }),
        app if !exists(app) => Err(Denied::NoApp { app: app.clone() }),
        _ => Ok(()),
    };
    let limited = |what| Err(Denied::Limited { key: name(), what, own: listed(apps) });
    match request {
        Request::Program | Request::Listing => {}
        Request::See(app) => own(app)?,
        Request::Work(app) => {
            own(app)?;
            if only_looks {
                return Err(Denied::ReadOnly { key: name(), app: app.clone() });
            }
        }
        Request::Population => return limited("may neither make nor remove apps"),
        Request::Files => return limited("may not transfer files"),
        Request::Server => return limited("has no access to the server as a whole"),
    }
    Ok(Sight::Only(apps.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> AppName {
        name.parse().unwrap()
    }

    fn decided(standing: &Standing, request: &Request) -> String {
        let exists = |app: &AppName| {
            assert_ne!(app.as_str(), "shop", "nobody asks about an app of others");
            app.as_str() == "blog"
        };
        match decide("bob", standing, request, exists) {
            Ok(Sight::All) => "yes".to_owned(),
            Ok(Sight::Only(apps)) => format!("yes, and sees {}", listed(&apps)),
            Err(denied) => denied.to_string(),
        }
    }

    #[test]
    fn a_limited_key_gets_its_apps_alone_and_no_word_about_others() {
        let limited =
            |read_only| Standing::May(Permission::limited_to([app("blog"), app("gone")], read_only));
        let asked = [
            Request::Program,
            Request::Listing,
            Request::See(app("blog")),
            Request::Work(app("blog")),
            Request::See(app("gone")),
            Request::Work(app("gone")),
            Request::See(app("shop")),
            Request::Work(app("shop")),
            Request::Population,
            Request::Files,
            Request::Server,
        ];
        let table = |standing: &Standing| {
            let line = |request: &Request| format!("{request:?}: {}", decided(standing, request));
            asked.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(table(&limited(false)), @r#"
        Program: yes, and sees blog, gone
        Listing: yes, and sees blog, gone
        See(AppName("blog")): yes, and sees blog, gone
        Work(AppName("blog")): yes, and sees blog, gone
        See(AppName("gone")): there is no app `gone`
        Work(AppName("gone")): there is no app `gone`
        See(AppName("shop")): the key `bob` has no access to an app `shop`
        Work(AppName("shop")): the key `bob` has no access to an app `shop`
        Population: the key `bob` may neither make nor remove apps
        Files: the key `bob` may not transfer files
        Server: the key `bob` has no access to the server as a whole
        "#);
        insta::assert_snapshot!(table(&limited(true)), @r#"
        Program: yes, and sees blog, gone
        Listing: yes, and sees blog, gone
        See(AppName("blog")): yes, and sees blog, gone
        Work(AppName("blog")): the key `bob` may only look at `blog`
        See(AppName("gone")): there is no app `gone`
        Work(AppName("gone")): there is no app `gone`
        See(AppName("shop")): the key `bob` has no access to an app `shop`
        Work(AppName("shop")): the key `bob` has no access to an app `shop`
        Population: the key `bob` may neither make nor remove apps
        Files: the key `bob` may not transfer files
        Server: the key `bob` has no access to the server as a whole
        "#);
        for request in &asked {
            assert_eq!(decided(&Standing::May(Permission::Administrator), request), "yes");
            assert_eq!(
                decided(&Standing::Removed, request),
                "the key `bob` was removed from this server",
                "{request:?}"
            );
            let unknown = Standing::Unknown { reason: "no record".to_owned() };
            assert!(decided(&unknown, request).contains("may do nothing"), "{request:?}");
        }
    }
}
