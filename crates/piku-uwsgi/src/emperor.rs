//! The emperor.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// The uWSGI that starts, watches, and stops the vassals in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emperor {
    /// The folder it watches; each `.ini` file in it is a vassal.
    pub vassals: Utf8PathBuf,
    /// The program started for each vassal instead of uWSGI, as `wrapper --ini FILE`.
    pub wrapper: Utf8PathBuf,
    /// The log file. One older file is kept beside it, with `.1` added to its name.
    pub log: Utf8PathBuf,
    /// The size in bytes at which the log is rotated.
    pub log_max_size: u64,
    /// The unix socket on which it reports the state of its vassals.
    pub stats: Utf8PathBuf,
    /// The file with the process id to signal: SIGWINCH makes the emperor scan its folder at once. That process is a
    /// child of the one that was started, which writes the log and restarts it when it dies.
    pub pidfile: Utf8PathBuf,
    /// A file that exists, and that only one emperor at a time can lock: another one refuses to start.
    pub lock: Option<Utf8PathBuf>,
    /// Seconds that a vassal may take to stop before it is killed.
    pub curse_tolerance: u32,
}

impl Emperor {
    /// Describes an emperor that starts `wrapper` for each vassal in `vassals`.
    pub fn new(
        vassals: impl Into<Utf8PathBuf>,
        wrapper: impl Into<Utf8PathBuf>,
        log: impl Into<Utf8PathBuf>,
        stats: impl Into<Utf8PathBuf>,
        pidfile: impl Into<Utf8PathBuf>,
    ) -> Self {
        Self {
            vassals: vassals.into(),
            wrapper: wrapper.into(),
            log: log.into(),
            log_max_size: 1_048_576,
            stats: stats.into(),
            pidfile: pidfile.into(),
            lock: None,
            curse_tolerance: 60,
        }
    }

    /// Renders the whole file. The same emperor always gives the same bytes.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = Ini::new();
        if let Some(lock) = &self.lock {
            ini.path("flock", lock, &[])?;
        }
        ini.flag("master");
        ini.flag("die-on-term");
        ini.path("emperor", &self.vassals, &['*', '?', '[', '\\'])?;
        ini.number("emperor-freq", 3, 1, 3600)?;
        ini.path("emperor-wrapper", &self.wrapper, &[])?;
        ini.flag("emperor-graceful-shutdown");
        ini.number("emperor-curse-tolerance", self.curse_tolerance.into(), 1, 3600)?;
        ini.path("emperor-stats", &self.stats, &[':'])?;
        ini.path("emperor-pidfile", &self.pidfile, &[])?;
        ini.log(&self.log, self.log_max_size)?;
        ini.without_app()?;
        Ok(ini.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emperor() -> Emperor {
        Emperor {
            vassals: "/srv/vassals".into(),
            wrapper: "/usr/bin/launch".into(),
            log: "/srv/emperor.log".into(),
            log_max_size: 1_048_576,
            stats: "/srv/emperor.stats".into(),
            pidfile: "/srv/emperor.pid".into(),
            lock: Some("/srv/emperor.lock".into()),
            curse_tolerance: 30,
        }
    }

    #[test]
    fn an_emperor_stops_gracefully_and_keeps_its_log_small() {
        insta::assert_snapshot!(emperor().to_ini().unwrap(), @r"
        [uwsgi]
        flock = /srv/emperor.lock
        master = true
        die-on-term = true
        emperor = /srv/vassals
        emperor-freq = 3
        emperor-wrapper = /usr/bin/launch
        emperor-graceful-shutdown = true
        emperor-curse-tolerance = 30
        emperor-stats = /srv/emperor.stats
        emperor-pidfile = /srv/emperor.pid
        logto2 = /srv/emperor.log
        log-maxsize = 1048576
        log-backupname = /srv/emperor.log.1
        touch-logreopen = /srv/emperor.log.1
        log-master-stream = true
        max-apps = 1
        rpc-max = 1
        ");
    }

    #[test]
    fn a_log_that_reads_as_a_network_address_is_refused() {
        let error = Emperor { log: "/srv/a:514".into(), ..emperor() }.to_ini().unwrap_err();
        assert_eq!((error.key, error.fault), (Some("logto2"), crate::Fault::Special(':')));
    }

    #[test]
    fn a_relative_folder_is_refused() {
        let error = Emperor { vassals: "vassals".into(), ..emperor() }.to_ini().unwrap_err();
        insta::assert_snapshot!(error, @r#"uWSGI can't be given "vassals" for `emperor`: the path is not absolute"#);
    }
}
