//! Certificates from ACME authorities such as Let's Encrypt, by http-01: ordered, renewed in time, and read.
//!
//! Three things for a program that keeps certificates: [`Client`] orders one for up to a hundred names; [`Certificate`]
//! reads one, wherever it is from, and knows when to renew it; [`Attempts`] decides when to order again after failures.
//! All state is given and returned as values: the caller stores accounts, certificates, and attempts where it likes.
//! Nothing here prints, or reads variables of the process environment, but for `SSL_CERT_FILE` and `SSL_CERT_DIR`, by
//! which [rustls-native-certs](rustls_native_certs) finds whom the system trusts.
//!
//! ```
//! use piku_acme::{Directory, check_pair, self_signed};
//!
//! let directory: Directory = "letsencrypt".parse()?;
//! assert!(directory.certifiable("blog.example.org").is_ok());
//! let refused = directory.certifiable("nas.local").unwrap_err();
//! assert!(refused.to_string().contains("names that end in `.local` lead nowhere on the Internet"));
//!
//! // Until there is a certificate that browsers trust, one that vouches for itself.
//! let now = "2026-11-26T12:00:00Z".parse()?;
//! let made = self_signed(["blog.example.org"], now)?;
//! let certificate = check_pair(made.chain.as_bytes(), made.key.as_bytes(), now)?;
//! assert!(certificate.covers("blog.example.org") && certificate.self_signed);
//! assert!(!certificate.is_due(now));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Begin at [`Client::order`]. Before it, [`Lookout`] tells whether a name leads here: an order for one that does not
//! counts against the limits of the authority. [`Webroot`] places answers in a folder that a web server shares;
//! whoever answers in another way implements [`Challenges`].
//!
//! # How it is built
//!
//! The protocol is that of [instant-acme](instant_acme), without the HTTP client that it brings: [ureq] sends its
//! requests, and waits for them. So there is no asynchronous runtime. Each request has a time
//! limit, and runs in a thread that is left behind if the order is cancelled.
//!
//! Only `transport`, `lookout`, `limits`, and `webroot` ask the network, the clock, and the system; decisions are pure,
//! and take the time as a value.

mod account;
mod attempts;
mod certificate;
mod certificate_error;
mod challenge;
mod client;
mod directory;
mod error;
mod event;
mod limits;
mod lookout;
mod name;
mod order;
mod pair;
mod problem;
mod renewal;
mod sighting;
mod transport;
mod webroot;

pub use account::{
    Account, Contact, ExternalAccount, InvalidAccount, InvalidContact, InvalidExternalAccount,
};
pub use attempts::{Attempts, Failure, Verdict, Wait};
pub use certificate::Certificate;
pub use certificate_error::CertificateError;
pub use challenge::Challenges;
pub use client::Client;
pub use directory::{Directory, InvalidDirectory};
pub use error::{OrderError, Unproven, Why, Words};
pub use event::Event;
pub use lookout::Lookout;
pub use name::{DnsName, MOST_NAMES, Reason, Uncertifiable};
pub use pair::{Issued, check_pair, self_signed};
pub use renewal::RenewalWindow;
pub use sighting::{Seen, Sighting};
pub use webroot::Webroot;

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
