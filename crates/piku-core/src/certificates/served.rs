//! The certificate that nginx serves for a site.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{FilePath, InvalidSite, Tls};

use super::pair::Pair;
use super::shelf::{self, Kept, Shelf};
use crate::app::AppName;
use crate::host::nginx_error::NginxError;
use crate::host::{HostError, Step, Surroundings, apply, door, files, nginx, wait};
use crate::root::Root;

/// How long nginx may take to serve a new certificate.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long it may take if the deploy goes on anyway.
const MOMENT: Duration = Duration::from_secs(3);

/// Where a site is served over HTTPS, and the host to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
}

impl Visit {
    /// A visit to the site that has its HTTP at this address; `None` if its host is an address, for which nginx serves
    /// whichever site is the first.
    pub(crate) fn of(http: SocketAddr, host: &str) -> Option<Self> {
        let address = SocketAddr::new(http.ip(), door::HTTPS);
        host.parse::<IpAddr>().is_err().then(|| Self { address, host: host.to_owned() })
    }

    /// Whether a visitor gets this certificate.
    fn sees(&self, pair: &Pair) -> bool {
        door::presents(self.address, &self.host, pair.chain.as_bytes())
    }

    /// Waits for a moment until a visitor gets this certificate.
    pub(crate) fn await_sight(&self, pair: &Pair) {
        wait::until(MOMENT, || self.sees(pair).then_some(()));
    }
}

/// Writes the files of the certificate that counts for these names. Returns it if nginx has to be reloaded for it.
pub(crate) fn settle(root: &Root, app: &AppName, server_names: &[String]) -> Result<Option<Kept>, HostError> {
    shelf::adopt(root, app)?;
    let kept = Shelf::of(root, app)?.choose(root, app, server_names, wait::now())?;
    Ok(publish(root, app, &kept.pair)?.then_some(kept))
}

/// Writes the files of a pair for nginx, under names of their own. Returns whether nginx had others.
pub(crate) fn publish(root: &Root, app: &AppName, pair: &Pair) -> Result<bool, HostError> {
    let names = Named::of(root, app, &pair.print());
    let text = names.directives()?;
    let before = files::read_text(&root.tls(app))?;
    if before.as_deref() == Some(&text) && files::exists(&names.certificate) && files::exists(&names.key) {
        return Ok(false);
    }
    files::write(&names.key, pair.key.as_bytes(), 0o600)?;
    files::write(&names.certificate, pair.chain.as_bytes(), 0o644)?;
    files::write(&root.tls(app), text.as_bytes(), 0o644)?;
    point_to(root, app, &names)?;
    // nginx may be reading the ones before just now.
    sweep(root, app, |file| text.contains(file) || before.as_ref().is_some_and(|text| text.contains(file)))?;
    Ok(true)
}

/// Whether nginx has the files of this pair.
pub(crate) fn is_published(root: &Root, app: &AppName, pair: &Pair) -> bool {
    let text = files::read_text(&root.tls(app)).ok().flatten().unwrap_or_default();
    text.contains(&format!("@{}.crt", pair.print()))
}

/// Makes nginx serve a pair for a site that it serves already, and makes sure that visitors get it. If they do not, the
/// pair before is back.
///
/// Without a `visit` it is only reloaded.
pub(crate) fn serve(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    pair: &Pair,
    visit: Option<&Visit>,
) -> Result<(), NginxError> {
    let before = files::read_text(&root.tls(app)).map_err(NginxError::Reload)?;
    let outcome = publish(root, app, pair)
        .map_err(NginxError::Reload)
        .and_then(|changed| if changed { reload(root, surroundings, app, pair, visit) } else { Ok(()) });
    if outcome.is_err()
        && let Some(text) = before
    {
        // What failed is the error to report.
        drop(put_back(root, surroundings, app, &text));
    }
    outcome
}

fn reload(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    pair: &Pair,
    visit: Option<&Visit>,
) -> Result<(), NginxError> {
    nginx::write_again(root, app).map_err(NginxError::Reload)?;
    nginx::reload_until(root, surroundings, PATIENCE, || visit.is_none_or(|visit| visit.sees(pair)))?
        .ok_or_else(|| NginxError::OtherCertificate {
            host: visit.map_or_else(|| app.to_string(), |visit| visit.host.clone()),
        })
}

fn put_back(root: &Root, surroundings: &Surroundings, app: &AppName, text: &str) -> Result<(), NginxError> {
    let named = |ending: &str| {
        let words = text.split(['"', ' ', ';', '\n']);
        words.into_iter().find(|word| word.ends_with(ending)).map(Utf8PathBuf::from)
    };
    if let (Some(certificate), Some(key)) = (named(".crt"), named(".key")) {
        point_to(root, app, &Named { certificate, key }).map_err(NginxError::Reload)?;
    }
    let write = Step::Write { path: root.tls(app), mode: 0o644, text: text.to_owned() };
    write.carry_out().and_then(|()| nginx::write_again(root, app)).map_err(NginxError::Reload)?;
    nginx::reload(root, surroundings)
}

/// Removes everything that nginx was given for an app.
pub(crate) fn forget(root: &Root, app: &AppName) -> Result<(), HostError> {
    for path in [root.tls(app), root.certificate(app), root.certificate_key(app)] {
        files::remove(&path)?;
    }
    sweep(root, app, |_| false)
}

/// The files of one pair.
struct Named {
    certificate: Utf8PathBuf,
    key: Utf8PathBuf,
}

impl Named {
    fn of(root: &Root, app: &AppName, print: &str) -> Self {
        // No app name contains `@`.
        let file = |ending| root.nginx().join(format!("{app}@{print}.{ending}"));
        Self { certificate: file("crt"), key: file("key") }
    }

    fn directives(&self) -> Result<String, HostError> {
        let path = |path: &Utf8Path| FilePath::new(path);
        let failed = |source: InvalidSite| HostError::NginxPath {
            path: self.certificate.clone(),
            source: Box::new(source),
        };
        let tls = path(&self.certificate).and_then(|certificate| Ok(Tls::new(certificate, path(&self.key)?)));
        Ok(tls.map_err(failed)?.to_string())
    }
}

/// Points the promised names at the files of a pair: for people, and for sites of an older piku.
fn point_to(root: &Root, app: &AppName, names: &Named) -> Result<(), HostError> {
    let target = |path: &Utf8Path| Utf8PathBuf::from(path.file_name().unwrap_or_default());
    apply(&[
        Step::Link { path: root.certificate(app), target: target(&names.certificate) },
        Step::Link { path: root.certificate_key(app), target: target(&names.key) },
    ])
}

/// Removes the files of all pairs of an app but those to keep.
fn sweep(root: &Root, app: &AppName, keeps: impl Fn(&str) -> bool) -> Result<(), HostError> {
    let start = format!("{app}@");
    let is_ours = |name: &&String| {
        name.starts_with(&start) && (name.ends_with(".crt") || name.ends_with(".key")) && !keeps(name)
    };
    let names = files::names(&root.nginx())?;
    names.iter().filter(is_ours).try_for_each(|name| files::remove(&root.nginx().join(name)))
}
