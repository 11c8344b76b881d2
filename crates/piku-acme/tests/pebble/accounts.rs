//! Accounts that are gone, and those that need another one.

use piku_acme::{Event, ExternalAccount};

use crate::authority::{Authority, Settings};
use crate::needs_pebble;

#[test]
fn an_account_that_is_not_known_any_more_is_made_anew() {
    needs_pebble!();
    let mut authority = Authority::new();
    let names = authority.names(&["blog.example.org"]);
    let mut accounts = Vec::new();
    let mut keep = |event: Event<'_>| {
        if let Event::AccountMade(account) = event {
            accounts.push(account.to_bytes());
        }
    };
    authority.client().order(&names, &mut authority.site.webroot(), &mut keep).unwrap();
    authority.forget();
    let mut client = authority.client_of(&std::mem::take(&mut accounts)[0]);
    let mut keep = |event: Event<'_>| {
        if let Event::AccountMade(account) = event {
            accounts.push(account.to_bytes());
        }
    };
    client.order(&names, &mut authority.site.webroot(), &mut keep).unwrap();
    // The same client has the new one now.
    client.order(&names, &mut authority.site.webroot(), &mut keep).unwrap();
    assert_eq!(accounts.len(), 1);
}

#[test]
fn an_external_account_is_asked_for_and_used() {
    needs_pebble!();
    let (kid, key) = ("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W");
    let authority = Authority::with(Settings { external: Some((kid, key)), ..Settings::default() });
    let names = authority.names(&["blog.example.org"]);
    let order = |external: Option<ExternalAccount>| {
        let mut client = authority.client();
        if let Some(external) = external {
            client = client.external_account(external);
        }
        client.order(&names, &mut authority.site.webroot(), &mut |_| {})
    };
    let missing = order(None).unwrap_err();
    assert_eq!(missing.code(), "acme::external-account-required");
    let wrong = order(Some(ExternalAccount::new(kid, &key.replace('z', "y")).unwrap())).unwrap_err();
    assert_eq!(wrong.code(), "acme::external-account-refused", "{wrong:?}");
    let unknown = order(Some(ExternalAccount::new("kid-2", key).unwrap())).unwrap_err();
    assert_eq!(unknown.code(), "acme::external-account-refused", "{unknown:?}");
    order(Some(ExternalAccount::new(kid, key).unwrap())).unwrap();
}
