use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// What vassals of every kind have: where they run, where they log, and how they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Common {
    /// The working directory.
    pub chdir: Utf8PathBuf,
    /// Where output goes. One older file is kept beside it, its name with `.1` added.
    pub log: Utf8PathBuf,
    /// The size in bytes at which the log is set aside and begun anew.
    pub log_max_size: u64,
    /// What stands before the name of each process of uWSGI in a process list.
    pub procname_prefix: String,
    /// The bits that files made by the processes don't get; `None` leaves what the emperor has.
    pub umask: Option<u32>,
}

impl Common {
    /// Describes a vassal whose log is set aside at 1 MiB and whose files are not readable by others.
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
}
