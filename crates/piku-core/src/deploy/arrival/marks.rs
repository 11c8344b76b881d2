//! What the app and nginx logged since a request.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::deploy::plan::Process;
use crate::host::facts::Nginx;
use crate::host::{logs, wait};
use crate::root::Root;

/// How long to wait for the app's output to appear in its log.
const LOG: Duration = Duration::from_millis(300);

/// The number of log lines to show.
const SHOWN: usize = 20;

/// The length of each log before the request.
pub(super) struct Marks {
    app: Vec<(Utf8PathBuf, u64)>,
    nginx: (Utf8PathBuf, u64),
}

impl Marks {
    /// The current lengths of the logs of these processes and of nginx.
    pub(super) fn of<'a>(root: &Root, serving: impl Iterator<Item = &'a Process>, nginx: &Nginx) -> Self {
        let mark = |log: Utf8PathBuf| (log.clone(), logs::length(&log));
        let log = |process: &Process| root.log(&process.name.app, &process.name.kind, process.name.index);
        let own = root.own_nginx_conf().is_file();
        let nginx = if own { root.own_nginx_log() } else { nginx.error_log.clone() };
        Self { app: serving.map(|process| mark(log(process))).collect(), nginx: mark(nginx) }
    }

    /// The log of nginx.
    pub(super) fn nginx_log(&self) -> &Utf8Path {
        &self.nginx.0
    }

    /// The output of the app since then.
    pub(super) fn said(&self) -> Vec<String> {
        let all = || -> Vec<String> {
            self.app.iter().flat_map(|(log, from)| logs::own_lines_since(log, *from)).collect()
        };
        // Another process writes the log, so its output may be late.
        let mut lines =
            wait::until(LOG, || Some(all()).filter(|lines| !lines.is_empty())).unwrap_or_default();
        lines.split_off(lines.len().saturating_sub(SHOWN))
    }

    /// The last line that nginx logged since then about a request for this host.
    pub(super) fn nginx_said(&self, host: &str) -> Vec<String> {
        let of_host = format!("host: \"{host}\"");
        let lines = logs::lines_since(&self.nginx.0, self.nginx.1);
        lines.into_iter().rev().find(|line| line.contains(&of_host)).into_iter().collect()
    }
}
