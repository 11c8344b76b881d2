//! Authorities that are away, slow, or not what they should be, and orders that are cut.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use piku_acme::{Client, Directory, Event, OrderError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::authority::Authority;
use crate::needs_pebble;

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
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let root = certificate.clone();
    let serving = thread::spawn(move || {
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = versions.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        let mut request = [0; 2048];
        let _ = stream.read(&mut request).unwrap();
        let page = "<html>down</html>";
        write!(
            stream,
            "HTTP/1.1 503 Down\r\nRetry-After: 3600\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        )
        .unwrap();
        stream.flush().unwrap();
        // The client closes when it has read the answer.
        let _ = stream.read(&mut request);
    });
    let url = format!("https://localhost:{port}/directory");
    let directory = Directory::at(&url).unwrap().trusting(root.as_bytes()).unwrap();
    let name = directory.certifiable("blog.example.org").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut webroot = piku_acme::Webroot::new(folder.path().to_str().unwrap());
    let error = Client::new(directory).order(&[name], &mut webroot, &mut |_| {}).unwrap_err();
    serving.join().unwrap();
    assert_eq!(error.code(), "acme::authority-down", "{error:?}");
    let wait = error.retry_at().unwrap().duration_since(jiff::Timestamp::now());
    assert!((3500..=3600).contains(&wait.as_secs()), "{wait}");
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
