//! Apps as people publish them: written for a laptop or another host, and pushed as they are.
//!
//! Their databases, uploads, and pages are in their own folders, as on a laptop. Each is pushed, used by a visitor, and
//! changed in every way there is: what visitors wrote is always there, and nothing is installed twice.

mod javascript;
mod others;
mod python;

use piku_tests::{App, Browser, TestServer};

/// How visitors use an app.
struct Visit<'a> {
    /// The page with the form, which shows everything that was written.
    page: &'a str,
    /// The field of the form.
    field: &'a str,
    /// A static file of the app, and its type.
    file: (&'a str, &'a str),
}

impl Visit<'_> {
    /// Sends the form of the page.
    #[track_caller]
    fn write(&self, browser: &Browser, text: &str) {
        let answer = browser.submit(self.page, &[(self.field, text)]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Requires all of this on the page, and the static file.
    #[track_caller]
    fn shows(&self, browser: &Browser, written: &[&str]) {
        let answer = browser.get(self.page);
        assert_eq!(answer.status, 200, "{answer:?}");
        for text in written {
            assert!(answer.body.contains(text), "`{text}` was expected in:\n{}", answer.body);
        }
        let (path, kind) = self.file;
        let answer = browser.get(path);
        let found = answer.header("content-type").unwrap_or_default();
        assert!(answer.status == 200 && found.starts_with(kind), "{path}: {answer:?}");
    }
}

/// Uses an app that was just pushed, changes it, and uses it again.
#[track_caller]
fn keeps_what_visitors_write(server: &TestServer, app: &App<'_>, visit: &Visit<'_>) {
    let (browser, name) = (Browser::of(app), app.name());
    visit.shows(&browser, &[]);
    visit.write(&browser, "before the push");

    push_with_another_readme(app);
    visit.shows(&browser, &["before the push"]);
    visit.write(&browser, "before the rollback");

    server.ssh(["rollback", name]).succeeds().never_says("nstalling");
    visit.shows(&browser, &["before the push", "before the rollback"]);
    visit.write(&browser, "before the setting");

    server.ssh(["config:set", name, "COLOR=blue"]).succeeds().never_says("nstalling");
    visit.write(&browser, "before the restart");
    server.ssh(["restart", name]).succeeds().never_says("nstalling");
    visit.shows(
        &browser,
        &["before the push", "before the rollback", "before the setting", "before the restart"],
    );
}

/// Pushes a commit that changes nothing but the README, which installs nothing.
#[track_caller]
fn push_with_another_readme(app: &App<'_>) {
    app.write("README.md", app.read("README.md") + "\nThanks to all contributors.\n");
    app.push().succeeds().never_says("nstalling");
}
