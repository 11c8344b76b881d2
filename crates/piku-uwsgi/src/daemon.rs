use crate::{Common, InvalidValue};

/// A program of any kind that uWSGI starts, and starts again when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonVassal {
    /// What vassals of every kind have.
    pub common: Common,
    /// A command line for `sh`. It should begin with `exec`, or the shell alone would get the signal to stop.
    pub command: String,
    /// Seconds between the signal to stop, SIGTERM, and SIGKILL.
    pub mercy: u32,
}

impl DaemonVassal {
    /// Describes a daemon that has ten seconds to stop.
    pub fn new(common: Common, command: impl Into<String>) -> Self {
        Self { common, command: command.into(), mercy: 10 }
    }

    /// Renders the whole file.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = self.common.begin()?;
        ini.number("reload-mercy", self.mercy.into(), 1, 3600)?;
        ini.text("attach-daemon", &self.command)?;
        Ok(ini.finish())
    }
}
