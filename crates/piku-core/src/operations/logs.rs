//! `logs`.

use std::ops::ControlFlow;
use std::time::Duration;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::error::Error;
use crate::host::logs::{Form, Lines, Merged, Wanted};
use crate::host::{access_log, files, wait};
use crate::piku::Piku;
use crate::release::store;

/// How often to check a followed log.
const LOOK: Duration = Duration::from_millis(250);

/// What stands for the log of requests in place of a kind of process.
const NGINX: &str = "nginx";
/// The same for the log of the tools of the last build.
const BUILD: &str = "build";
/// Kinds that run before a release goes live, and have no processes.
const ONE_OFF: [&str; 2] = ["preflight", "release"];

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogLine {
    /// When it was written; `None` if that is not known.
    pub time: Option<Timestamp>,
    /// The process that wrote it, such as `web.1`.
    pub process: String,
    /// Its kind, such as `web`.
    pub kind: String,
    /// The text.
    pub line: String,
}

/// Which lines of the logs of an app to read. By default, all lines of the processes of the live release.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct LogQuery<'a> {
    /// Kinds or processes, such as `worker` or `web.2`. Also `build` for the tools of the last build, `nginx` for the
    /// requests to the site, and `preflight` and `release`, which are not read unless they are named.
    pub names: Vec<String>,
    /// At most so many of the lines that are there already: the last ones of all the logs together.
    pub last: Option<usize>,
    /// Lines written then or later. Lines whose time is not known are left out; so it is with `until`.
    pub since: Option<Timestamp>,
    /// Lines written then or earlier.
    pub until: Option<Timestamp>,
    /// Lines that this accepts.
    pub matching: Option<&'a dyn Fn(&str) -> bool>,
    /// Also uWSGI's own startup and shutdown lines, and all logs of processes that are gone.
    pub all: bool,
    /// Whether [`LogReader::follow`] will be called, so that a line without an end is not one yet.
    pub follow: bool,
}

/// A log that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    process: String,
    kind: String,
    path: Utf8PathBuf,
    form: Form,
}

/// Reads logs: first what is there, then what comes.
pub struct LogReader<'a> {
    piku: &'a Piku,
    app: AppName,
    query: LogQuery<'a>,
    logs: Merged<Source>,
}

impl Piku {
    /// Reads the logs of an app, merged by time.
    ///
    /// Of a stopped app, the processes that would run are read. A kind that is named and has no process any more is read
    /// all the same.
    ///
    /// # Errors
    /// [`Error::UnknownApp`]; [`Error::UnknownKind`] if there is neither a log nor a process of a name.
    pub fn logs<'a>(&'a self, app: &AppName, query: LogQuery<'a>) -> Result<LogReader<'a>, Error> {
        self.must_exist(app)?;
        let formation = self.running(app)?;
        let sources = self.log_sources(app)?;
        for name in &query.names {
            let known = sources.iter().any(|source| source.is(name))
                || formation.iter().any(|(kind, _)| kind == name)
                || [NGINX, BUILD].contains(&name.as_str())
                || ONE_OFF.contains(&name.as_str());
            if !known {
                let mut available: Vec<String> = sources.into_iter().map(|source| source.kind).collect();
                available.extend(formation.into_iter().map(|(kind, _)| kind));
                available.sort_unstable();
                available.dedup();
                return Err(Error::UnknownKind { app: app.clone(), kind: name.clone(), available });
            }
        }
        let mut reader = LogReader { piku: self, app: app.clone(), query, logs: Merged::new() };
        for source in reader.asked(sources) {
            let lines = Lines::open(source.path.clone(), source.form, reader.query.follow);
            reader.logs.add(source, lines);
        }
        let read = reader.read_at_first(&formation);
        let (last, wanted) = (reader.query.last, reader.query.wanted());
        reader.logs.go_to_last(last, &wanted, |source| read.contains(source));
        Ok(reader)
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

    /// The logs of processes that are there, by kind and number.
    fn log_sources(&self, app: &AppName) -> Result<Vec<Source>, Error> {
        let folder = self.root.logs(app);
        let mut found = Vec::new();
        for name in files::names(&folder)? {
            let Some(process) = name.strip_suffix(".log") else { continue };
            let Some((kind, number)) = process.rsplit_once('.') else { continue };
            let number: Option<u32> = number.parse().ok();
            let (process, kind) = (process.to_owned(), kind.to_owned());
            let source = Source { process, kind, path: folder.join(&name), form: Form::Beside };
            found.push((source.kind.clone(), number, source));
        }
        found.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        Ok(found.into_iter().map(|(.., source)| source).collect())
    }

    /// Kinds and numbers of the processes that run, or would if the app were not stopped, of a release that waits for
    /// `restart` too.
    fn running(&self, app: &AppName) -> Result<Vec<(String, u32)>, Error> {
        if store::is_foreign_clone(&self.root, app) {
            return Ok(owned(self.formation(app)?.iter()));
        }
        let releases = [store::live(&self.root, app)?, store::waiting(&self.root, app)?];
        Ok(owned(releases.iter().flatten().flat_map(|release| release.formation.iter())))
    }
}

impl LogQuery<'_> {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            since: self.since.map(Timestamp::as_millisecond),
            until: self.until.map(Timestamp::as_millisecond),
            chatter: self.all,
            matching: self.matching,
        }
    }
}

impl LogReader<'_> {
    /// Calls `heard` with each line that is there, until it breaks. Returns how many there were.
    pub fn past(&mut self, heard: &mut dyn FnMut(LogLine) -> ControlFlow<()>) -> ControlFlow<(), usize> {
        let mut count = 0;
        while let Some(line) = self.next() {
            heard(line)?;
            count += 1;
        }
        ControlFlow::Continue(count)
    }

    /// Calls `heard` with each new line, until it breaks or `listened_to` returns false. Follows logs that appear
    /// meanwhile too.
    ///
    /// # Errors
    /// [`Error::Host`] if the logs can't be listed.
    pub fn follow(
        &mut self,
        heard: &mut dyn FnMut(LogLine) -> ControlFlow<()>,
        listened_to: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        while listened_to() {
            for source in self.asked(self.piku.log_sources(&self.app)?) {
                if !self.logs.names().any(|known| *known == source) {
                    let lines = Lines::open(source.path.clone(), source.form, true);
                    self.logs.add(source, lines);
                }
            }
            self.logs.renew();
            if self.past(heard).is_break() {
                return Ok(());
            }
            wait::pause(LOOK);
        }
        Ok(())
    }

    fn next(&mut self) -> Option<LogLine> {
        let (source, line) = self.logs.next(&self.query.wanted())?;
        Some(LogLine {
            time: line.time.and_then(|time| Timestamp::from_millisecond(time).ok()),
            process: source.process.clone(),
            kind: source.kind.clone(),
            line: line.text,
        })
    }

    /// The logs that the query is about.
    fn asked(&self, sources: Vec<Source>) -> Vec<Source> {
        let names = &self.query.names;
        if names.is_empty() {
            return sources;
        }
        let of =
            |name: &str, path, form| Source { process: name.to_owned(), kind: name.to_owned(), path, form };
        let others = [
            of(BUILD, self.piku.root.build_log(&self.app), Form::Beside),
            // Not `nginx.1`: there is one nginx for all.
            of(NGINX, self.piku.root.access_log(&self.app), Form::Within),
        ];
        let stands = |other: &Source| !sources.iter().any(|source| source.kind == other.kind);
        let others: Vec<Source> = others.into_iter().filter(stands).collect();
        let asked = |source: &Source| names.iter().any(|name| source.is(name));
        sources.into_iter().chain(others).filter(asked).collect()
    }

    /// Those of the logs whose past is shown.
    fn read_at_first(&self, formation: &[(String, u32)]) -> Vec<Source> {
        let all: Vec<&Source> = self.logs.names().collect();
        let runs = |source: &&Source| {
            formation
                .iter()
                .any(|(kind, count)| (1..=*count).any(|number| source.process == format!("{kind}.{number}")))
        };
        let is_read = |source: &&Source| {
            let names = &self.query.names;
            self.query.all
                || formation.is_empty()
                || runs(source)
                || names.contains(&source.process)
                || names.contains(&source.kind)
                    && !all.iter().any(|other| other.kind == source.kind && runs(other))
        };
        all.iter().copied().filter(|source| is_read(source)).cloned().collect()
    }
}

impl Source {
    /// Whether it goes by this name.
    fn is(&self, name: &str) -> bool {
        self.kind == name || self.process == name
    }
}

fn owned<'a>(formation: impl Iterator<Item = (&'a str, u32)>) -> Vec<(String, u32)> {
    formation.map(|(kind, count)| (kind.to_owned(), count)).collect()
}
