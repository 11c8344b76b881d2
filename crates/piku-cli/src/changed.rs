//! What a command that changes an app did, as `--json` prints it.

use piku_core::{AppName, Done};
use serde::Serialize;

use crate::json::{self, Versioned};
use crate::session::Session;

/// The object.
#[derive(Serialize)]
struct Changed<'a> {
    app: &'a AppName,
    /// False if it was so already.
    changed: bool,
    /// The release that is live now, or that waits; none if the change made no release and started none.
    release: Option<u32>,
    /// Whether that release is live.
    live: Option<bool>,
    /// Whether the app is stopped.
    stopped: Option<bool>,
    addresses: &'a [String],
}

/// Prints, with `--json`, what was done.
pub(crate) fn done(app: &AppName, done: &Done, session: &Session) {
    let Done { release, live, stopped, addresses, .. } = done;
    let (release, live, stopped) = (Some(*release), Some(*live), Some(*stopped));
    print(&Changed { app, changed: true, release, live, stopped, addresses }, session);
}

/// Prints, with `--json`, that something was stored, or removed, or was so already.
pub(crate) fn stored(app: &AppName, changed: bool, stopped: Option<bool>, session: &Session) {
    print(&Changed { app, changed, release: None, live: None, stopped, addresses: &[] }, session);
}

fn print(changed: &Changed<'_>, session: &Session) {
    if session.json {
        json::print(&Versioned::new(changed), &session.ui);
    }
}
