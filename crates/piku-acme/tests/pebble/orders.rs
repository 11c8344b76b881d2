//! Orders that succeed.

use jiff::Timestamp;
use piku_acme::{Event, check_pair};

use crate::authority::{Authority, Settings};
use crate::needs_pebble;

#[test]
fn an_order_gives_a_chain_and_its_key_and_a_renewal_uses_the_account() {
    needs_pebble!();
    let authority = Authority::new();
    let names = authority.names(&["blog.example.org"]);
    let (mut account, mut told) = (Vec::new(), Vec::new());
    let issued = authority
        .client()
        .order(&names, &mut authority.site.webroot(), &mut |event| {
            told.push(format!("{event:?}").split('(').next().unwrap().to_owned());
            if let Event::AccountMade(made) = event {
                account = made.to_bytes();
            }
        })
        .unwrap();
    assert_eq!(told, ["AccountMade", "Ordered", "Asking", "Proven", "Issued"]);
    assert_eq!(authority.site.placed(), 0);

    let first = check_pair(issued.chain.as_bytes(), issued.key.as_bytes(), Timestamp::now()).unwrap();
    assert_eq!(first.names, ["blog.example.org"]);
    assert!(!first.self_signed && !first.is_due(Timestamp::now()), "{first:?}");
    assert!(issued.chain.matches("BEGIN CERTIFICATE").count() > 1, "the issuer's is there too");
    assert!(!format!("{issued:?}").contains("PRIVATE"));

    let again = authority
        .client_of(&account)
        .order(&names, &mut authority.site.webroot(), &mut |event| {
            assert!(!matches!(event, Event::AccountMade(_)), "the account is used again");
        })
        .unwrap();
    let second = again.certificate().unwrap();
    assert_ne!(second.serial, first.serial);
    assert_ne!(again.key, issued.key);
}

#[test]
fn twenty_names_are_in_one_certificate() {
    needs_pebble!();
    let authority = Authority::new();
    let wanted: Vec<String> = (1..=20).map(|number| format!("site-{number:02}.example.org")).collect();
    let names = authority.names(&wanted.iter().map(String::as_str).collect::<Vec<_>>());
    let issued = authority.client().order(&names, &mut authority.site.webroot(), &mut |_| {}).unwrap();
    let mut found = issued.certificate().unwrap().names;
    found.sort();
    assert_eq!(found, wanted);
    assert_eq!(authority.site.placed(), 0);
}

#[test]
fn nonces_that_are_refused_are_taken_anew() {
    needs_pebble!();
    let authority = Authority::with(Settings { nonces_refused: 15, ..Settings::default() });
    let names = authority.names(&["a.example.org", "b.example.org"]);
    authority.client().order(&names, &mut authority.site.webroot(), &mut |_| {}).unwrap();
}
