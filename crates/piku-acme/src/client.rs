//! Orders certificates.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{IsCancelled, Limits};
use crate::name::MOST_NAMES;
use crate::order::{Applicant, Ordering};
use crate::problem::Errors;
use crate::renewal::{self, RenewalDirectory, RenewalInfo, RenewalWindow};
use crate::transport::Transport;
use crate::{Account, Challenges, Contact, Directory, DnsName, Event, ExternalAccount, Issued, OrderError};

/// How long an order may take, unless [`Client::patience`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(120);

/// Orders certificates of one authority.
///
/// ```no_run
/// use piku_acme::{Account, Client, Directory, Event, Webroot};
///
/// let directory = Directory::lets_encrypt();
/// let names = [directory.certifiable("example.org")?, directory.certifiable("www.example.org")?];
/// let mut client = Client::new(directory).contact("me@example.org".parse()?);
/// if let Ok(bytes) = std::fs::read("account.json") {
///     client = client.account(Account::from_bytes(&bytes)?);
/// }
/// let mut made = None;
/// let issued = client.order(&names, &mut Webroot::new("/srv/acme"), &mut |event| match event {
///     Event::AccountMade(account) => made = Some(account.to_bytes()),
///     other => println!("{other:?}"),
/// })?;
/// println!("{}", issued.certificate()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Client {
    applicant: Applicant,
    patience: Duration,
    cancelled: IsCancelled,
}

impl Client {
    /// A client of one authority, without an account.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        Self {
            applicant: Applicant { directory, contact: None, external_account: None, account: None },
            patience: PATIENCE,
            cancelled: Arc::new(|| false),
        }
    }

    /// Sets the email address of an account that has to be made.
    #[must_use]
    pub fn contact(mut self, contact: Contact) -> Self {
        self.applicant.contact = Some(contact);
        self
    }

    /// Binds an account that has to be made to one that exists at the authority's site.
    #[must_use]
    pub fn external_account(mut self, external: ExternalAccount) -> Self {
        self.applicant.external_account = Some(external);
        self
    }

    /// Uses an account that was made before. One of another directory is ignored.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.applicant.account = Some(account);
        self
    }

    /// Sets how long an order may take; two minutes, unless it is set.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets what is asked, many times a second, whether to stop an order.
    #[must_use]
    pub fn cancelled_by(mut self, cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.cancelled = Arc::new(cancelled);
        self
    }

    /// Orders one certificate for all names, and waits for it.
    ///
    /// An account is made if there is none, or if the authority does not know it any more: [`Event::AccountMade`]. With
    /// that, the terms of the authority are accepted. Answers that were placed are removed, whatever the outcome.
    ///
    /// # Errors
    /// Why there is no certificate. Nothing is left to be undone, and an order may be repeated at any time; what the
    /// authority allows is for [`Attempts`](crate::Attempts) to know.
    pub fn order(
        &mut self,
        names: &[DnsName],
        challenges: &mut dyn Challenges,
        report: &mut dyn FnMut(Event<'_>),
    ) -> Result<Issued, OrderError> {
        if names.is_empty() || names.len() > MOST_NAMES {
            return Err(OrderError::NameCount { count: names.len() });
        }
        let limits = Limits::new(self.patience, Arc::clone(&self.cancelled));
        Ordering { applicant: &mut self.applicant, names, limits, report }.run(challenges)
    }
}

impl Client {
    /// Asks when the authority wants a certificate renewed; `None` if it does not say.
    ///
    /// Worth asking once a day: it is how an authority tells that it has to revoke certificates.
    ///
    /// # Errors
    /// If the authority can't be asked, or the certificate can't be read.
    pub fn renewal_window(&self, chain: &[u8]) -> Result<Option<RenewalWindow>, OrderError> {
        let directory = &self.applicant.directory;
        let errors = Errors { directory, names: &[] };
        let Some(certificate) = renewal::identifier(chain).map_err(|error| errors.odd(error.into()))? else {
            return Ok(None);
        };
        let transport = Transport::new(directory, Limits::new(self.patience, Arc::clone(&self.cancelled)));
        let get = |url: &str| transport.get(url).map_err(|error| errors.transport(error));
        let odd = |error: serde_json::Error| errors.odd(error.into());
        let listed: RenewalDirectory = serde_json::from_slice(get(directory.url())?.body()).map_err(odd)?;
        let Some(url) = listed.url else { return Ok(None) };
        let answer = get(&format!("{}/{certificate}", url.trim_end_matches('/')))?;
        if !answer.status().is_success() {
            return Ok(None);
        }
        let info: RenewalInfo = serde_json::from_slice(answer.body()).map_err(odd)?;
        Ok(Some(info.window))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("directory", &self.applicant.directory)
            .field("account", &self.applicant.account)
            .finish_non_exhaustive()
    }
}
