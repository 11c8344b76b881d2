//! `logs`.

use std::ops::ControlFlow;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::error::Error;
use crate::host::logs::{Chatter, Follower, lines_since, older};
use crate::host::{access_log, files, wait};
use crate::piku::Piku;
use crate::release::store;

/// How often to check a followed log.
const LOOK: Duration = Duration::from_millis(250);

/// What stands for the log of requests in place of a kind of process.
const NGINX: &str = "nginx";

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogLine {
    /// The process that wrote it, such as `web.1`.
    pub process: String,
    /// The text.
    pub line: String,
}

impl Piku {
    /// The last `count` lines of each log of the app, or of one kind, one log after the other.
    ///
    /// The kind `nginx` is the log of requests to the site, unless the app has processes of that kind.
    ///
    /// Unless `all` is set, uWSGI's own startup and shutdown lines are left out.
    ///
    /// # Errors
    /// [`Error::UnknownApp`]; [`Error::UnknownKind`] if there is neither a log nor a process of that kind.
    pub fn last_logs(
        &self,
        app: &AppName,
        kind: Option<&str>,
        count: usize,
        all: bool,
    ) -> Result<Vec<LogLine>, Error> {
        let mut lines = Vec::new();
        for (process, path) in self.log_files(app, kind)? {
            let mut last = own_lines(&path, all);
            if last.len() < count {
                // It may have been rotated just now.
                last.splice(..0, own_lines(&older(&path), all));
            }
            let last = last.drain(last.len().saturating_sub(count)..);
            lines.extend(last.map(|line| LogLine { process: process.clone(), line }));
        }
        Ok(lines)
    }

    /// Calls `heard` with each new line, until it breaks or `listened_to` returns false. Follows logs that appear
    /// meanwhile too. `all` is as for [`Piku::last_logs`].
    ///
    /// # Errors
    /// As for [`Piku::last_logs`].
    pub fn follow_logs(
        &self,
        app: &AppName,
        kind: Option<&str>,
        all: bool,
        heard: &mut dyn FnMut(LogLine) -> ControlFlow<()>,
        listened_to: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        let mut followers: Vec<(String, Follower, Chatter)> = Vec::new();
        for (process, path) in self.log_files(app, kind)? {
            followers.push((process, Follower::at_end(path), Chatter::default()));
        }
        while listened_to() {
            for (process, path) in self.log_files(app, kind).unwrap_or_default() {
                if !followers.iter().any(|(known, ..)| *known == process) {
                    followers.push((process, Follower::from_start(path), Chatter::default()));
                }
            }
            for (process, follower, chatter) in &mut followers {
                for line in follower.lines()? {
                    if !all && chatter.is(&line) {
                        continue;
                    }
                    if heard(LogLine { process: process.clone(), line }).is_break() {
                        return Ok(());
                    }
                }
            }
            wait::pause(LOOK);
        }
        Ok(())
    }

    /// Makes room in the logs of requests: rotates those that have become long. Returns their apps.
    ///
    /// nginx never does so itself. Each deploy does it for its app; call this every few minutes for apps that are not
    /// deployed.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn rotate_access_logs(&self) -> Result<Vec<AppName>, Error> {
        let mut rotated = Vec::new();
        for app in self.app_names()? {
            if !rotated.contains(&app) && access_log::rotate(&self.root, &self.surroundings, &app)? {
                rotated.push(app);
            }
        }
        Ok(rotated)
    }

    fn log_files(&self, app: &AppName, kind: Option<&str>) -> Result<Vec<(String, Utf8PathBuf)>, Error> {
        self.must_exist(app)?;
        let folder = self.root.logs(app);
        let mut found = Vec::new();
        let mut kinds = self.kinds(app)?;
        for name in files::names(&folder)? {
            let Some(process) = name.strip_suffix(".log") else { continue };
            let Some((of, _)) = process.rsplit_once('.') else { continue };
            kinds.push(of.to_owned());
            if kind.is_none_or(|kind| kind == of || kind == process) {
                found.push((process.to_owned(), folder.join(&name)));
            }
        }
        if kind == Some(NGINX) && !kinds.iter().any(|kind| kind == NGINX) {
            // Not `nginx.1`: there is one nginx for all.
            return Ok(vec![(NGINX.to_owned(), self.root.access_log(app))]);
        }
        match kind {
            Some(kind) if found.is_empty() => {
                kinds.sort_unstable();
                kinds.dedup();
                if kinds.iter().any(|known| known == kind) {
                    // It has not written anything yet.
                    return Ok(found);
                }
                Err(Error::UnknownKind { app: app.clone(), kind: kind.to_owned(), available: kinds })
            }
            _ => Ok(found),
        }
    }

    /// The kinds of processes of the live release, and of one that waits for `restart`.
    fn kinds(&self, app: &AppName) -> Result<Vec<String>, Error> {
        let releases = [store::live(&self.root, app)?, store::waiting(&self.root, app)?];
        let kinds = releases.iter().flatten().flat_map(|release| release.formation.iter());
        Ok(kinds.map(|(kind, _)| kind.to_owned()).collect())
    }
}

/// The last lines of a log, without those of uWSGI unless `all` is set.
fn own_lines(path: &Utf8Path, all: bool) -> Vec<String> {
    let mut chatter = Chatter::default();
    let mut lines = lines_since(path, 0);
    lines.retain(|line| all || !chatter.is(line));
    lines
}
