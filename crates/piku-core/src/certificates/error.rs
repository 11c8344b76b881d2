//! Why a certificate is not added, removed, or ordered.

use jiff::Timestamp;

use super::failure::CertificateFailure;
use super::pair::NotAPair;
use super::wish::WhyNot;
use crate::app::AppName;

/// Why a certificate is not added, removed, or ordered. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// The text has no certificate with a key.
    #[error("{0}; nothing was changed")]
    Find(NotAPair),
    /// The certificate or its key can't be used.
    #[error("this certificate can't be used; nothing was changed")]
    Check(#[source] piku_acme::CertificateError),
    /// No certificate was added.
    #[error("no certificate was added to `{app}`; nothing was changed")]
    NotAdded {
        /// The app.
        app: AppName,
    },
    /// The app has no site.
    #[error("`{app}` has no site, so it needs no certificate")]
    NoSite {
        /// The app.
        app: AppName,
    },
    /// No authority is asked for one.
    #[error("no authority is asked for a certificate of `{app}`: {why}")]
    NoAuthority {
        /// The app.
        app: AppName,
        /// Why not.
        why: WhyNot,
    },
    /// An authority was asked too often, or asks to wait.
    #[error("no certificate can be ordered for `{app}` before {}; nothing was changed", minute(*at))]
    TooMany {
        /// The app.
        app: AppName,
        /// When it can.
        at: Timestamp,
    },
    /// The order failed.
    #[error("`{app}` keeps its certificate: {}", failure.message)]
    Order {
        /// The app.
        app: AppName,
        /// What failed.
        failure: CertificateFailure,
    },
}

fn minute(at: Timestamp) -> String {
    jiff::tz::TimeZone::UTC.to_datetime(at).strftime("%F %H:%M UTC").to_string()
}

impl CertificateFault {
    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Find(_) => "certificate::not-a-pair",
            Self::Check(error) => error.code(),
            Self::NotAdded { .. } => "certificate::not-added",
            Self::NoSite { .. } => "certificate::no-site",
            Self::NoAuthority { .. } => "certificate::no-authority",
            Self::TooMany { .. } => "certificate::too-many",
            Self::Order { .. } => "certificate::order-failed",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Find(fault) => Some(fault.help()),
            Self::Check(error) => error.help().map(str::to_owned),
            Self::NotAdded { app } => Some(format!("`certs {app}` shows which one it has")),
            Self::NoSite { app } => Some(format!("give it a name: `config:set {app} NGINX_SERVER_NAME=…`")),
            Self::NoAuthority { app, why } => why.help(app),
            Self::TooMany { .. } => {
                Some("authorities limit how many they issue; `certs:add` takes one from elsewhere".to_owned())
            }
            Self::Order { failure, .. } => failure.help.clone(),
        }
    }
}
