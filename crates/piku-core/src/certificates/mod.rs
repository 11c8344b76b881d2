//! Which certificate a site has, when an authority is asked for one, and how nginx gets it.
//!
//! An app has up to three of them, each with its key in one file below `acme/sites/<app>`: its owner's (`certs:add`), an
//! authority's (ACME), and a self-signed one. [`choice`] decides which one counts. [`served`] gives it to nginx: both
//! files get new names, and one file names them, `nginx/<app>.tls`, which the site includes. So nginx never reads a
//! certificate with the key of another, whenever it is reloaded. `nginx/<app>.crt` and `.key` are links to them.

pub(crate) mod choice;
pub(crate) mod due;
pub(crate) mod error;
pub(crate) mod failure;
pub(crate) mod names;
pub(crate) mod pair;
pub(crate) mod served;
pub(crate) mod shelf;
pub(crate) mod wish;

pub use choice::CertificateOrigin;
pub use error::CertificateFault;
pub use failure::CertificateFailure;
pub use pair::NotAPair;
pub use wish::WhyNot;
