//! Programs that uWSGI keeps running.

use crate::{Common, InvalidValue};

/// A program of any kind that uWSGI starts, and restarts when it ends.
///
/// Its standard output and error are those of the vassal. SIGPIPE is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DaemonVassal {
    /// What every kind of vassal has.
    pub common: Common,
    /// A command line for `sh`. It should begin with `exec`; otherwise only the shell gets the stop signal.
    pub command: String,
    /// Seconds between the stop signal, SIGTERM, and SIGKILL.
    pub mercy: u32,
}

impl DaemonVassal {
    /// Describes a daemon that has ten seconds to stop.
    pub fn new(common: Common, command: impl Into<String>) -> Self {
        Self { common, command: command.into(), mercy: 10 }
    }

    /// Renders the whole file.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = self.common.begin_without_app()?;
        ini.number("reload-mercy", self.mercy.into(), 1, 3600)?;
        ini.text("attach-daemon", &self.command)?;
        Ok(ini.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> DaemonVassal {
        let common = Common::new("/srv/my blog", "blog:worker.1");
        DaemonVassal::new(common, "exec '/usr/bin/launch' 100% \"a,b\"")
    }

    #[test]
    fn a_worker_becomes_one_attached_daemon() {
        insta::assert_snapshot!(worker().to_ini().unwrap(), @r#"
        [uwsgi]
        chdir = /srv/my blog
        procname-prefix-spaced = blog:worker.1
        auto-procname = true
        umask = 027
        max-apps = 1
        rpc-max = 1
        reload-mercy = 10
        attach-daemon = exec '/usr/bin/launch' 100%% "a,b"
        "#);
    }

    #[test]
    fn a_command_that_uwsgi_would_expand_is_refused() {
        for command in ["exec date $(X)", "exec @(exec://id)", "exec a\nplugin = x", "exec a\\\n"] {
            let error = DaemonVassal { command: command.to_owned(), ..worker() }.to_ini().unwrap_err();
            assert_eq!(error.key, Some("attach-daemon"), "{command:?}");
        }
    }
}
