//! `auth`, `auth:add`, and `auth:remove`.

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::app::AppName;
use crate::error::Error;
use crate::event::Report;
use crate::gate::users::{self, UserName};
use crate::host::{random, users_file};
use crate::piku::Piku;
use crate::release::store;

/// The users of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SiteUsers {
    /// Their names, in order.
    pub users: Vec<String>,
    /// Whether the live release asks visitors for a password (`NGINX_BASIC_AUTH`).
    pub asked: bool,
    /// Whether the user was there before a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_there: Option<bool>,
}

impl Piku {
    /// The users of the site of an app.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::Host`].
    pub fn users(&self, app: &AppName) -> Result<SiteUsers, Error> {
        self.must_exist(app)?;
        let live = store::live(&self.root, app)?;
        let file = self.root.users(app);
        let asked = live.and_then(|live| live.site).is_some_and(|site| site.contains(file.as_str()));
        Ok(SiteUsers { users: users_file::read(&self.root, app)?.names(), asked, was_there: None })
    }

    /// Adds a user of the site of an app, or changes the password of one. It holds at once, without a deploy.
    ///
    /// # Errors
    /// [`Error::Password`]; [`Error::Host`] if nginx could not read the file.
    pub fn add_user(
        &self,
        app: &AppName,
        user: &UserName,
        password: &str,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<SiteUsers, Error> {
        let hash = users::hash(password, random::bytes()?)?;
        self.locked(app, &actor.doing("changing the users of", app), report, |piku, _| {
            let mut users = users_file::read(&piku.root, app)?;
            let was_there = users.set(user, hash);
            users_file::write(&piku.root, &piku.surroundings, app, &users)?;
            Ok(SiteUsers { was_there: Some(was_there), ..piku.users(app)? })
        })
    }

    /// Removes a user of the site of an app. It holds at once. Without users, a site that asks for a password is closed
    /// to everybody.
    ///
    /// # Errors
    /// [`Error::UnknownUser`], [`Error::Host`].
    pub fn remove_user(
        &self,
        app: &AppName,
        user: &UserName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<SiteUsers, Error> {
        self.locked(app, &actor.doing("changing the users of", app), report, |piku, _| {
            let mut users = users_file::read(&piku.root, app)?;
            if !users.remove(user) {
                let (user, available) = (user.clone(), users.names());
                return Err(Error::UnknownUser { app: app.clone(), user, available });
            }
            users_file::write(&piku.root, &piku.surroundings, app, &users)?;
            Ok(SiteUsers { was_there: Some(true), ..piku.users(app)? })
        })
    }
}
