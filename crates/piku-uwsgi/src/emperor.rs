use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// The instance of uWSGI that starts, watches, and stops the vassals in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emperor {
    /// The folder that it watches; each `.ini` file in it is a vassal.
    pub vassals: Utf8PathBuf,
    /// The program that is started in place of uWSGI, as `wrapper --ini FILE`, for each vassal.
    pub wrapper: Utf8PathBuf,
    /// Where it logs. One older file is kept beside it, its name with `.1` added.
    pub log: Utf8PathBuf,
    /// The size in bytes at which the log is set aside and begun anew.
    pub log_max_size: u64,
    /// The unix socket on which it tells how the vassals are.
    pub stats: Utf8PathBuf,
    /// The file that holds its process id.
    pub pidfile: Utf8PathBuf,
    /// Seconds that a vassal asked to stop may take before it is killed.
    pub curse_tolerance: u32,
}

impl Emperor {
    /// Renders the whole file. The same emperor always gives the same bytes.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = Ini::new();
        ini.flag("die-on-term");
        ini.path("emperor", &self.vassals, &[])?;
        ini.number("emperor-freq", 3, 1, 3600)?;
        ini.path("emperor-wrapper", &self.wrapper, &[])?;
        ini.flag("emperor-graceful-shutdown");
        ini.number("emperor-curse-tolerance", self.curse_tolerance.into(), 1, 3600)?;
        ini.path("emperor-stats", &self.stats, &[':'])?;
        ini.path("emperor-pidfile", &self.pidfile, &[])?;
        ini.log(&self.log, self.log_max_size)?;
        Ok(ini.finish())
    }
}
