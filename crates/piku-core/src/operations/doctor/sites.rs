//! Checks whether nginx reaches the apps.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::finding::{Finding, error, warning};
use crate::deploy::plan::site::plain_host;
use crate::host::door::{self, Heard};
use crate::host::examine::{Access, Facts};
use crate::host::wait;
use crate::piku::Piku;
use crate::release::{Release, store};
use crate::site_claim::SiteClaim;

/// How long a site may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether no known problem affects all sites.
pub(super) fn may_answer(facts: &Facts) -> bool {
    let nginx = &facts.nginx;
    facts.vassals.is_some() && nginx.runs && nginx.includes != Some(false) && facts.access.obstacle.is_none()
}

/// Checks the access of nginx to sockets and files.
pub(super) fn access(access: &Access, set_up: bool) -> Vec<Finding> {
    let about = "nginx";
    let mut all = Vec::new();
    if let Some(obstacle) = &access.obstacle {
        let (user, path, mode) = (&access.user, &obstacle.path, obstacle.mode);
        all.push(error(
            about,
            format!("nginx runs as `{user}` and can't enter `{path}` (mode {mode:o}), so no site works"),
            format!("`chmod 711 {path}`"),
        ));
    }
    if access.open_sockets {
        let group = &access.group;
        all.push(warning(
            about,
            "piku's user is not in the group of nginx, so the sockets of apps are open to every user of this machine, who \
            can then run code in the app",
            match set_up {
                true => super::service::SET_UP.to_owned(),
                false => format!("`usermod --append --groups {group} $USER` for the user that runs the apps, restart the emperor, then `piku restart APP`; or `sudo piku setup --system`"),
            },
        ));
    }
    all
}

impl Piku {
    /// Requests a page of every running site, through nginx, as a browser would.
    pub(super) fn silent_sites(&self) -> Vec<Finding> {
        let apps = self.app_names().unwrap_or_default().into_iter();
        let live = apps.filter(|app| !store::is_stopped(&self.root, app));
        let releases = live.filter_map(|app| Some((store::live(&self.root, &app).ok()??, app)));
        let served = releases.filter(|(release, _)| release.site.is_some());
        let silent = served.filter_map(|(release, app)| Some((what_is_wrong(&release)?, app)));
        let finding = |(what, app)| {
            error("site", format!("`{app}`: {what}"), format!("`piku logs {app}`, then `piku restart {app}`"))
        };
        silent.map(finding).collect()
    }
}

fn what_is_wrong(release: &Release) -> Option<String> {
    let claim = release.claim.clone().unwrap_or_else(|| SiteClaim::of_settings(&release.live_env));
    let host = plain_host(&claim.names);
    let address = if claim.ipv4.is_unspecified() { Ipv4Addr::LOCALHOST } else { claim.ipv4 };
    let heard = door::ask(SocketAddr::from((address, 80)), &host, "/", wait::end_of(PATIENCE));
    match heard {
        Heard::Status { status, nginx_page: true } if status == 502 || status == 504 => {
            Some(format!("nginx responds with {status} for http://{host}/, because the app does not answer"))
        }
        Heard::Closed(why) => Some(format!("http://{host}/ does not answer: {why}")),
        Heard::Nothing => {
            Some(format!("nginx closes the connection for http://{host}/: it does not know this site"))
        }
        Heard::Status { .. } | Heard::Late => None,
    }
}
