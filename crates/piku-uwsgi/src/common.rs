//! What every kind of vassal has.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// What every kind of vassal has: where it runs, and how its processes are called.
///
/// Output goes where the emperor's does, or where a program between the emperor and uWSGI sends it. uWSGI's own log
/// files are not offered: with `log-maxsize`, programs write to a socket that does not block, and a burst of output is
/// lost or fails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Common {
    /// The working directory.
    pub chdir: Utf8PathBuf,
    /// Prefix of each uWSGI process in a process list.
    pub procname_prefix: String,
    /// Umask of the processes; `None` keeps the emperor's.
    pub umask: Option<u32>,
}

impl Common {
    /// Describes a vassal whose files others can't read.
    pub fn new(chdir: impl Into<Utf8PathBuf>, procname_prefix: impl Into<String>) -> Self {
        Self { chdir: chdir.into(), procname_prefix: procname_prefix.into(), umask: Some(0o027) }
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
        Ok(ini)
    }

    /// Begins the file of a vassal that runs no app.
    pub(crate) fn begin_without_app(&self) -> Result<Ini, InvalidValue> {
        let mut ini = self.begin()?;
        ini.without_app()?;
        Ok(ini)
    }
}
