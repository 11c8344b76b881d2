//! Orders certificates: `certs:renew`, and what is due after a deploy and from time to time.

use jiff::Timestamp;
use piku_acme::{Certificate, DnsName, Event, ExternalAccount, Failure, Issued, Sighting, Verdict};
use sha2::{Digest, Sha256};

use super::Actor;
use super::certificates::CertificateStatus;
use crate::app::AppName;
use crate::certificates::due::{Due, Orders, missing};
use crate::certificates::pair::Pair;
use crate::certificates::served;
use crate::certificates::shelf::{self, Kept, Shelf};
use crate::certificates::wish::Wish;
use crate::certificates::{CertificateFault, CertificateOrigin};
use crate::error::{Error, error_chain};
use crate::event::{Report, stage, warn};
use crate::host::authority::{self, Terms};
use crate::host::lock::AppLock;
use crate::host::{HostError, launch, wait};
use crate::piku::Piku;
use crate::release::{Release, store};
use crate::server_settings;

/// A certificate to order.
struct Order {
    app: AppName,
    wish: Wish,
    orders: Orders,
    /// The certificate of an authority that there is.
    issued: Option<Kept>,
}

impl Order {
    fn certificate(&self) -> Option<&Certificate> {
        self.issued.as_ref().map(|kept| &kept.certificate)
    }

    fn due(&self) -> Due {
        self.orders.due(&self.wish, self.certificate(), wait::now())
    }
}

impl Piku {
    /// Orders a certificate now, whether or not it is due, and makes the site use it.
    ///
    /// # Errors
    /// [`Error::Certificate`] with what went wrong. The site keeps its certificate then.
    pub fn renew_certificate(
        &self,
        app: &AppName,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<CertificateStatus, Error> {
        self.live(app)?;
        let _lock = self.ordering(actor.doing("ordering a certificate for", app), report)?;
        let mut order = self.to_order(app)?;
        order.orders.attempts.forgive();
        if let Verdict::Later { at, .. } = order.orders.attempts.verdict(wait::now()) {
            return Err(CertificateFault::TooMany { app: app.clone(), at }.into());
        }
        match self.carry_out_order(order, true, report)? {
            None => Ok(self.certificates(Some(app))?.remove(0)),
            Some(failure) => {
                Err(CertificateFault::Order { app: app.clone(), failure: failure.into() }.into())
            }
        }
    }

    /// Orders what is due: for one app, or for all. What fails is remembered, and tried again later.
    ///
    /// # Errors
    /// [`Error::Host`] if the apps can't be listed.
    pub fn order_certificates(&self, app: Option<&AppName>, report: &mut Report<'_>) -> Result<(), Error> {
        let apps = app.map_or_else(|| shelf::ordering(&self.root), |app| Ok(vec![app.clone()]))?;
        for app in apps {
            match self.order_if_due(&app, report) {
                Ok(None) | Err(Error::UnknownApp { .. } | Error::Removed { .. }) => {}
                Ok(Some(failure)) => {
                    warn(report, format!("`{app}`: {}", failure.message), failure.help.as_deref())
                }
                Err(error) => {
                    warn(report, format!("`{app}`: {}", error_chain(&error)), error.help().as_deref())
                }
            }
        }
        Ok(())
    }

    fn order_if_due(&self, app: &AppName, report: &mut Report<'_>) -> Result<Option<Failure>, Error> {
        let _lock = self.ordering(format!("a certificate for `{app}` is being ordered"), report)?;
        let order = match self.to_order(app) {
            Ok(order) => order,
            Err(Error::Certificate(_) | Error::NeverDeployed { .. }) => {
                shelf::forget_orders(&self.root, app)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if order.due() != Due::Now {
            if order.issued.is_some_and(|kept| !served::is_published(&self.root, app, &kept.pair)) {
                // nginx did not take it then. Taking the lock brings the app into order.
                self.locked(app, &format!("`{app}` gets its certificate"), report, |_, _| Ok(()))?;
            }
            return Ok(None);
        }
        self.carry_out_order(order, false, report)
    }

    /// One order at a time: authorities count them by server.
    fn ordering(&self, doing: String, report: &mut Report<'_>) -> Result<AppLock, HostError> {
        AppLock::take(&self.root.orders_lock(), &doing, &mut |holder| {
            stage(report, format!("Waiting: {holder}"))
        })
    }

    fn to_order(&self, app: &AppName) -> Result<Order, Error> {
        let live = self.live(app)?;
        let shelf = Shelf::of(&self.root, app)?;
        let app = app.clone();
        let wish = match self.wish_of(Some(&live), &shelf) {
            None => return Err(CertificateFault::NoSite { app }.into()),
            Some(Err(why)) => return Err(CertificateFault::NoAuthority { app, why }.into()),
            Some(Ok(wish)) => wish,
        };
        let orders = shelf::orders(&self.root, &app)?.unwrap_or_default();
        Ok(Order { app, wish, orders, issued: shelf.acme })
    }

    /// Orders, and gives the site what comes of it. Returns what failed, which is remembered too.
    fn carry_out_order(
        &self,
        order: Order,
        again: bool,
        report: &mut Report<'_>,
    ) -> Result<Option<Failure>, Error> {
        let Order { app, wish, orders, issued } = order;
        let mut orders = orders.of(&wish);
        let issued = issued.map(|kept| kept.certificate);
        let outcome = self.ask_authority(&wish, issued.as_ref(), again, report);
        let now = wait::now();
        let seed = seed(&app);
        let failure = match outcome {
            Asked::Failed(failure, retry_at) => {
                orders.attempts.fail(failure.clone(), retry_at, seed);
                Some(failure)
            }
            Asked::Issued { issued, missing } => {
                orders.attempts.succeed(now);
                let installed = self.install(&app, &issued, report);
                let failed = installed.err().map(|error| failure_of(&error, now)).or(missing);
                if let Some(failure) = &failed {
                    orders.attempts.fail(failure.clone(), None, seed);
                }
                failed
            }
        };
        // The app may be gone by now.
        if store::exists(&self.root, &app) {
            shelf::remember(&self.root, &app, &orders)?;
        }
        Ok(failure)
    }

    /// Looks where the names lead, and orders for those that lead here.
    fn ask_authority(
        &self,
        wish: &Wish,
        issued: Option<&Certificate>,
        again: bool,
        report: &mut Report<'_>,
    ) -> Asked {
        let now = wait::now();
        stage(report, format!("Looking where {} leads", listed(&wish.names)));
        let seen = authority::look(&self.root, &wish.names, &self.cancel);
        let (away, here): (Vec<Sighting>, Vec<Sighting>) =
            seen.into_iter().partition(Sighting::forbids_order);
        for sighting in &away {
            warn(report, sighting.to_string(), sighting.help().as_deref());
        }
        let elsewhere = away.first().map(|sighting| Failure {
            code: sighting.code().unwrap_or("acme::not-seen").to_owned(),
            message: sighting.to_string(),
            help: sighting.help(),
            at: now,
        });
        let names: Vec<DnsName> = here.into_iter().map(|sighting| sighting.name).collect();
        let is_new =
            issued.is_none_or(|one| one.is_due(now) || names.iter().any(|name| !one.covers(name.as_str())));
        match elsewhere {
            Some(failure) if names.is_empty() || !(is_new || again) => return Asked::Failed(failure, None),
            None if names.is_empty() => {
                let what = format!("the answers for the authority can't be placed in `{}`", self.root.acme());
                let failure =
                    Failure { code: "acme::not-placed".to_owned(), message: what, help: None, at: now };
                return Asked::Failed(failure, None);
            }
            _ => {}
        }
        stage(report, format!("Asking {} for a certificate for {}", wish.directory, listed(&names)));
        let terms = self.terms(wish);
        let outcome = authority::order(&self.root, terms, &names, &self.cancel, &mut |event| match event {
            Event::Asking(name) => stage(report, format!("{} looks at {name}", wish.directory)),
            Event::Issued => stage(report, format!("{} issued it", wish.directory)),
            _ => {}
        });
        match outcome {
            Ok(issued) => Asked::Issued { issued, missing: elsewhere },
            Err(error) => {
                let failure = Failure {
                    code: error.code().to_owned(),
                    message: error_chain(&error),
                    help: error.help(),
                    at: wait::now(),
                };
                Asked::Failed(failure, error.retry_at())
            }
        }
    }

    fn terms(&self, wish: &Wish) -> Terms {
        let options = server_settings::options(&self.root);
        let external = options.acme_account.as_ref();
        Terms {
            directory: wish.directory.clone(),
            contact: options.acme_contact.and_then(|contact| contact.parse().ok()),
            external_account: external
                .and_then(|account| ExternalAccount::new(&account.key_id, &account.hmac_key).ok()),
        }
    }

    /// Stores an issued certificate, and gives it to the site.
    fn install(&self, app: &AppName, issued: &Issued, report: &mut Report<'_>) -> Result<(), Error> {
        let pair = Pair { chain: issued.chain.clone(), key: issued.key.clone() };
        let certificate = piku_acme::check_pair(pair.chain.as_bytes(), pair.key.as_bytes(), wait::now())
            .map_err(CertificateFault::Check)?;
        self.locked(app, &format!("`{app}` gets a certificate"), report, |piku, _| {
            let live = store::live(&piku.root, app)?;
            let names = live.as_ref().map(Release::server_names).unwrap_or_default();
            // Whatever nginx makes of it: there are not many more this week.
            shelf::save(&piku.root, app, CertificateOrigin::Acme, &pair)?;
            let own = Shelf::of(&piku.root, app)?.own;
            let acme = Some(Kept { origin: CertificateOrigin::Acme, pair, certificate });
            let chosen = Shelf { own, acme }.choose(&piku.root, app, &names, wait::now())?;
            piku.show(app, live.as_ref(), &chosen.pair)
        })
    }

    /// After a deploy: has a certificate ordered in the background if one is due, and says so.
    pub(crate) fn order_after_deploy(&self, app: &AppName, report: &mut Report<'_>) {
        let outcome = self.begin_order(app, report);
        if let Err(error) = outcome {
            let what = format!("no certificate is ordered: {}", error_chain(&error));
            warn(report, what, Some(&format!("`certs:renew {app}` orders one")));
        }
    }

    fn begin_order(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        let order = match self.to_order(app) {
            Ok(order) => order,
            Err(Error::Certificate(_) | Error::NeverDeployed { .. }) => {
                shelf::forget_orders(&self.root, app)?;
                return Ok(self.keep_jobs()?);
            }
            Err(error) => return Err(error),
        };
        if shelf::orders(&self.root, app)?.is_none() {
            shelf::remember(&self.root, app, &Orders::default())?;
        }
        self.keep_jobs()?;
        let has = order.certificate();
        if order.due() == Due::Now {
            let names = missing(has, &order.wish);
            let directory = &order.wish.directory;
            let what = if names.is_empty() {
                format!("Asking {directory} for a new certificate meanwhile: `certs {app}` tells")
            } else if has.is_some() {
                format!(
                    "Asking {directory} for a certificate with {} meanwhile: `certs {app}` tells",
                    listed(names)
                )
            } else {
                format!("Self-signed for now; asking {directory} for a certificate: `certs {app}` tells")
            };
            stage(report, what);
            let words = [self.surroundings.program.as_str(), "upkeep", "--apart", app.as_str()];
            launch::start_apart(&words, &self.own_environment(), &self.root.jobs_log(), "")?;
        }
        Ok(())
    }
}

/// What came of asking.
enum Asked {
    Issued {
        issued: Issued,
        /// Why it is not for all names.
        missing: Option<Failure>,
    },
    Failed(Failure, Option<Timestamp>),
}

fn failure_of(error: &Error, at: Timestamp) -> Failure {
    Failure { code: error.code().to_owned(), message: error_chain(error), help: error.help(), at }
}

fn listed(names: impl IntoIterator<Item = impl ToString>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

/// Spreads the orders of different apps.
fn seed(app: &AppName) -> u64 {
    Sha256::digest(app.as_str()).iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
