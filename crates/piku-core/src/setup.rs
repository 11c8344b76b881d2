//! Prepares a machine: the root folder, a uWSGI, the keys of those who may push.

use std::convert::Infallible;

use camino::{Utf8Path, Utf8PathBuf};
use piku_uwsgi::Emperor;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::event::{Event, Report, stage};
use crate::host::command::Invocation;
use crate::host::lock::AppLock;
use crate::host::search_path::program;
use crate::host::{HostError, emperor, facts, files, git, launch, own_nginx};
use crate::piku::Piku;
use crate::server::NginxWay;
use crate::ssh_key::{KeyError, PublicKey, authorized_line, read_keys};

/// The emperor's log is cut at this size, and one older piece is kept.
const EMPEROR_LOG: u64 = 1_048_576;

/// Seconds that a vassal may take to stop: longer than it gives its own processes.
const CURSE_TOLERANCE: u32 = 120;

/// What `setup` found and made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Prepared {
    /// The root folder.
    pub root: Utf8PathBuf,
    /// The uWSGI that will run the emperor.
    pub uwsgi: Utf8PathBuf,
    /// Whether that is a private one, installed below the root.
    pub private: bool,
}

/// What `setup:ssh` did with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddedKey {
    /// The name by which piku knows its owner.
    pub name: String,
    /// The fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// False when it was there already.
    pub new: bool,
}

impl Piku {
    /// Makes every folder with its mode, the emperor's configuration, and, where the machine has no uWSGI,
    /// a private one below the root. A second call changes nothing.
    ///
    /// With `nginx`, the root is prepared for an nginx of piku's own, or for the machine's; without, it stays as it is.
    ///
    /// # Errors
    /// [`Error::Host`] when a folder can't be made or uWSGI can't be installed.
    pub fn setup(&self, nginx: Option<NginxWay>, report: &mut Report<'_>) -> Result<Prepared, Error> {
        match nginx {
            Some(NginxWay::Own) => files::make_folder(&self.root.own_nginx(), 0o700)?,
            Some(NginxWay::System) => files::remove_folder(&self.root.own_nginx())?,
            None => {}
        }
        self.prepare_root()?;
        let private = self.root.private_uwsgi();
        if facts::uwsgi(&self.root, &self.surroundings).is_none() {
            stage(report, format!("This machine has no uWSGI: installing its wheel into {private}"));
            self.install_private_uwsgi(&private, report)?;
        }
        let none = || HostError::Start {
            program: "uwsgi".to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::NotFound, "it was installed and is not there"),
        };
        let uwsgi = facts::uwsgi(&self.root, &self.surroundings).ok_or_else(none)?;
        let private = uwsgi.program.starts_with(&private);
        Ok(Prepared { root: self.root.path().to_owned(), uwsgi: uwsgi.program, private })
    }

    fn prepare_root(&self) -> Result<(), Error> {
        let root = &self.root;
        for (folder, mode) in [
            // nginx must pass through to sockets, sites, and static files, and see nothing else.
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
        emperor.curse_tolerance = CURSE_TOLERANCE;
        let text = emperor.to_ini().map_err(crate::deploy::DeployError::from)?;
        if files::read_text(&root.emperor_ini())?.as_deref() != Some(&text) {
            files::write(&root.emperor_ini(), text.as_bytes(), 0o600)?;
        }
        Ok(())
    }

    /// Points the root's link at the launcher beside this `piku`, which may have moved since.
    pub(crate) fn link_launcher(&self) -> Result<(), HostError> {
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

    /// Becomes the emperor, in the foreground, with whichever uWSGI there is and with nothing of this
    /// process's environment: vassals would inherit it.
    ///
    /// # Errors
    /// [`Error::EmperorRuns`] where one does already, [`crate::DeployError::NoUwsgi`]; on success this process never
    /// returns.
    pub fn become_emperor(&self) -> Result<Infallible, Error> {
        // Two emperors would run every app twice.
        if emperor::hear(&self.root.emperor_stats()) != emperor::Heard::Nobody {
            return Err(Error::EmperorRuns { socket: self.root.emperor_stats() });
        }
        self.prepare_root()?;
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

    /// Stops the emperor and, with it, every app, within ten seconds. What is live comes back when it starts again.
    /// Without an emperor nothing happens.
    pub fn stop_emperor(&self) {
        emperor::stop(&self.root.emperor_pid());
    }

    /// Lets the owners of the keys in `text` push and command. A key that is there already changes nothing.
    ///
    /// # Errors
    /// [`Error::Key`] when any line is not a public key: then none is added.
    pub fn add_keys(&self, text: &str) -> Result<Vec<AddedKey>, Error> {
        let keys = read_keys(text)?;
        let folder = self.surroundings.home.join(".ssh");
        let path = folder.join("authorized_keys");
        // Two who add keys at once must not lose each other's.
        let _lock = AppLock::take(&self.root.locks().join(".keys"), "", &mut |_| {})?;
        let mut all = files::read_text(&path)?.unwrap_or_default();
        let mut added = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            let fingerprint = self.fingerprint(key).ok_or(KeyError::NotAKey { line: at + 1 })?;
            let listed = all.lines().filter(|line| !line.trim_start().starts_with('#'));
            let new = !listed.flat_map(str::split_ascii_whitespace).any(|word| word == key.blob);
            if new {
                if !all.is_empty() && !all.ends_with('\n') {
                    all.push('\n');
                }
                all.push_str(&authorized_line(key, &self.surroundings.program, self.root.path()));
            }
            added.push(AddedKey { name: key.name.clone(), fingerprint, new });
        }
        if added.iter().any(|key| key.new) {
            files::make_folder(&folder, 0o700)?;
            files::write(&path, all.as_bytes(), 0o600)?;
        }
        Ok(added)
    }

    /// What ssh itself says of the key; `None` when it does not take it for one.
    fn fingerprint(&self, key: &PublicKey) -> Option<String> {
        let mut file = tempfile::NamedTempFile::new().ok()?;
        std::io::Write::write_all(&mut file, format!("{} {}\n", key.kind, key.blob).as_bytes()).ok()?;
        let env = git::environment(&self.surroundings);
        let output =
            Invocation::new(["ssh-keygen", "-l", "-f", file.path().to_str()?]).with_env(&env).read().ok()?;
        String::from_utf8_lossy(&output).split_whitespace().nth(1).map(str::to_owned)
    }
}
