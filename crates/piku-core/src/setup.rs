//! Prepares a machine: the root folder and a uWSGI.

use std::convert::Infallible;

use camino::{Utf8Path, Utf8PathBuf};
use piku_uwsgi::Emperor;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::event::{Event, Report, stage};
use crate::host::command::Invocation;
use crate::host::search_path::program;
use crate::host::{HostError, emperor, facts, files, git, launch, legacy, own_nginx};
use crate::piku::Piku;
use crate::server::NginxWay;

/// The emperor's log is rotated at this size, in bytes; one older log is kept.
const EMPEROR_LOG: u64 = 1_048_576;

/// How long a vassal may take to stop, in seconds: longer than it gives its own processes.
const CURSE_TOLERANCE: u32 = 120;

/// The result of `setup`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Prepared {
    /// The root folder.
    pub root: Utf8PathBuf,
    /// The uWSGI that runs the emperor.
    pub uwsgi: Utf8PathBuf,
    /// Whether that uWSGI is private, installed below the root.
    pub private: bool,
}

impl Piku {
    /// Creates the folders and the emperor's configuration, and installs a private uWSGI below the root if the machine
    /// has none. A second call changes nothing.
    ///
    /// `nginx` prepares the root for piku's own nginx or for the system's; `None` keeps the current one.
    ///
    /// # Errors
    /// [`Error::Host`] if a folder can't be created or uWSGI can't be installed.
    pub fn setup(&self, nginx: Option<NginxWay>, report: &mut Report<'_>) -> Result<Prepared, Error> {
        match nginx {
            Some(NginxWay::Own) => files::make_folder(&self.root.own_nginx(), 0o700)?,
            Some(NginxWay::System) => files::remove_folder(&self.root.own_nginx())?,
            None => {}
        }
        self.prepare_root()?;
        self.renew_legacy_keys(report)?;
        let private = self.root.private_uwsgi();
        if facts::uwsgi(&self.root, &self.surroundings).is_none() {
            stage(report, format!("This machine has no uWSGI: installing its wheel into {private}"));
            self.install_private_uwsgi(&private, report)?;
        }
        let none = || HostError::Start {
            program: "uwsgi".to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::NotFound, "not found after it was installed"),
        };
        let uwsgi = facts::uwsgi(&self.root, &self.surroundings).ok_or_else(none)?;
        let private = uwsgi.program.starts_with(&private);
        Ok(Prepared { root: self.root.path().to_owned(), uwsgi: uwsgi.program, private })
    }

    pub(crate) fn prepare_root(&self) -> Result<(), Error> {
        let root = &self.root;
        for (folder, mode) in [
            // nginx must reach sockets, sites, and static files, but not list these folders.
            (root.path().to_owned(), 0o711),
            (root.apps(), 0o711),
            (root.all_releases(), 0o711),
            (root.all_data(), 0o711),
            (root.nginx(), 0o755),
            (root.run(), 0o711),
            (root.acme(), 0o755),
            (root.all_caches(), 0o755),
            (root.repos(), 0o700),
            (root.envs(), 0o700),
            (root.all_logs(), 0o700),
            (root.uwsgi(), 0o700),
            (root.uwsgi_available(), 0o700),
            (root.uwsgi_enabled(), 0o700),
            (root.legacy_enabled(), 0o700),
            (root.plugins(), 0o700),
            (root.locks(), 0o700),
            (root.ports(), 0o700),
        ] {
            files::make_folder(&folder, mode)?;
        }
        self.link_launcher()?;
        if root.own_nginx().is_dir() {
            own_nginx::prepare(root, &self.surroundings)?;
        }
        let mut emperor = Emperor::new(
            root.uwsgi_enabled(),
            root.launcher(),
            root.emperor_log(),
            root.emperor_stats(),
            root.emperor_pid(),
        );
        emperor.log_max_size = EMPEROR_LOG;
        drop(files::open_to_lock(&root.emperor_lock())?);
        emperor.lock = Some(root.emperor_lock());
        emperor.curse_tolerance = CURSE_TOLERANCE;
        let text = emperor.to_ini().map_err(crate::deploy::DeployError::from)?;
        if files::read_text(&root.emperor_ini())?.as_deref() != Some(&text) {
            files::write(&root.emperor_ini(), text.as_bytes(), 0o600)?;
        }
        Ok(())
    }

    /// Points the root's link at the launcher beside this `piku`, which may have moved since.
    pub(crate) fn link_launcher(&self) -> Result<(), HostError> {
        if self.root.is_beside_legacy() {
            // From the link on, the root is ours, and this folder tells that the emperors keep apart.
            files::make_folder(&self.root.uwsgi_enabled(), 0o700)?;
        }
        let (link, launcher) = (self.root.launcher(), self.surroundings.launcher());
        if !files::exists(&launcher) {
            return Err(HostError::NoLauncher { path: launcher });
        }
        if files::link_target(&link).as_ref() == Some(&launcher) {
            return Ok(());
        }
        files::make_folder(&self.root.uwsgi(), 0o700)?;
        files::link(&link, &launcher)
    }

    fn install_private_uwsgi(&self, folder: &Utf8Path, report: &mut Report<'_>) -> Result<(), HostError> {
        let path = self.surroundings.search_path();
        let env = git::environment(&self.surroundings);
        let python = program(&path, "python3").unwrap_or_else(|| "python3".into());
        let pip = folder.join("bin/pip");
        let install: Vec<Vec<String>> = match program(&path, "uv") {
            Some(uv) => vec![
                vec![uv.to_string(), "venv".into(), folder.to_string()],
                vec![
                    uv.to_string(),
                    "pip".into(),
                    "install".into(),
                    "--python".into(),
                    folder.to_string(),
                    "pyuwsgi".into(),
                ],
            ],
            None => vec![
                vec![python.to_string(), "-m".into(), "venv".into(), folder.to_string()],
                vec![
                    pip.to_string(),
                    "install".into(),
                    "--quiet".into(),
                    "--disable-pip-version-check".into(),
                    "pyuwsgi".into(),
                ],
            ],
        };
        let outcome = install.into_iter().try_for_each(|words| {
            Invocation::new(words)
                .with_env(&env)
                .supervised(&self.root.launcher())
                .check(&mut |line| report(Event::Output(line)))
        });
        if outcome.is_err() {
            files::remove_folder(folder)?;
        }
        outcome
    }

    /// Replaces this process with the emperor, in the foreground. It runs whichever uWSGI is available, and with a
    /// clean environment, since vassals inherit it.
    ///
    /// # Errors
    /// [`Error::EmperorRuns`] if an emperor is already running; [`crate::DeployError::NoUwsgi`]. Never returns on
    /// success.
    pub fn become_emperor(&self) -> Result<Infallible, Error> {
        legacy::end_nested(&self.root)?;
        // Two emperors would run every app twice. One that has just been started has the lock, but does not answer yet;
        // one of an earlier version has no lock.
        let answers = || emperor::hear(&self.root.emperor_stats()) != emperor::Heard::Nobody;
        if emperor::holds(&self.root.emperor_lock()) || answers() {
            return Err(Error::EmperorRuns { root: self.root.path().to_owned() });
        }
        self.prepare_root()?;
        legacy::inherit(&self.root)?;
        let uwsgi =
            facts::uwsgi(&self.root, &self.surroundings).ok_or(crate::deploy::DeployError::NoUwsgi)?;
        let words = [uwsgi.program.as_str(), "--ini", self.root.emperor_ini().as_str()].map(str::to_owned);
        let env = [
            ("HOME".to_owned(), self.surroundings.home.to_string()),
            ("USER".to_owned(), self.surroundings.user.clone()),
            ("PATH".to_owned(), self.surroundings.search_path()),
        ];
        Ok(launch::become_alone(&words, &env.into())?)
    }

    /// Stops the emperor, and with it every app, within ten seconds. Live apps run again when the emperor starts. Does
    /// nothing if no emperor is running.
    pub fn stop_emperor(&self) {
        if legacy::is_nested(&self.root) {
            // The emperor of legacy piku would start it again.
            drop(legacy::end_nested(&self.root));
        }
        emperor::stop(&self.root.emperor_pid());
    }
}
