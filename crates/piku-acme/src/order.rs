//! One order, from the account to the certificate.

use std::time::Duration;

use instant_acme::{
    AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder, OrderStatus, Problem,
};

use crate::challenge::Placed;
use crate::error::{OrderError, Why, Words};
use crate::limits::Limits;
use crate::problem::{self, Errors};
use crate::transport::{RetryAt, Transport, wait};
use crate::{Account, Challenges, Contact, Directory, DnsName, Event, ExternalAccount, Issued};

/// The pauses between two looks at an order: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often an order is begun, if the authority refuses nonces.
const TRIES: usize = 3;

/// Who orders, and where.
pub(crate) struct Applicant {
    pub(crate) directory: Directory,
    pub(crate) contact: Option<Contact>,
    pub(crate) external_account: Option<ExternalAccount>,
    pub(crate) account: Option<Account>,
}

/// An order on its way.
pub(crate) struct Ordering<'a> {
    pub(crate) applicant: &'a mut Applicant,
    pub(crate) names: &'a [DnsName],
    pub(crate) limits: Limits,
    pub(crate) report: &'a mut dyn FnMut(Event<'_>),
}

impl<'a> Ordering<'a> {
    /// Orders a certificate; everything placed is removed again.
    pub(crate) fn run(mut self, challenges: &mut dyn Challenges) -> Result<Issued, OrderError> {
        for _ in 1..TRIES {
            match self.once(challenges) {
                // An authority of many servers may refuse, several times in a row, the nonces that another one gave.
                Err(OrderError::Refused { kind, .. }) if kind == "badNonce" => {}
                outcome => return outcome,
            }
        }
        self.once(challenges)
    }

    fn once(&mut self, challenges: &mut dyn Challenges) -> Result<Issued, OrderError> {
        let (mut order, retry_at) = self.order()?;
        (self.report)(Event::Ordered(self.names));
        let mut placed = Placed::new(challenges);
        self.answer(&mut order, &mut placed, &retry_at)?;
        self.wait_until_proven(&mut order, &retry_at)?;
        drop(placed);
        self.names.iter().for_each(|name| (self.report)(Event::Proven(name)));
        let key = wait(order.finalize()).map_err(|error| self.error(error, &retry_at))?;
        let chain = self.wait_for_certificate(&mut order, &retry_at)?;
        (self.report)(Event::Issued);
        Ok(Issued { chain, key })
    }

    /// Sends the order, with a new account if there is none or the authority does not know it any more.
    fn order(&mut self) -> Result<(instant_acme::Order, RetryAt), OrderError> {
        if let Some(account) = self.known_account() {
            let transport = self.transport();
            let retry_at = transport.retry_at();
            // What can't be read is of no use; a new account is made.
            if let Ok(credentials) = account.credentials() {
                let builder = instant_acme::Account::builder_with_http(Box::new(transport));
                let account = wait(builder.from_credentials(credentials))
                    .map_err(|error| self.error(error, &retry_at))?;
                match self.new_order(&account) {
                    Ok(order) => return Ok((order, retry_at)),
                    Err(error) if problem::is_account_gone(&error) => {}
                    Err(error) => return Err(self.error(error, &retry_at)),
                }
            }
        }
        let (account, retry_at) = self.new_account()?;
        let order = self.new_order(&account).map_err(|error| self.error(error, &retry_at))?;
        Ok((order, retry_at))
    }

    fn new_order(&self, account: &instant_acme::Account) -> Result<instant_acme::Order, Error> {
        let identifiers: Vec<Identifier> =
            self.names.iter().map(|name| Identifier::Dns(name.as_str().to_owned())).collect();
        wait(account.new_order(&NewOrder::new(&identifiers)))
    }

    fn new_account(&mut self) -> Result<(instant_acme::Account, RetryAt), OrderError> {
        let transport = self.transport();
        let retry_at = transport.retry_at();
        let contact = self.applicant.contact.as_ref().map(|contact| format!("mailto:{contact}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let binding = self.applicant.external_account.as_ref().map(ExternalAccount::key);
        let url = self.applicant.directory.url().to_owned();
        let builder = instant_acme::Account::builder_with_http(Box::new(transport));
        let made = wait(builder.create(&new, url.clone(), binding.as_ref()));
        let (account, credentials) = made.map_err(|error| match self.error(error, &retry_at) {
            // There is no account yet that could be refused: it is the one outside.
            OrderError::Account { authority, source } if binding.is_some() => {
                OrderError::ExternalAccount { authority, source }
            }
            error => error,
        })?;
        let stored = Account::new(&url, &credentials).map_err(|error| self.errors().odd(error.into()))?;
        (self.report)(Event::AccountMade(self.applicant.account.insert(stored)));
        Ok((account, retry_at))
    }

    /// Places an answer for each name that is not proven yet, and asks the authority to look.
    fn answer(
        &mut self,
        order: &mut instant_acme::Order,
        placed: &mut Placed<'_>,
        retry_at: &RetryAt,
    ) -> Result<(), OrderError> {
        let mut all = order.authorizations();
        while let Some(next) = wait(all.next()) {
            let mut authorization = next.map_err(|error| self.error(error, retry_at))?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let Some(name) = self.named(&authorization.identifier().to_string()) else { continue };
            let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
                return Err(self.unproven(vec![(name.clone(), Why::NoHttp, Words::new(""))]));
            };
            let answer = challenge.key_authorization();
            placed
                .put(&challenge.token, answer.as_str())
                .map_err(|source| OrderError::Challenge { name: name.clone(), source })?;
            (self.report)(Event::Asking(name));
            wait(challenge.set_ready()).map_err(|error| match error {
                // Some authorities look at once, and answer with what they found.
                Error::Api(found) if found.status != Some(429) => self.failed(name, &found, retry_at),
                error => self.error(error, retry_at),
            })?;
        }
        Ok(())
    }

    fn wait_until_proven(
        &self,
        order: &mut instant_acme::Order,
        retry_at: &RetryAt,
    ) -> Result<(), OrderError> {
        let mut pause = PAUSES.0;
        loop {
            let state = wait(order.refresh()).map_err(|error| self.error(error, retry_at))?;
            match state.status {
                OrderStatus::Ready | OrderStatus::Valid => return Ok(()),
                OrderStatus::Invalid => return Err(self.why_invalid(order, retry_at)),
                OrderStatus::Pending | OrderStatus::Processing => self.pause(&mut pause)?,
            }
        }
    }

    fn wait_for_certificate(
        &self,
        order: &mut instant_acme::Order,
        retry_at: &RetryAt,
    ) -> Result<String, OrderError> {
        let mut pause = PAUSES.0;
        loop {
            match wait(order.certificate()).map_err(|error| self.error(error, retry_at))? {
                Some(chain) => return Ok(chain),
                None => self.pause(&mut pause)?,
            }
        }
    }

    /// Asks which names could not be proven.
    fn why_invalid(&self, order: &mut instant_acme::Order, retry_at: &RetryAt) -> OrderError {
        let whole = order.state().error.clone();
        let mut blamed = Vec::new();
        let mut all = order.authorizations();
        while let Some(next) = wait(all.next()) {
            let Ok(mut authorization) = next else { break };
            if wait(authorization.refresh()).is_err() || authorization.status != AuthorizationStatus::Invalid
            {
                continue;
            }
            let Some(name) = self.named(&authorization.identifier().to_string()) else { continue };
            let found = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
            let (why, said) = found.map_or((Why::Other, Words::new("")), problem::why_of);
            blamed.push((name.clone(), why, said));
        }
        match (blamed.is_empty(), whole) {
            (true, Some(whole)) => self.errors().problem(&whole, retry_at.get()),
            (true, None) => self.errors().odd(Words::new("the order is invalid").into()),
            (false, _) => self.unproven(blamed),
        }
    }

    fn failed(&self, name: &DnsName, found: &Problem, retry_at: &RetryAt) -> OrderError {
        let (why, said) = problem::why_of(found);
        match why {
            Why::Other => self.errors().problem(found, retry_at.get()),
            why => self.unproven(vec![(name.clone(), why, said)]),
        }
    }

    fn unproven(&self, blamed: Vec<(DnsName, Why, Words)>) -> OrderError {
        match problem::unproven(blamed) {
            Some(unproven) => OrderError::Unproven(unproven),
            None => self.errors().odd(Words::new("").into()),
        }
    }

    fn pause(&self, pause: &mut Duration) -> Result<(), OrderError> {
        self.limits.sleep(*pause).map_err(|stop| self.errors().stopped(stop))?;
        *pause = (*pause * 3 / 2).min(PAUSES.1);
        Ok(())
    }

    fn named(&self, name: &str) -> Option<&'a DnsName> {
        self.names.iter().find(|ours| ours.as_str() == name)
    }

    /// The account, if it is of this directory.
    fn known_account(&self) -> Option<&Account> {
        let url = self.applicant.directory.url();
        self.applicant.account.as_ref().filter(|account| account.directory() == url)
    }

    fn transport(&self) -> Transport {
        Transport::new(&self.applicant.directory, self.limits.clone())
    }

    fn errors(&self) -> Errors<'_> {
        Errors { directory: &self.applicant.directory, names: self.names }
    }

    fn error(&self, error: Error, retry_at: &RetryAt) -> OrderError {
        self.errors().of(error, retry_at.get())
    }
}
