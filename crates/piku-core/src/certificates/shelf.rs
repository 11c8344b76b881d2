//! The certificates that an app has, below `acme/sites/<app>`.

use camino::Utf8PathBuf;
use jiff::Timestamp;
use piku_acme::{Certificate, CertificateError};

use super::choice::{CertificateOrigin, choose};
use super::due::Orders;
use super::names::of_certificate;
use super::pair::Pair;
use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;

/// A certificate with its key, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) origin: CertificateOrigin,
    pub(crate) pair: Pair,
    pub(crate) certificate: Certificate,
}

/// The certificates of an app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) own: Option<Kept>,
    pub(crate) acme: Option<Kept>,
}

impl Shelf {
    /// Reads them. A file that is not a certificate with its key counts as missing.
    pub(crate) fn of(root: &Root, app: &AppName) -> Result<Self, HostError> {
        Ok(Self {
            own: load(root, app, CertificateOrigin::Own)?,
            acme: load(root, app, CertificateOrigin::Acme)?,
        })
    }

    /// The one that counts for a site with these names; a self-signed one is made if there is none for them.
    pub(crate) fn choose(
        self,
        root: &Root,
        app: &AppName,
        server_names: &[String],
        now: Timestamp,
    ) -> Result<Kept, HostError> {
        let Self { own, acme } = self;
        let certificate = |kept: &'_ Option<Kept>| kept.as_ref().map(|kept| kept.certificate.clone());
        let chosen = match choose(certificate(&own).as_ref(), certificate(&acme).as_ref(), server_names, now)
        {
            CertificateOrigin::Own => own,
            CertificateOrigin::Acme => acme,
            CertificateOrigin::SelfSigned => None,
        };
        chosen.map_or_else(|| self_signed(root, app, server_names, now), Ok)
    }
}

/// The file with certificate and key.
fn file(root: &Root, app: &AppName, origin: CertificateOrigin) -> Utf8PathBuf {
    root.certificates(app).join(match origin {
        CertificateOrigin::Own => "own.pem",
        CertificateOrigin::Acme => "issued.pem",
        CertificateOrigin::SelfSigned => "self-signed.pem",
    })
}

pub(crate) fn load(root: &Root, app: &AppName, origin: CertificateOrigin) -> Result<Option<Kept>, HostError> {
    let text = files::read(&file(root, app, origin))?.unwrap_or_default();
    Ok(Pair::find(&text).ok().and_then(|pair| kept(origin, pair)))
}

fn kept(origin: CertificateOrigin, pair: Pair) -> Option<Kept> {
    let certificate = Certificate::from_pem(pair.chain.as_bytes()).ok()?;
    Some(Kept { origin, pair, certificate })
}

/// Stores a certificate with its key in one file, so that they change together.
pub(crate) fn save(
    root: &Root,
    app: &AppName,
    origin: CertificateOrigin,
    pair: &Pair,
) -> Result<(), HostError> {
    write(root, app, origin, &pair.to_pem())
}

fn write(root: &Root, app: &AppName, origin: CertificateOrigin, text: &str) -> Result<(), HostError> {
    make_folder(root, app)?;
    files::write(&file(root, app, origin), text.as_bytes(), 0o600)
}

/// Removes a certificate. Returns whether there was one.
pub(crate) fn discard(root: &Root, app: &AppName, origin: CertificateOrigin) -> Result<bool, HostError> {
    let path = file(root, app, origin);
    let was = files::exists(&path);
    files::remove(&path)?;
    Ok(was)
}

/// Removes the self-signed certificate, and the folder if nothing else is in it.
pub(crate) fn forget_self_signed(root: &Root, app: &AppName) -> Result<(), HostError> {
    discard(root, app, CertificateOrigin::SelfSigned)?;
    forget_orders(root, app)?;
    files::remove_empty_folder(&root.certificates(app))
}

/// The self-signed certificate for these names, made if there is none or it ends soon.
fn self_signed(
    root: &Root,
    app: &AppName,
    server_names: &[String],
    now: Timestamp,
) -> Result<Kept, HostError> {
    let origin = CertificateOrigin::SelfSigned;
    let path = file(root, app, origin);
    let names = of_certificate(server_names);
    let first = format!("# {}\n", names.join(" "));
    let text = files::read_text(&path)?.unwrap_or_default();
    let found = text.strip_prefix(&first).and_then(|text| kept(origin, Pair::find(text.as_bytes()).ok()?));
    if let Some(found) = found.filter(|found| !found.certificate.is_due(now)) {
        return Ok(found);
    }
    let failed = |error: CertificateError| {
        HostError::file("make a certificate in", &path)(std::io::Error::other(error))
    };
    let made = piku_acme::self_signed(names.iter().map(String::as_str), now).map_err(failed)?;
    let pair = Pair { chain: made.chain, key: made.key };
    let certificate = Certificate::from_pem(pair.chain.as_bytes()).map_err(failed)?;
    write(root, app, origin, &format!("{first}{}", pair.to_pem()))?;
    Ok(Kept { origin, pair, certificate })
}

/// Takes over the certificate that legacy piku or an older version of piku left beside the site.
pub(crate) fn adopt(root: &Root, app: &AppName) -> Result<(), HostError> {
    let (certificate, key) = (root.certificate(app), root.certificate_key(app));
    if files::exists(&root.tls(app)) || files::link_target(&certificate).is_some() {
        return Ok(());
    }
    let (Some(chain), Some(key)) = (files::read(&certificate)?, files::read(&key)?) else { return Ok(()) };
    let found = Pair::find(&[chain, b"\n".to_vec(), key].concat()).ok();
    let Some(found) = found.and_then(|pair| kept(CertificateOrigin::Acme, pair)) else { return Ok(()) };
    if !found.certificate.self_signed {
        return save(root, app, CertificateOrigin::Acme, &found.pair);
    }
    let mut names = found.certificate.names.clone();
    names.sort_unstable();
    let text = format!("# {}\n{}", names.join(" "), found.pair.to_pem());
    write(root, app, CertificateOrigin::SelfSigned, &text)
}

/// The file that remembers the orders of an app.
fn orders_file(root: &Root, app: &AppName) -> Utf8PathBuf {
    root.certificates(app).join("order.json")
}

/// What is remembered of the orders of an app; `None` if nobody orders for it. A damaged file is forgotten.
pub(crate) fn orders(root: &Root, app: &AppName) -> Result<Option<Orders>, HostError> {
    let text = files::read(&orders_file(root, app))?;
    Ok(text.map(|text| serde_json::from_slice(&text).unwrap_or_default()))
}

/// Remembers the orders of an app.
pub(crate) fn remember(root: &Root, app: &AppName, orders: &Orders) -> Result<(), HostError> {
    let path = orders_file(root, app);
    let text = serde_json::to_vec_pretty(orders)
        .map_err(|source| HostError::Damaged { path: path.clone(), source })?;
    make_folder(root, app)?;
    files::write(&path, &text, 0o600)
}

/// Forgets the orders of an app, for which nobody orders any more.
pub(crate) fn forget_orders(root: &Root, app: &AppName) -> Result<(), HostError> {
    files::remove(&orders_file(root, app))
}

/// The apps for which an authority is asked.
pub(crate) fn ordering(root: &Root) -> Result<Vec<AppName>, HostError> {
    let names = files::names(&root.all_certificates())?;
    let apps = names.iter().filter_map(|name| name.parse::<AppName>().ok());
    Ok(apps.filter(|app| files::exists(&orders_file(root, app))).collect())
}

fn make_folder(root: &Root, app: &AppName) -> Result<(), HostError> {
    files::make_folder(&root.all_certificates(), 0o700)?;
    files::make_folder(&root.certificates(app), 0o700)
}
