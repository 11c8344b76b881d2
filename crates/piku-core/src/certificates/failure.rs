//! Why an order failed, or was not made.

use jiff::Timestamp;
use piku_acme::Failure;
use serde::Serialize;

/// Why an order failed, or was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateFailure {
    /// Names the failure; stable across releases.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl From<Failure> for CertificateFailure {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, help, at } = failure;
        Self { code, message, help, at }
    }
}
