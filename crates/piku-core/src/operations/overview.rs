//! `apps` with what is live of each, and `apps APP`: all about one.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use piku_uwsgi::stats::EmperorStats;
use serde::Serialize;

use super::apps::AppStatus;
use super::certificates::CertificateStatus;
use super::processes::{KindStatus, State};
use crate::app::AppName;
use crate::deploy::plan::reached;
use crate::deploy::vassals::enabled::Enabled;
use crate::error::Error;
use crate::history;
use crate::host::{emperor, files, git, maintenance, sockets};
use crate::piku::Piku;
use crate::release::{Release, store};
use crate::vassal::VassalName;

/// An app with what is live of it, as `apps` shows it on a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppSummary {
    /// The app.
    #[serde(flatten)]
    pub app: AppStatus,
    /// Its state.
    pub state: AppState,
    /// Its addresses, as far as piku knows.
    pub addresses: Vec<String>,
    /// The full hash of the commit that is live.
    pub commit: Option<String>,
    /// When the live release was made.
    pub created: Option<Timestamp>,
}

/// The state of an app: the worst of its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AppState {
    /// All its processes are running. A static site has none.
    Running,
    /// A process was started but is not ready yet.
    Starting,
    /// A process is not running.
    Down,
    /// A process keeps ending and is being restarted.
    Failing,
    /// All its processes are scaled to 0.
    Idle,
    /// It was stopped.
    Stopped,
    /// It has no release yet.
    New,
}

impl fmt::Display for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Down => "down",
            Self::Failing => "failing",
            Self::Idle => "scaled to 0",
            Self::Stopped => "stopped",
            Self::New => "no release yet",
        })
    }
}

impl From<State> for AppState {
    fn from(state: State) -> Self {
        match state {
            State::Running => Self::Running,
            State::Starting => Self::Starting,
            State::Failing => Self::Failing,
            State::Stopped => Self::Stopped,
            State::Down => Self::Down,
        }
    }
}

/// All about one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppDetails {
    /// As `apps` has it.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// The first line of the message of the commit that is live.
    pub subject: Option<String>,
    /// What made the live release, in words.
    pub cause: Option<String>,
    /// Who made it, if known.
    pub by: Option<String>,
    /// When it last became live, according to the event log.
    pub live_since: Option<Timestamp>,
    /// The release that waits for `restart` or `start`.
    pub waiting: Option<u32>,
    /// Its processes.
    pub processes: Vec<KindStatus>,
    /// How many settings are in force.
    pub settings: usize,
    /// The size of its data, in bytes.
    pub data_bytes: u64,
    /// The number of files in its data.
    pub data_files: u64,
    /// The certificate of its site.
    pub certificate: Option<CertificateStatus>,
    /// Since when it is under maintenance.
    pub maintenance_since: Option<Timestamp>,
    /// Who turned maintenance on, if known.
    pub maintenance_by: Option<String>,
}

/// What all apps have in common.
struct Now {
    stats: Option<EmperorStats>,
    enabled: BTreeMap<AppName, Vec<VassalName>>,
    machine: Option<std::net::IpAddr>,
}

impl Piku {
    /// Every app with what is live of it, by name. Reads the record of each live release.
    ///
    /// # Errors
    /// [`Error::Host`] if a folder or a record can't be read.
    pub fn app_summaries(&self) -> Result<Vec<AppSummary>, Error> {
        let now = self.now()?;
        self.apps()?.into_iter().map(|app| self.summary(app, &now)).collect()
    }

    /// All about one app.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::Host`].
    pub fn app_details(&self, app: &AppName) -> Result<AppDetails, Error> {
        self.must_exist(app)?;
        let found = self.apps()?.into_iter().find(|one| one.name == *app);
        let status = found.ok_or_else(|| Error::UnknownApp { app: app.clone(), nearest: None })?;
        let root = &self.root;
        let live = store::live(root, app)?;
        let number = live.as_ref().map(|live| live.number);
        let history = history::read(root, app)?;
        let subject = live.as_ref().and_then(|live| git::subject(&root.repo(app), &live.commit));
        // Without a release, there are none.
        let has_processes = live.is_some() || store::is_foreign_clone(root, app);
        let processes = if has_processes { self.processes(app)? } else { Vec::new() };
        let certificate = self.certificates(Some(app))?.pop().filter(|one| one.origin.is_some());
        let (data_files, data_bytes) = files::count_and_size(&root.data(app));
        let closed = maintenance::read(root, app)?;
        Ok(AppDetails {
            summary: self.summary(status, &self.now()?)?,
            subject,
            cause: live.as_ref().map(|live| live.cause.to_string()),
            live_since: number.and_then(|number| history::live_since(&history, number)),
            by: live.and_then(|live| live.by),
            waiting: store::waiting(root, app)?.map(|waiting| waiting.number),
            processes,
            settings: self.config(app, false)?.len(),
            data_bytes,
            data_files,
            certificate,
            maintenance_since: closed.as_ref().map(|closed| closed.since),
            maintenance_by: closed.and_then(|closed| closed.by),
        })
    }

    fn now(&self) -> Result<Now, Error> {
        let mut enabled: BTreeMap<AppName, Vec<VassalName>> = BTreeMap::new();
        for name in files::names(&self.root.uwsgi_enabled())? {
            if let Ok(name) = name.parse::<VassalName>() {
                enabled.entry(name.app.clone()).or_default().push(name);
            }
        }
        let stats = emperor::ask(&self.root.emperor_stats());
        Ok(Now { stats, enabled, machine: sockets::own_address() })
    }

    fn summary(&self, app: AppStatus, now: &Now) -> Result<AppSummary, Error> {
        let live = match app.release {
            Some(number) => store::load(&self.root, &app.name, number)?,
            None => None,
        };
        let state = self.state(&app, live.as_ref(), now);
        Ok(AppSummary {
            app,
            state,
            addresses: live.as_ref().map(|live| reached::of_release(live, now.machine)).unwrap_or_default(),
            created: live.as_ref().map(|live| live.created),
            commit: live.map(|live| live.commit),
        })
    }

    fn state(&self, app: &AppStatus, live: Option<&Release>, now: &Now) -> AppState {
        let Some(live) = live else {
            // Legacy piku runs it.
            return if app.running { AppState::Running } else { AppState::New };
        };
        if store::is_stopped(&self.root, &app.name) {
            return AppState::Stopped;
        }
        let enabled = now.enabled.get(&app.name).map_or(&[][..], Vec::as_slice);
        let last_start = |name: &VassalName| {
            let same = enabled.iter().find(|one| one.first_start() == *name);
            Enabled::from(same.unwrap_or(name).clone())
        };
        let states = live.vassals.iter().map(|name| self.one(&last_start(name), now.stats.as_ref()).state);
        let worst = states.map(AppState::from).max();
        // nginx alone serves a static site, which has nothing to scale.
        let is_static = live.formation.iter().next().is_none();
        worst.unwrap_or(if is_static { AppState::Running } else { AppState::Idle })
    }
}
