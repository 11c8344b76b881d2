//! Authorities that are away, slow, or not what they should be, and orders that are cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use piku_acme::{Client, Directory, Event, OrderError};

use crate::authority::Authority;
use crate::needs_pebble;
use crate::pages::Pages;

fn order(client: &mut Client, authority: &Authority) -> OrderError {
    let names = authority.names(&["blog.example.org"]);
    client.order(&names, &mut authority.site.webroot(), &mut |_| {}).unwrap_err()
}

#[test]
fn an_authority_that_is_away_or_another_server_is_told() {
    needs_pebble!();
    let mut authority = Authority::new();
    let untrusted = order(&mut Client::new(Directory::at(&authority.url()).unwrap()), &authority);
    assert_eq!(untrusted.code(), "acme::untrusted", "{untrusted:?}");
    let other = Directory::at(&authority.other_url()).unwrap().trusting(authority.root()).unwrap();
    let odd = order(&mut Client::new(other), &authority);
    assert_eq!(odd.code(), "acme::odd-answer", "{odd:?}");
    let nowhere = Directory::at("https://no-such-host.invalid/directory").unwrap();
    let unresolved = order(&mut Client::new(nowhere), &authority);
    assert_eq!(unresolved.code(), "acme::unreachable", "{unresolved:?}");
    authority.stop();
    let away = order(&mut authority.client(), &authority);
    assert_eq!(away.code(), "acme::unreachable", "{away:?}");
    assert!(std::error::Error::source(&away).unwrap().to_string().contains("refused"), "{away:?}");
}

#[test]
fn an_authority_that_is_out_of_order_says_when_to_come_back() {
    let pages = Pages::serve(|_, _| {
        let page = "<html>down</html>";
        format!(
            "503 Down\r\nRetry-After: 3600\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        )
    });
    let directory = pages.directory();
    let name = directory.certifiable("blog.example.org").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut webroot = piku_acme::Webroot::new(folder.path().to_str().unwrap());
    let error = Client::new(directory).order(&[name], &mut webroot, &mut |_| {}).unwrap_err();
    assert_eq!(error.code(), "acme::authority-down", "{error:?}");
    let wait = error.retry_at().unwrap().duration_since(jiff::Timestamp::now());
    assert!((3500..=3600).contains(&wait.as_secs()), "{wait}");
}

#[test]
fn an_authority_says_when_it_wants_a_certificate_renewed() {
    let json = |text: String| {
        format!("200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}", text.len())
    };
    let pages = Pages::serve(move |path, host| match path {
        "/directory" => json(format!(r#"{{"renewalInfo":"https://{host}/renewal/"}}"#)),
        "/renewal/AQID.BAUG" => json(
            r#"{"suggestedWindow":{"start":"2026-11-26T00:00:00Z","end":"2026-11-27T00:00:00.5Z"}}"#
                .to_owned(),
        ),
        path => format!("404 Not Found\r\nX: {path}\r\nContent-Length: 0\r\n\r\n"),
    });
    let issue = |key: Vec<u8>| {
        let mut root = rcgen::CertificateParams::new([]).unwrap();
        root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        root.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(key);
        let issuer = rcgen::Issuer::new(root, rcgen::KeyPair::generate().unwrap());
        let mut params = rcgen::CertificateParams::new(["blog.example.org".to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&[4, 5, 6]));
        params.signed_by(&rcgen::KeyPair::generate().unwrap(), &issuer).unwrap().pem()
    };
    let client = Client::new(pages.directory());
    let window = client.renewal_window(issue(vec![1, 2, 3]).as_bytes()).unwrap().unwrap();
    assert_eq!(window.start, "2026-11-26T00:00:00Z".parse().unwrap());
    // One that it does not know is renewed by our own rule.
    assert_eq!(client.renewal_window(issue(vec![9]).as_bytes()).unwrap(), None);
}

#[test]
fn an_order_that_is_cut_leaves_nothing_and_can_be_repeated() {
    needs_pebble!();
    let authority = Authority::new();
    let names = authority.names(&["a.example.org", "b.example.org"]);
    let cut = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&cut);
    let mut client = authority.client().cancelled_by(move || asked.load(Ordering::Relaxed));
    let mut placed = 0;
    let error = client
        .order(&names, &mut authority.site.webroot(), &mut |event| {
            if let Event::Asking(_) = event {
                placed = authority.site.placed();
                cut.store(true, Ordering::Relaxed);
            }
        })
        .unwrap_err();
    assert_eq!((error.code(), placed), ("acme::cancelled", 1));
    assert_eq!(authority.site.placed(), 0);
    cut.store(false, Ordering::Relaxed);
    let mut accounts = 0;
    client
        .order(&names, &mut authority.site.webroot(), &mut |event| {
            accounts += usize::from(matches!(event, Event::AccountMade(_)));
        })
        .unwrap();
    assert_eq!(accounts, 0, "the account of the order that was cut is used");
}

#[test]
fn an_authority_that_falls_silent_is_not_waited_for_without_end() {
    needs_pebble!();
    let authority = Authority::new();
    let names = authority.names(&["a.example.org"]);
    let began = Instant::now();
    let error = authority
        .client()
        .patience(Duration::from_millis(1500))
        .order(&names, &mut authority.site.webroot(), &mut |event| {
            if let Event::Ordered(_) = event {
                authority.freeze();
            }
        })
        .unwrap_err();
    assert_eq!(error.code(), "acme::timed-out", "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(authority.site.placed(), 0);
}
