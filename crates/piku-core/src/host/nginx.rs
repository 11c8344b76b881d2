//! Reloads nginx and waits until it serves a new site.

use std::fs::{File, FileTimes};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::command::Invocation;
use super::health::{Endpoint, get};
use super::nginx_error::{NginxError, PATIENCE};
use super::{HostError, Surroundings, files, own_nginx, wait};
use crate::app::AppName;
use crate::root::Root;

/// How long nginx must give only the new answer. After a reload, its old workers accept connections for another 100 ms
/// next to the new ones.
const OLD_WORKERS: Duration = Duration::from_millis(150);

/// How often to try the reload command before reporting a failure.
const TRIES: u32 = 3;

/// How long to wait before the next try.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// When whoever watches the folder of sites is reminded for the first time, and how often after that. systemd starts no
/// unit more than five times in ten seconds.
const FIRST_REMINDER: Duration = Duration::from_secs(1);
const BETWEEN_REMINDERS: Duration = Duration::from_secs(3);

/// A request whose answer shows which version of a site nginx serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) answer: String,
    /// Whether nothing may follow the answer. Otherwise the mark of a maintenance may.
    #[serde(skip)]
    pub(crate) exact: bool,
}

impl Question {
    /// The same question, answered only during the maintenance with this mark, or only without one.
    pub(crate) fn marked(&self, mark: Option<&str>) -> Self {
        let mark = mark.map(|mark| format!(" {mark}")).unwrap_or_default();
        Self { answer: format!("{}{mark}", self.answer), exact: true, ..self.clone() }
    }

    fn is_answered(&self) -> bool {
        get(&Endpoint::Http(self.address), &self.path, &self.host)
            .is_some_and(|answer| answer.status == 200 && self.fits(answer.body.trim()))
    }

    fn fits(&self, body: &str) -> bool {
        let rest = body.strip_prefix(&self.answer);
        rest.is_some_and(|rest| rest.is_empty() || !self.exact && rest.starts_with(' '))
    }
}

/// Reloads nginx: piku's own with a signal, the system's with the configured command, if any.
pub(crate) fn reload(root: &Root, surroundings: &Surroundings) -> Result<(), NginxError> {
    match &surroundings.nginx_reload {
        // Ignore the variable here: if it was left set, it would reload the system's nginx.
        _ if own_nginx::is_wanted(root) => own_nginx::reload(root),
        Some(line) => run(line, surroundings),
        None => Ok(()),
    }
}

/// Writes the site of an app again as it is, if there is one: whoever reloads nginx may watch nothing but sites, and not
/// the other files that they include.
pub(crate) fn write_again(root: &Root, app: &AppName) -> Result<(), HostError> {
    let site = root.site(app);
    match files::read(&site)? {
        Some(text) => files::write(&site, &text, 0o644),
        None => Ok(()),
    }
}

/// Runs a command line that reloads nginx.
fn run(line: &str, surroundings: &Surroundings) -> Result<(), NginxError> {
    let Some(words) = shlex::split(line).filter(|words| !words.is_empty()) else {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "unmatched quotes");
        return Err(NginxError::Reload(HostError::Start { program: line.to_owned(), source }));
    };
    let env = [("PATH".to_owned(), surroundings.search_path())].into();
    let command = Invocation::new(words).with_env(&env);
    let mut tries = 0;
    // nginx reads the sites of all apps, so it may fail because another app's site is just being removed.
    loop {
        tries += 1;
        match command.check(&mut |_| {}) {
            Err(_) if tries < TRIES => wait::pause(BETWEEN_TRIES),
            outcome => return outcome.map_err(NginxError::Reload),
        }
    }
}

/// Reloads nginx and waits until it answers `question` with the new site.
pub(crate) fn reload_and_wait(
    root: &Root,
    surroundings: &Surroundings,
    question: &Question,
) -> Result<(), NginxError> {
    let served = reload_until(root, surroundings, PATIENCE, || question.is_answered())?;
    served.ok_or_else(|| NginxError::Silent { address: question.address, host: question.host.clone() })
}

/// Reloads nginx and waits until it serves what is new, according to `is_new`; `None` if it never does.
pub(crate) fn reload_until(
    root: &Root,
    surroundings: &Surroundings,
    patience: Duration,
    is_new: impl FnMut() -> bool,
) -> Result<Option<()>, NginxError> {
    let before = own_nginx::refusals(root);
    reload(root, surroundings)?;
    let (mut is_served, mut remind) = (steady(is_new), reminder(root, surroundings));
    let outcome = wait::until(patience, || {
        remind();
        if let Some(said) = own_nginx::refused_since(root, before) {
            return Some(Err(NginxError::Refused { said }));
        }
        is_served().then_some(Ok(()))
    });
    outcome.transpose()
}

/// Touches the folder of sites from time to time, so that a path unit reloads nginx again.
///
/// systemd does not look at the folder while the reload that it started is running (`systemd.path(5)`), so a site that is
/// written in that moment would not be read before the next change.
fn reminder<'a>(root: &'a Root, surroundings: &'a Surroundings) -> impl FnMut() + 'a {
    let is_watched = !own_nginx::is_wanted(root) && surroundings.nginx_reload.is_none();
    let mut next = Instant::now() + FIRST_REMINDER;
    move || {
        if is_watched && Instant::now() >= next {
            next = Instant::now() + BETWEEN_REMINDERS;
            let now = SystemTime::now();
            // Both times: a change of one is another event than the `IN_ATTRIB` that systemd waits for (inotify(7)).
            let touched = FileTimes::new().set_accessed(now).set_modified(now);
            // A folder that can't be touched can't have been written to either.
            drop(File::open(root.nginx()).and_then(|sites| sites.set_times(touched)));
        }
    }
}

/// Waits for nginx to answer the question, for at most `limit`, after it was told to read its configuration.
pub(crate) fn await_answer(question: &Question, limit: Duration) {
    let mut is_served = steady(|| question.is_answered());
    wait::until(limit, || is_served().then_some(()));
}

/// Tells whether something has been true for as long as old workers may accept connections.
fn steady(mut is_new: impl FnMut() -> bool) -> impl FnMut() -> bool {
    let mut since = None;
    move || {
        since = is_new().then(|| since.unwrap_or_else(Instant::now));
        since.is_some_and(|since| since.elapsed() >= OLD_WORKERS)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use camino::Utf8PathBuf;
    use rustix::fs::inotify;

    use super::*;

    #[test]
    fn whoever_watches_the_sites_is_reminded_while_nginx_does_not_serve_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let root = Root::new(path.clone());
        std::fs::create_dir_all(root.nginx()).unwrap();
        // What systemd watches with `PathChanged=`, as far as the folder itself is concerned (`path_spec_watch` in systemd).
        let events = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        let watched_for = inotify::WatchFlags::ATTRIB | inotify::WatchFlags::CLOSE_WRITE;
        inotify::add_watch(&events, root.nginx().as_std_path(), watched_for).unwrap();
        let reminded = Cell::new(false);
        let touched = || {
            reminded.set(reminded.get() || rustix::io::read(&events, &mut [0; 256]).is_ok());
            reminded.get()
        };
        let mut watched = Surroundings::of_tests(&path);
        watched.nginx_reload = None;
        let told = Surroundings { nginx_reload: Some("true".to_owned()), ..watched.clone() };
        let patience = FIRST_REMINDER + Duration::from_millis(500);
        let wait =
            |surroundings: &Surroundings| reload_until(&root, surroundings, patience, &touched).unwrap();
        assert_eq!(wait(&told), None, "a command has reloaded it");
        assert_eq!(wait(&watched), Some(()));
    }

    #[test]
    fn a_site_answers_during_a_maintenance_too() {
        let question = Question {
            address: SocketAddr::from(([127, 0, 0, 1], 80)),
            host: "blog.test".to_owned(),
            path: "/".to_owned(),
            answer: "blog 12".to_owned(),
            exact: false,
        };
        let fits = |question: &Question| {
            ["blog 12", "blog 12 ab", "blog 123", "blog"].map(|body| question.fits(body))
        };
        assert_eq!(fits(&question), [true, true, false, false]);
        assert_eq!(fits(&question.marked(Some("ab"))), [false, true, false, false]);
        assert_eq!(fits(&question.marked(None)), [true, false, false, false]);
    }
}
