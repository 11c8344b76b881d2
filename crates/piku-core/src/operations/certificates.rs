//! `certs`, `certs:add`, `certs:remove`.

use jiff::Timestamp;
use piku_acme::Certificate;
use serde::Serialize;

use super::Actor;
use crate::app::AppName;
use crate::certificates::due::{Due, Orders};
use crate::certificates::pair::Pair;
use crate::certificates::served::{self, Visit};
use crate::certificates::shelf::{self, Shelf};
use crate::certificates::wish::{Wish, wish};
use crate::certificates::{CertificateFailure, CertificateFault, CertificateOrigin, WhyNot, names};
use crate::error::Error;
use crate::event::{Report, warn};
use crate::host::{files, wait};
use crate::piku::Piku;
use crate::release::{Release, store};

/// Warn about a certificate of one's own that ends sooner than this.
const SOON: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);

/// The certificate of an app, as listed by `certs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateStatus {
    /// The app.
    pub app: AppName,
    /// The names of its site.
    pub names: Vec<String>,
    /// Where the certificate comes from; `None` if there is none yet.
    pub origin: Option<CertificateOrigin>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// The end of its validity.
    pub until: Option<Timestamp>,
    /// Whether that has passed.
    pub expired: bool,
    /// Names of the site for which browsers refuse it.
    pub uncovered: Vec<String>,
    /// Whether nginx has it; if not, it waits for the first release with a site.
    pub served: bool,
    /// The authority that is asked for one.
    pub authority: Option<String>,
    /// When it is asked next; `None` if that is due, or nobody is asked.
    pub next: Option<Timestamp>,
    /// Why the last order failed, or was not made.
    pub failure: Option<CertificateFailure>,
    /// Why no authority is asked.
    pub no_authority: Option<String>,
}

impl Piku {
    /// The certificates of all apps that have one or are about to, or of one app.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::Host`].
    pub fn certificates(&self, app: Option<&AppName>) -> Result<Vec<CertificateStatus>, Error> {
        if let Some(app) = app {
            self.must_exist(app)?;
            return Ok(vec![self.certificate(app)?]);
        }
        let mut apps = self.app_names()?;
        apps.sort();
        apps.dedup();
        let all = apps.iter().map(|app| self.certificate(app)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().filter(|one| one.origin.is_some() || !one.names.is_empty()).collect())
    }

    fn certificate(&self, app: &AppName) -> Result<CertificateStatus, Error> {
        let (root, now) = (&self.root, wait::now());
        let live = store::live(root, app)?;
        let names = live.as_ref().map(Release::server_names).unwrap_or_default();
        let shelf = Shelf::of(root, app)?;
        let chain = files::read_text(&root.certificate(app))?.filter(|_| files::exists(&root.site(app)));
        let is_that = |kept: &&shelf::Kept| chain.as_ref().is_some_and(|chain| *chain == kept.pair.chain);
        let shown = chain.as_ref().and_then(|chain| Certificate::from_pem(chain.as_bytes()).ok());
        let known = shelf.own.iter().chain(&shelf.acme).find(is_that).map(|kept| kept.origin);
        let (origin, certificate) = match (shown, &shelf.own) {
            (Some(shown), _) => (Some(known.unwrap_or(CertificateOrigin::of_unknown(&shown))), Some(shown)),
            (None, Some(own)) => (Some(own.origin), Some(own.certificate.clone())),
            (None, None) => (None, None),
        };
        let mut status = CertificateStatus {
            app: app.clone(),
            origin,
            issuer: certificate.as_ref().map(|one| one.issuer.clone()),
            until: certificate.as_ref().map(|one| one.not_after),
            expired: certificate.as_ref().is_some_and(|one| one.is_expired(now)),
            uncovered: certificate.as_ref().map(|one| names::uncovered(one, &names)).unwrap_or_default(),
            served: chain.is_some(),
            names,
            authority: None,
            next: None,
            failure: None,
            no_authority: None,
        };
        match self.wish_of(live.as_ref(), &shelf) {
            Some(Ok(wish)) => {
                let orders = shelf::orders(root, app)?.unwrap_or_default();
                status.add_order(&wish, orders, shelf.acme.as_ref().map(|kept| &kept.certificate), now);
            }
            Some(Err(why)) => status.no_authority = Some(why.to_string()),
            None => {}
        }
        Ok(status)
    }

    /// What an authority is to be asked for; `None` if the app has no site.
    pub(crate) fn wish_of(&self, live: Option<&Release>, shelf: &Shelf) -> Option<Result<Wish, WhyNot>> {
        let live = live.filter(|live| live.site.is_some())?;
        let setting = live.live_env.get("ACME_ROOT_CA").map(String::as_str);
        Some(wish(setting, &live.server_names(), shelf.own.is_some()))
    }

    /// Gives an app a certificate of its own; `text` has certificates and key in PEM form. Without a site, it is kept
    /// for the first release that has one.
    ///
    /// # Errors
    /// [`Error::Certificate`] if it can't be used; [`Error::Nginx`] if visitors do not get it. Nothing has changed then.
    pub fn add_certificate(
        &self,
        app: &AppName,
        text: &[u8],
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<CertificateStatus, Error> {
        self.must_exist(app)?;
        let pair = Pair::find(text).map_err(CertificateFault::Find)?;
        let now = wait::now();
        let certificate = piku_acme::check_pair(pair.chain.as_bytes(), pair.key.as_bytes(), now)
            .map_err(CertificateFault::Check)?;
        self.locked(app, &actor.doing("changing the certificate of", app), report, |piku, report| {
            let live = store::live(&piku.root, app)?;
            let names = live.as_ref().map(Release::server_names).unwrap_or_default();
            let uncovered = names::uncovered(&certificate, &names);
            if !uncovered.is_empty() {
                let what =
                    format!("this certificate is not for {}, so browsers warn there", uncovered.join(", "));
                warn(report, what, Some(&format!("it is for {}", certificate.names.join(", "))));
            }
            if certificate.not_after < now.saturating_add(SOON).unwrap_or(now) {
                let day = jiff::tz::TimeZone::UTC.to_datetime(certificate.not_after).date();
                warn(report, format!("this certificate ends on {day}, and nobody renews it"), None);
            }
            piku.show(app, live.as_ref(), &pair)?;
            shelf::save(&piku.root, app, CertificateOrigin::Own, &pair)?;
            shelf::forget_orders(&piku.root, app)?;
            piku.certificate(app)
        })
    }

    /// Removes the certificate that was added. The site goes on with that of an authority, or a self-signed one.
    ///
    /// # Errors
    /// [`Error::Certificate`] if none was added; [`Error::Nginx`] if visitors do not get the other one. Nothing has
    /// changed then.
    pub fn remove_certificate(
        &self,
        app: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<CertificateStatus, Error> {
        self.locked(app, &actor.doing("changing the certificate of", app), report, |piku, _| {
            let mut shelf = Shelf::of(&piku.root, app)?;
            if shelf.own.take().is_none() {
                return Err(CertificateFault::NotAdded { app: app.clone() }.into());
            }
            let live = store::live(&piku.root, app)?;
            let names = live.as_ref().map(Release::server_names).unwrap_or_default();
            if live.as_ref().is_some_and(|live| live.site.is_some()) {
                let other = shelf.choose(&piku.root, app, &names, wait::now())?;
                piku.show(app, live.as_ref(), &other.pair)?;
            }
            shelf::discard(&piku.root, app, CertificateOrigin::Own)?;
            piku.certificate(app)
        })
    }

    /// Makes nginx serve a pair, if the app has a site.
    pub(crate) fn show(&self, app: &AppName, live: Option<&Release>, pair: &Pair) -> Result<(), Error> {
        let Some(live) = live.filter(|_| files::exists(&self.root.site(app))) else { return Ok(()) };
        let stopped = store::is_stopped(&self.root, app);
        let question = if stopped { live.stopped_question.as_ref() } else { live.question.as_ref() };
        let visit = question.and_then(|question| Visit::of(question.address, &question.host));
        Ok(served::serve(&self.root, &self.surroundings, app, pair, visit.as_ref())?)
    }
}

impl CertificateStatus {
    fn add_order(&mut self, wish: &Wish, orders: Orders, issued: Option<&Certificate>, now: Timestamp) {
        self.authority = Some(wish.directory.to_string());
        let orders = if orders.directory.is_empty() { orders } else { orders.of(wish) };
        self.next = match orders.due(wish, issued, now) {
            Due::Now => None,
            Due::Later(at) | Due::Renewal(at) => Some(at),
        };
        self.failure = orders.attempts.last_failure.map(Into::into);
    }
}
