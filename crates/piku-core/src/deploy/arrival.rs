//! Checks that the new release responds to a request through nginx, which is what "live" means.

mod marks;
mod verdict;

use std::time::Duration;

use self::marks::Marks;
use self::verdict::{CLOSES, GONE, Verdict, of_answer, of_files};
use super::DeployError;
use super::plan::basis::Basis;
use super::plan::{Plan, Process, Serves, Work};
use super::vassals::check::ending;
use crate::event::{Event, Report, warn};
use crate::host::door::{Door, Heard};
use crate::host::facts::Nginx;
use crate::host::health::{self, Reply};
use crate::host::reach::{Obstacle, Visitor, Wish};
use crate::host::{files, maintenance, wait};

/// The timeout of the requests over HTTP and HTTPS together.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to retry if the app responds but nginx does not pass it on.
const AGAIN: Duration = Duration::from_secs(1);

/// How long to wait for the end of a process that may have caused a bad response.
const ENDS: Duration = Duration::from_millis(300);

/// The request to make, and what is needed to explain its outcome.
pub(super) struct Arrival<'a> {
    pub(super) basis: &'a Basis<'a>,
    pub(super) plan: &'a Plan,
    pub(super) door: &'a Door,
    pub(super) nginx: &'a Nginx,
}

impl Arrival<'_> {
    /// Requests a page of an app through nginx, once its processes have the traffic.
    ///
    /// Any response of the app counts, even 404. If nginx responds in its place, or nothing does, the release is
    /// refused. If the app itself responds with an error, this warns, or refuses the release if it has a health check.
    pub(super) fn of_app(&self, report: &mut Report<'_>) -> Result<(), DeployError> {
        if !matches!(self.plan.serves, Serves::Uwsgi(_) | Serves::Web(_)) {
            return Ok(());
        }
        self.ask(report, |heard| of_answer(heard, || self.direct(), self.demanded()))
    }

    /// Requests a page of an app that only has static files, once the release is live.
    pub(super) fn of_files(&self, report: &mut Report<'_>) -> Result<(), DeployError> {
        let Serves::Static(folder) = &self.plan.serves else { return Ok(()) };
        let folder = self.basis.root.app(self.basis.app).join(folder);
        let no_index = self.path() == "/" && !files::exists(&folder.join("index.html"));
        self.ask(report, |heard| of_files(heard, no_index, || self.obstacle().is_some(), self.demanded()))
    }

    fn ask(&self, report: &mut Report<'_>, judge: impl Fn(&Heard) -> Verdict) -> Result<(), DeployError> {
        let until = wait::end_of(PATIENCE);
        let marks = Marks::of(self.basis.root, self.serving(), self.nginx);
        let pass = maintenance::pass(self.basis.root, self.basis.app);
        let door = Door { pass, ..self.door.clone() };
        let leads_on = |heard: &Heard| verdict::of_redirect(heard);
        let plain: &dyn Fn(&Heard) -> Verdict = if self.door.https_only { &leads_on } else { &judge };
        let by_http = settled(|| plain(&door.ask(self.path(), until)));
        self.all_alive(&by_http, "http", &marks)?;
        if by_http != Verdict::Live {
            return self.conclude(by_http, "http", &marks, report);
        }
        let mut own_certificate = true;
        let by_https = settled(|| {
            let answer = door.ask_securely(self.path(), until);
            own_certificate = answer.own_certificate;
            judge(&answer.heard)
        });
        if !own_certificate {
            let (host, file) = (&self.door.host, &self.door.certificate);
            let help = "it reads a new one when it is reloaded";
            warn(report, format!("nginx shows another certificate for `{host}` than `{file}`"), Some(help));
        }
        self.all_alive(&by_https, "https", &marks)?;
        self.conclude(by_https, "https", &marks, report)
    }

    /// Fails if a `web` process has exited: the request killed it, or it would have exited anyway.
    fn all_alive(&self, verdict: &Verdict, scheme: &str, marks: &Marks) -> Result<(), DeployError> {
        let ended = |process: &Process| {
            let how =
                matches!(process.work, Work::Web { .. }).then(|| ending(self.basis.root, &process.name));
            how.flatten().map(|how| (process.shown(), how))
        };
        // Another process notes the end of a process, a moment after it.
        let patience = if *verdict == Verdict::Live { Duration::ZERO } else { ENDS };
        let find = || self.serving().find_map(ended);
        let Some((process, how)) = wait::until(patience, find) else { return Ok(()) };
        let reason = format!("{how} when nginx asked it for {}", self.url(scheme));
        let help = Some("its last lines are above; a `web` process has to keep running".to_owned());
        Err(DeployError::Unhealthy { process, reason, output: marks.said(), help })
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}{}", self.door.host, self.path())
    }

    /// Acts on the verdict: accepts the release, warns, or refuses it.
    fn conclude(
        &self,
        verdict: Verdict,
        scheme: &str,
        marks: &Marks,
        report: &mut Report<'_>,
    ) -> Result<(), DeployError> {
        let url = self.url(scheme);
        let app = self.basis.app;
        let refuse = |reason: String, output: Vec<String>, help: Option<String>| {
            Err(DeployError::Unreached { reason, output, help })
        };
        match verdict {
            Verdict::Live => {}
            Verdict::Late => {
                let seconds = PATIENCE.as_secs();
                let help = format!("it is live anyway; `logs {app}` shows what it does");
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
                let help = help_with(&what, &self.door.host);
                warn(report, format!("`{app}` {what} when it is asked for {url}"), Some(&help));
            }
            Verdict::Silent => {
                return refuse(format!("`{app}` {CLOSES} when it is asked for {url}"), marks.said(), None);
            }
            Verdict::Gone => return refuse(format!("`{app}` {GONE}"), marks.said(), None),
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
                let help = format!("check `{}` on the server", marks.nginx_log());
                let help = output.is_empty().then_some(help);
                return refuse(format!("nginx {what} when it is asked for {url}"), output, help);
            }
        }
        Ok(())
    }

    /// Requests the page from each process directly. Returns the first bad reply, or the last one if all are good.
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

    /// What denies nginx access to the sockets or files. piku's own nginx runs as the same user and always has access.
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

    /// Whether the app has a health check, so that errors refuse the release.
    fn demanded(&self) -> bool {
        self.basis.inputs.options.healthcheck.is_some()
    }

    fn serving(&self) -> impl Iterator<Item = &Process> {
        self.plan.processes.iter().filter(|process| process.endpoint().is_some())
    }
}

/// Asks for a verdict, and again for a while as long as nginx is to blame, which may be temporary.
fn settled(mut ask: impl FnMut() -> Verdict) -> Verdict {
    let mut last = Verdict::Live;
    let _ = wait::until(AGAIN, || {
        last = ask();
        (!matches!(last, Verdict::Nginx(_) | Verdict::Gone)).then_some(())
    });
    last
}

/// What to do about a release that is live and answers with an error.
fn help_with(what: &str, host: &str) -> String {
    if what.ends_with(" 400") {
        return format!(
            "it is live anyway; if it checks the host of a request (ALLOWED_HOSTS), it has to allow `{host}`"
        );
    }
    "it is live anyway; set PIKU_HEALTHCHECK to refuse a release that fails".to_owned()
}

fn way_out(obstacle: &Obstacle) -> String {
    match obstacle.wish {
        Wish::Enter | Wish::Read => format!("run `{}` on the server", obstacle.way_out()),
        Wish::Connect => "add the user of piku to nginx's group, and restart the emperor".to_owned(),
    }
}
