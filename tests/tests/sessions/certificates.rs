//! Certificates of sites: self-signed at first, one's own, and those of an authority.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use piku_tests::{App, Pebble, TestServer, eventually, eventually_within, http, needs};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// An authority that curl can be told to trust, and certificates of it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Example Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate and its key.
    fn issue(&self, names: &[&str], until_year: i32) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// Whether a browser that trusts only these certificates opens the page.
fn opens(server: &TestServer, host: &str, trusted: &str) -> bool {
    let file = server.home().join("trusted.pem");
    fs::write(&file, trusted).unwrap();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "15", "--cacert", file.as_str()]);
    curl.args(["--resolve", &format!("{host}:443:{}", server.address()), &format!("https://{host}/")]);
    let output = curl.output().unwrap();
    String::from_utf8_lossy(&output.stdout).starts_with("Hello from")
}

fn add(server: &TestServer, parts: [&str; 2]) -> piku_tests::Outcome {
    server.ssh_with_input("certs:add blog -", parts.concat().as_bytes())
}

fn served_as(blog: &App<'_>, names: &str) {
    let env: String = blog
        .read("ENV")
        .lines()
        .filter(|line| !line.starts_with("NGINX_SERVER_NAME"))
        .map(|line| format!("{line}\n"))
        .collect();
    blog.write("ENV", format!("{env}NGINX_SERVER_NAME={names}\n"));
}

#[test]
fn a_self_signed_certificate_has_the_names_of_the_site_at_all_times() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds().never_says("warning");
    let first = server.text("nginx/blog.crt");
    assert!(opens(&server, "blog.test", &first), "it has the name of the site");
    let key = server.root().join("nginx/blog.key");
    assert_eq!(fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(server.root().join("acme/sites")).unwrap().mode() & 0o777, 0o700);
    server.ssh(["certs", "blog"]).succeeds().says("self-signed, so browsers warn").says("`blog.test`");

    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(server.text("nginx/blog.crt"), first, "the same names need no other one");
    served_as(&blog, "blog.test www.blog.test");
    blog.push().succeeds().never_says("warning");
    let second = server.text("nginx/blog.crt");
    assert!(opens(&server, "www.blog.test", &second) && second != first);

    // A deploy that is refused after it had another certificate gives it back.
    served_as(&blog, "blog.test other.test");
    blog.write("app.py", "raise SystemExit\n");
    blog.write("ENV", blog.read("ENV") + "PIKU_HEALTHCHECK=/up\n");
    blog.push().is_refused();
    assert!(opens(&server, "www.blog.test", &server.text("nginx/blog.crt")));
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert!(server.names_in("nginx").iter().all(|name| !name.starts_with("blog")));
    assert_eq!(server.names_in("acme/sites"), [""; 0]);
}

#[test]
fn a_certificate_of_ones_own_is_checked_served_and_taken_back() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["blog.test"], 2200);
    server.ssh(["certs:add", "blog", "-"]).is_refused().says("there is no app `blog`");

    // Before the first push it is kept.
    server.ssh(["apps:create", "blog"]).succeeds();
    add(&server, [&certificate, &key]).succeeds().says("Kept for the site of blog");
    blog.push().succeeds().never_says("warning");
    assert!(opens(&server, "blog.test", &authority.pem));
    let status = &server.ssh(["certs", "blog", "--json"]).succeeds().json()[0];
    assert_eq!((&status["origin"], &status["served"]), (&"own".into(), &true.into()), "{status}");
    assert_eq!(status["until"], "2200-01-01T00:00:00Z");
    assert!(status["issuer"].as_str().unwrap().contains("Example Authority"), "{status}");

    let (other, other_key) = authority.issue(&["blog.test", "www.blog.test"], 2199);
    let (expired, expired_key) = authority.issue(&["blog.test"], 2021);
    let before = server.text("nginx/blog.crt");
    for (parts, says) in [
        ([other.as_str(), key.as_str()], "the private key is not that of the certificate"),
        ([&expired, &expired_key], "expired on 2021-01-01"),
        ([&other, ""], "no private key was given"),
        (["", &other_key], "no certificate was given"),
        ([&format!("{other}{certificate}"), &other_key], "certificate 2 of the chain is that of"),
        (["", "hello"], "no certificate was given"),
    ] {
        add(&server, parts).is_refused().says(says).says("nothing was changed").says("help: ");
    }
    assert_eq!(server.text("nginx/blog.crt"), before);
    assert_eq!(server.names_in("acme/sites/blog"), ["own.pem"]);

    // From files on the server, with its chain, and while the site is in use.
    for (name, text) in [("fullchain.pem", format!("{other}{}", authority.pem)), ("privkey.pem", other_key)] {
        fs::write(server.home().join(name), text).unwrap();
        server.namespace().own(&server.home().join(name));
    }
    let files = ["fullchain.pem", "privkey.pem"].map(|name| server.home().join(name).to_string());
    let added = server.piku(["certs:add", "blog", &files[0], &files[1]]).succeeds();
    added.says("The site of blog has this certificate now").says("valid until 2199-01-01");
    assert!(opens(&server, "blog.test", &authority.pem));
    assert_eq!(server.text("nginx/blog.crt"), format!("{other}{}", authority.pem));

    // Another name is warned about, and a release keeps the certificate.
    add(&server, [&certificate, &key]).succeeds();
    served_as(&blog, "blog.test www.blog.test");
    blog.push().succeeds();
    server.ssh(["certs", "blog"]).succeeds().says("not for").says("www.blog.test");
    assert!(opens(&server, "blog.test", &authority.pem));
    add(&server, [&certificate, &key]).succeeds().says("not for www.blog.test, so browsers warn there");
    let listed = server.ssh(["certs"]).succeeds();
    assert!(listed.stdout.lines().all(|line| line.chars().count() <= 80), "{listed}");
    listed.says("blog.test +1").says("own").says("2200-01-01");

    server
        .ssh(["certs:remove", "blog"])
        .succeeds()
        .says("the site of blog has a self-signed certificate now");
    assert!(!opens(&server, "blog.test", &authority.pem));
    assert!(opens(&server, "www.blog.test", &server.text("nginx/blog.crt")));
    server.ssh(["certs:remove", "blog"]).is_refused().says("no certificate was added to `blog`");
    // What nginx may still read, and what it reads.
    let keys = server.names_in("nginx").iter().filter(|name| name.starts_with("blog@")).count();
    assert_eq!(keys, 4, "{:?}", server.names_in("nginx"));
}

/// Opens the page again and again until `ends` is set. Returns how often, and what failed.
fn visit_until(server: &TestServer, host: &str, ends: &AtomicBool) -> (usize, Vec<String>) {
    let (mut count, mut failed) = (0, Vec::new());
    while !ends.load(Ordering::Relaxed) {
        count += 1;
        let answer = http::get_https(SocketAddr::from((server.address(), 443)), host, "/");
        if !answer.as_ref().is_ok_and(|answer| answer.status == 200) {
            failed.push(format!("{answer:?}"));
        }
    }
    (count, failed)
}

#[test]
fn a_name_gets_a_certificate_of_an_authority_which_is_renewed_while_it_is_visited() {
    needs!(nginx, namespaces, pebble);
    let server = TestServer::with_nginx();
    let mut pebble = Pebble::start(server.home(), server.address());
    let hosts = server.home().join("hosts");
    fs::write(&hosts, format!("127.0.0.1 localhost\n{} blog.lan www.blog.lan\n", server.address())).unwrap();
    server.namespace().show_instead("/etc/hosts", &hosts);
    fs::write(server.root().join("acme/roots.pem"), pebble.root()).unwrap();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.lan");
    blog.write("ENV", format!("{}ACME_ROOT_CA={}\n", blog.read("ENV"), pebble.url()));
    blog.push().succeeds().never_says("warning").says("Self-signed for now; asking https://localhost:");
    let status = || server.piku(["certs", "blog", "--json"]).json()[0].clone();
    eventually_within(Duration::from_secs(40), "a certificate is issued", || {
        (status()["origin"] == "acme").then_some(())
    });
    let trusted = pebble.issues_below();
    // It is stored a moment before nginx has read it.
    eventually("nginx serves it", || opens(&server, "blog.lan", &trusted).then_some(()));
    server.ssh(["certs", "blog"]).succeeds().says("Pebble").never_says("failed");
    assert_eq!(fs::metadata(server.root().join("acme/accounts")).unwrap().mode() & 0o777, 0o700);

    // One vassal sees to its renewal, and belongs to nobody.
    let jobs = || server.names_in("uwsgi-enabled").into_iter().filter(|name| name.starts_with('_')).count();
    assert_eq!(jobs(), 1);
    let log = || server.text("uwsgi-available/_piku_-jobs.1@_piku.1.1.ini.json");
    assert!(log().contains(" upkeep"), "{}", log());
    server.piku(["doctor"]).never_says("certificate").never_says("leftover");
    let first = server.text("nginx/blog.crt");
    thread::scope(|scope| {
        let _ = [(); 2].map(|()| scope.spawn(|| server.piku(["upkeep"]).succeeds()));
    });
    assert_eq!(server.text("nginx/blog.crt"), first, "nothing is due, and two at once do no harm");

    // Visitors of a site that has HTTPS alone notice nothing of a renewal, with another name.
    blog.write(
        "ENV",
        blog.read("ENV").replace("blog.lan", "blog.lan www.blog.lan") + "NGINX_HTTPS_ONLY=true\n",
    );
    blog.push().succeeds().says("for a certificate with www.blog.lan meanwhile");
    eventually_within(Duration::from_secs(40), "the other name is in it", || {
        opens(&server, "www.blog.lan", &trusted).then_some(())
    });
    let second = server.text("nginx/blog.crt");
    let ends = AtomicBool::new(false);
    let (count, failed) = thread::scope(|scope| {
        let visitor = scope.spawn(|| visit_until(&server, "blog.lan", &ends));
        let renewed = server.ssh(["certs:renew", "blog"]);
        ends.store(true, Ordering::Relaxed);
        renewed.succeeds().says("looks at www.blog.lan").says("The site of blog has a certificate by Pebble");
        visitor.join().unwrap()
    });
    assert!(failed.is_empty() && count > 10, "{count}: {failed:?}");
    assert!(server.text("nginx/blog.crt") != second && opens(&server, "blog.lan", &trusted));

    // A failure changes nothing, and shows.
    pebble.stop();
    let third = server.text("nginx/blog.crt");
    server.ssh(["certs:renew", "blog"]).is_refused().says("`blog` keeps its certificate: could not reach");
    assert_eq!(server.text("nginx/blog.crt"), third);
    server.ssh(["certs", "blog"]).succeeds().says("failed").says("could not reach");
    server.piku(["doctor"]).says("could not reach").says("piku certs:renew blog");

    server.ssh(["config:set", "blog", "ACME_ROOT_CA=off"]).succeeds();
    assert_eq!(jobs(), 0, "nothing is to be done");
    server.ssh(["certs:renew", "blog"]).is_refused().says("ACME_ROOT_CA switches it off");
    assert!(opens(&server, "blog.lan", &trusted), "it keeps the certificate");
}
