//! Asks certificate authorities: looks where names lead, orders, and keeps the accounts.

use camino::Utf8PathBuf;
use piku_acme::{
    Account, Client, Contact, Directory, DnsName, Event, ExternalAccount, Issued, Lookout, OrderError,
    Sighting, Webroot,
};

use super::files;
use crate::cancel::Cancel;
use crate::fingerprint;
use crate::root::Root;

/// How many names to look at, at the same time.
const AT_ONCE: usize = 10;

/// What an order is made with.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) directory: Directory,
    /// To whom the authority writes.
    pub(crate) contact: Option<Contact>,
    pub(crate) external_account: Option<ExternalAccount>,
}

/// Looks where each name leads. Names that can't be looked at, because the answer can't be placed, are left out.
pub(crate) fn look(root: &Root, names: &[DnsName], cancel: &Cancel) -> Vec<Sighting> {
    let cancelled = cancel.clone();
    let lookout = Lookout::new().cancelled_by(move || cancelled.is_cancelled());
    let look = |name: &DnsName| lookout.look(name, &mut Webroot::new(root.acme())).ok();
    let mut seen = Vec::new();
    for some in names.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let started: Vec<_> = some.iter().map(|name| scope.spawn(|| look(name))).collect();
            seen.extend(started.into_iter().filter_map(|look| look.join().ok().flatten()));
        });
    }
    seen
}

/// Orders a certificate for these names.
pub(crate) fn order(
    root: &Root,
    terms: Terms,
    names: &[DnsName],
    cancel: &Cancel,
    report: &mut dyn FnMut(Event<'_>),
) -> Result<Issued, OrderError> {
    let file = account_file(root, &terms.directory);
    let cancelled = cancel.clone();
    let mut client =
        Client::new(trusting(root, terms.directory)).cancelled_by(move || cancelled.is_cancelled());
    if let Some(contact) = terms.contact {
        client = client.contact(contact);
    }
    if let Some(external) = terms.external_account {
        client = client.external_account(external);
    }
    let stored = files::read(&file).ok().flatten();
    if let Some(account) = stored.and_then(|bytes| Account::from_bytes(&bytes).ok()) {
        client = client.account(account);
    }
    client.order(names, &mut Webroot::new(root.acme()), &mut |event| {
        if let Event::AccountMade(account) = event {
            // Without it, the next order makes another account.
            drop(keep(root, &file, account));
        }
        report(event);
    })
}

fn keep(root: &Root, file: &camino::Utf8Path, account: &Account) -> Result<(), super::HostError> {
    files::make_folder(&root.acme_accounts(), 0o700)?;
    files::write(file, &account.to_bytes(), 0o600)
}

/// The account at an authority.
fn account_file(root: &Root, directory: &Directory) -> Utf8PathBuf {
    root.acme_accounts().join(format!("{}.json", fingerprint::of(directory.url())))
}

/// Trusts the certificates in `acme/roots.pem` when it talks to an authority that is not a known one.
fn trusting(root: &Root, directory: Directory) -> Directory {
    let is_known = directory.to_string() != directory.url();
    let roots = files::read(&root.acme_roots()).ok().flatten().filter(|_| !is_known);
    roots.and_then(|roots| directory.clone().trusting(&roots).ok()).unwrap_or(directory)
}
