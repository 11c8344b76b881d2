//! Whether a request gets through nginx to the new release and comes back: what "live" means.

mod verdict;

use std::time::Duration;

use camino::Utf8PathBuf;

use self::verdict::{Verdict, of_answer, of_files};
use super::DeployError;
use super::plan::basis::Basis;
use super::plan::{Plan, Process, Serves};
use crate::event::{Event, Report, warn};
use crate::host::door::{Door, Heard};
use crate::host::facts::Nginx;
use crate::host::health::{self, Reply};
use crate::host::reach::{Obstacle, Visitor, Wish};
use crate::host::{files, logs, wait};

/// How long an answer may take, over HTTP and HTTPS together.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long nginx is asked again when it has no good answer although the app has one.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a log may take until it has what an app wrote.
const LOG: Duration = Duration::from_millis(300);

/// How many lines of a log are shown.
const SHOWN: usize = 20;

/// What is asked, and all that explains what comes of it.
pub(super) struct Arrival<'a> {
    pub(super) basis: &'a Basis<'a>,
    pub(super) plan: &'a Plan,
    pub(super) door: &'a Door,
    pub(super) nginx: &'a Nginx,
}

impl Arrival<'_> {
    /// Asks an app through nginx, once its processes have the traffic.
    ///
    /// An answer is an answer, be it that a page is not there. What nginx says in the app's place, or nothing, refuses
    /// the release. Errors of the app's own are told; where it has a health check they refuse the release.
    pub(super) fn of_app(&self, report: &mut Report<'_>) -> Result<(), DeployError> {
        if !matches!(self.plan.serves, Serves::Uwsgi(_) | Serves::Web(_)) {
            return Ok(());
        }
        self.ask(report, |heard| of_answer(heard, || self.direct(), self.demanded()))
    }

    /// Asks for the files of an app that has nothing else, once they are those of the live release.
    pub(super) fn of_files(&self, report: &mut Report<'_>) -> Result<(), DeployError> {
        let Serves::Static(folder) = &self.plan.serves else { return Ok(()) };
        let folder = self.basis.root.app(self.basis.app).join(folder);
        let no_index = self.path() == "/" && !files::exists(&folder.join("index.html"));
        self.ask(report, |heard| of_files(heard, no_index, || self.obstacle().is_some(), self.demanded()))
    }

    fn ask(&self, report: &mut Report<'_>, judge: impl Fn(&Heard) -> Verdict) -> Result<(), DeployError> {
        let until = wait::end_of(PATIENCE);
        let marks = self.marks();
        let leads_on = |heard: &Heard| verdict::of_redirect(heard);
        let plain: &dyn Fn(&Heard) -> Verdict = if self.door.https_only { &leads_on } else { &judge };
        let by_http = settled(|| plain(&self.door.ask(self.path(), until)));
        if by_http != Verdict::Live {
            return self.conclude(by_http, "http", &marks, report);
        }
        let mut own_certificate = true;
        let by_https = settled(|| {
            let answer = self.door.ask_securely(self.path(), until);
            own_certificate = answer.own_certificate;
            judge(&answer.heard)
        });
        if !own_certificate {
            let (host, file) = (&self.door.host, &self.door.certificate);
            let help = "it reads a new one when it is reloaded";
            warn(report, format!("nginx shows another certificate for `{host}` than `{file}`"), Some(help));
        }
        self.conclude(by_https, "https", &marks, report)
    }

    /// What the verdict means for the release.
    fn conclude(
        &self,
        verdict: Verdict,
        scheme: &str,
        marks: &Marks,
        report: &mut Report<'_>,
    ) -> Result<(), DeployError> {
        let url = format!("{scheme}://{}{}", self.door.host, self.path());
        let app = self.basis.app;
        let refuse = |reason: String, output: Vec<String>, help: Option<String>| {
            Err(DeployError::Unreached { reason, output, help })
        };
        match verdict {
            Verdict::Live => {}
            Verdict::Late => {
                let seconds = PATIENCE.as_secs();
                let help = format!("it is live all the same; `logs {app}` shows what it does");
                warn(report, format!("{url} was not answered within {seconds} seconds"), Some(&help));
            }
            Verdict::App(what) if self.demanded() => {
                let help = format!(
                    "its last lines are above; it must answer {} with 2xx or 3xx (PIKU_HEALTHCHECK)",
                    self.path()
                );
                return refuse(
                    format!("`{app}` {what} when nginx asks it for {url}"),
                    marks.said(),
                    Some(help),
                );
            }
            Verdict::App(what) => {
                marks.said().iter().for_each(|line| report(Event::Output(line)));
                let help = "it is live all the same; PIKU_HEALTHCHECK refuses a release that fails";
                warn(report, format!("`{app}` {what} when it is asked for {url}"), Some(help));
            }
            Verdict::Gone => {
                return refuse(format!("`{app}` takes no connections any more"), marks.said(), None);
            }
            Verdict::NoIndex(status) => {
                let reason = format!("{url} is answered with {status}: there is no `index.html`");
                if self.demanded() {
                    return refuse(reason, Vec::new(), None);
                }
                warn(report, reason, Some("add one, or name the page to ask for in NGINX_CATCH_ALL"));
            }
            Verdict::Nginx(what) => {
                if let Some((visitor, obstacle)) = self.obstacle() {
                    let reason = format!("nginx, running as `{}`, can't {}", visitor.name, obstacle.shown());
                    return refuse(reason, Vec::new(), Some(way_out(&obstacle)));
                }
                let output = marks.nginx_said(&self.door.host);
                let help = format!("see on the server what nginx writes to `{}`", marks.nginx.0);
                let help = output.is_empty().then_some(help);
                return refuse(format!("nginx {what} when it is asked for {url}"), output, help);
            }
        }
        Ok(())
    }

    /// What the app itself answers: the first bad answer of its processes, or a good one of all.
    fn direct(&self) -> Reply {
        let mut last = Reply::Unreachable;
        for endpoint in self.serving().filter_map(Process::endpoint) {
            last = health::ask(&endpoint, self.path(), &self.door.host);
            if !matches!(&last, Reply::Answer(answer) if answer.status < 500) {
                break;
            }
        }
        last
    }

    /// What keeps nginx from the sockets or the files. In the way of our own nginx, which is the same user, is nothing.
    fn obstacle(&self) -> Option<(Visitor, Obstacle)> {
        if self.basis.root.own_nginx_conf().is_file() {
            return None;
        }
        let visitor = Visitor::nginx(&self.nginx.workers)?;
        let found = match &self.plan.serves {
            Serves::Uwsgi(sockets) => {
                sockets.iter().find_map(|socket| visitor.obstacle(socket, Wish::Connect))
            }
            Serves::Static(folder) => {
                let folder = self.basis.root.app(self.basis.app).join(folder);
                let index = folder.join("index.html");
                let in_folder = || visitor.obstacle(&index, Wish::Read);
                visitor.obstacle(&folder, Wish::Enter).or_else(in_folder)
            }
            Serves::Web(_) | Serves::Unavailable | Serves::Nothing => None,
        };
        found.map(|obstacle| (visitor, obstacle))
    }

    fn path(&self) -> &str {
        self.basis.inputs.options.healthcheck.as_deref().unwrap_or("/")
    }

    /// Whether the app itself says what a good answer is.
    fn demanded(&self) -> bool {
        self.basis.inputs.options.healthcheck.is_some()
    }

    fn serving(&self) -> impl Iterator<Item = &Process> {
        self.plan.processes.iter().filter(|process| process.endpoint().is_some())
    }

    fn marks(&self) -> Marks {
        let root = self.basis.root;
        let mark = |log: Utf8PathBuf| (log.clone(), logs::length(&log));
        let log = |process: &Process| root.log(&process.name.app, &process.name.kind, process.name.index);
        let own = root.own_nginx_conf().is_file();
        let nginx = if own { root.own_nginx_log() } else { self.nginx.error_log.clone() };
        Marks { app: self.serving().map(|process| mark(log(process))).collect(), nginx: mark(nginx) }
    }
}

/// How long each log was before the app was asked.
struct Marks {
    app: Vec<(Utf8PathBuf, u64)>,
    nginx: (Utf8PathBuf, u64),
}

impl Marks {
    /// What the app wrote since then.
    fn said(&self) -> Vec<String> {
        let all = || -> Vec<String> {
            self.app.iter().flat_map(|(log, from)| logs::own_lines_since(log, *from)).collect()
        };
        // Another process writes it.
        let mut lines =
            wait::until(LOG, || Some(all()).filter(|lines| !lines.is_empty())).unwrap_or_default();
        lines.split_off(lines.len().saturating_sub(SHOWN))
    }

    /// What nginx wrote since then of a request for this host.
    fn nginx_said(&self, host: &str) -> Vec<String> {
        let of_host = format!("host: \"{host}\"");
        let lines = logs::lines_since(&self.nginx.0, self.nginx.1);
        lines.into_iter().rev().find(|line| line.contains(&of_host)).into_iter().collect()
    }
}

/// The verdict on the first answer, unless it speaks against nginx: that may pass, so it is asked again for a while.
fn settled(mut ask: impl FnMut() -> Verdict) -> Verdict {
    let mut last = Verdict::Live;
    let _ = wait::until(AGAIN, || {
        last = ask();
        (!matches!(last, Verdict::Nginx(_) | Verdict::Gone)).then_some(())
    });
    last
}

fn way_out(obstacle: &Obstacle) -> String {
    match obstacle.wish {
        Wish::Enter | Wish::Read => format!("run `{}` on the server", obstacle.way_out()),
        Wish::Connect => {
            "let the user of piku be a member of nginx's group, and start the emperor anew".to_owned()
        }
    }
}
