//! What every kind of vassal has.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// What every kind of vassal has: where it runs, where it logs, and how its processes are called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Common {
    /// The working directory.
    pub chdir: Utf8PathBuf,
    /// The log file. One older file is kept beside it, with `.1` added to its name.
    pub log: Utf8PathBuf,
    /// The size in bytes at which the log is rotated.
    pub log_max_size: u64,
    /// Prefix of each uWSGI process in a process list.
    pub procname_prefix: String,
    /// Umask of the processes; `None` keeps the emperor's.
    pub umask: Option<u32>,
}

impl Common {
    /// Describes a vassal whose log is rotated at 1 MiB and whose files others can't read.
    pub fn new(
        chdir: impl Into<Utf8PathBuf>,
        log: impl Into<Utf8PathBuf>,
        procname_prefix: impl Into<String>,
    ) -> Self {
        Self {
            chdir: chdir.into(),
            log: log.into(),
            log_max_size: 1_048_576,
            procname_prefix: procname_prefix.into(),
            umask: Some(0o027),
        }
    }

    /// Begins the file of a vassal.
    pub(crate) fn begin(&self) -> Result<Ini, InvalidValue> {
        let mut ini = Ini::new();
        ini.path("chdir", &self.chdir, &[])?;
        ini.text("procname-prefix-spaced", &self.procname_prefix)?;
        ini.flag("auto-procname");
        if let Some(umask) = self.umask {
            ini.octal("umask", umask)?;
        }
        ini.log(&self.log, self.log_max_size)?;
        Ok(ini)
    }

    /// Begins the file of a vassal that runs no app.
    pub(crate) fn begin_without_app(&self) -> Result<Ini, InvalidValue> {
        let mut ini = self.begin()?;
        ini.without_app()?;
        Ok(ini)
    }
}
