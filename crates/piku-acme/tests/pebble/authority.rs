//! A pebble of the test's own, with its name server.

use std::env;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use piku_acme::{Account, Client, Directory, DnsName};

use crate::site::Site;

const PROGRAMS: [&str; 2] = ["/usr/bin/pebble", "/usr/bin/pebble-challtestsrv"];

/// Skips the test if pebble is missing.
#[macro_export]
macro_rules! needs_pebble {
    () => {
        if !$crate::authority::is_here() {
            return;
        }
    };
}

pub(crate) fn is_here() -> bool {
    let here = PROGRAMS.iter().all(|program| Utf8Path::new(program).exists());
    if !here {
        assert!(env::var_os("CI").is_none(), "pebble is not installed");
        eprintln!("skipped: pebble is not installed");
        if let Some(list) = env::var_os("PIKU_TESTS_SKIPPED") {
            let test = thread::current().name().unwrap_or("a test").to_owned();
            let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
            drop(file.and_then(|mut file| writeln!(file, "{test}: pebble is not installed")));
        }
    }
    here
}

/// What differs from a pebble that issues to everybody.
#[derive(Default)]
pub(crate) struct Settings {
    /// Percent of the nonces that are refused.
    pub(crate) nonces_refused: u8,
    /// The external account that is required: identifier and key.
    pub(crate) external: Option<(&'static str, &'static str)>,
    /// Whether names have no address unless they are given one.
    pub(crate) strict_dns: bool,
}

pub(crate) struct Authority {
    folder: tempfile::TempDir,
    settings: Settings,
    ports: Ports,
    children: Vec<Child>,
    root: String,
    pub(crate) site: Site,
}

struct Ports {
    acme: u16,
    management: u16,
    tls: u16,
    dns: u16,
    dns_management: u16,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [acme, management, tls, dns, dns_management] = free_ports();
        let ports = Ports { acme, management, tls, dns, dns_management };
        let root = write_certificate(folder.path().to_str().unwrap().into());
        let site = Site::at("127.0.0.1", 0);
        let mut authority = Self { folder, settings, ports, children: Vec::new(), root, site };
        authority.start();
        authority
    }

    /// Ends pebble, and starts one that knows nothing of what was before.
    pub(crate) fn forget(&mut self) {
        self.stop();
        self.start();
    }

    pub(crate) fn stop(&mut self) {
        for mut child in self.children.drain(..) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Keeps it from answering, while it still accepts connections.
    pub(crate) fn freeze(&self) {
        let pid = self.children[1].id().to_string();
        assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    }

    fn start(&mut self) {
        let folder = Utf8Path::from_path(self.folder.path()).unwrap();
        let Ports { acme, management, tls, dns, dns_management } = self.ports;
        let mut config = serde_json::json!({
            "listenAddress": format!("127.0.0.1:{acme}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.join("server.pem"),
            "privateKey": folder.join("server.key"),
            "httpPort": self.site.address.port(),
            "tlsPort": tls,
            "externalAccountBindingRequired": self.settings.external.is_some(),
        });
        if let Some((kid, key)) = self.settings.external {
            config["externalAccountMACKeys"] = serde_json::json!({ kid: key });
        }
        let file = folder.join("pebble.json");
        std::fs::write(&file, serde_json::json!({ "pebble": config }).to_string()).unwrap();
        let default = if self.settings.strict_dns { "" } else { "127.0.0.1" };
        let names = Command::new(PROGRAMS[1])
            .args([
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-defaultIPv6",
                "",
                "-defaultIPv4",
                default,
            ])
            .args([
                "-dns01",
                &format!("127.0.0.1:{dns}"),
                "-management",
                &format!("127.0.0.1:{dns_management}"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let log = std::fs::File::create(folder.join("pebble.log")).unwrap();
        let pebble = Command::new(PROGRAMS[0])
            .args(["-config", file.as_str(), "-strict", "-dnsserver", &format!("127.0.0.1:{dns}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_AUTHZREUSE", "0")
            .env("PEBBLE_WFE_NONCEREJECT", self.settings.nonces_refused.to_string())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.children = vec![names, pebble];
        for port in [acme, dns_management] {
            wait_for(port);
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/dir", self.ports.acme)
    }

    /// An address at which pebble answers, but not as a directory.
    pub(crate) fn other_url(&self) -> String {
        format!("https://localhost:{}/nothing", self.ports.management)
    }

    /// The certificate that vouches for its own.
    pub(crate) fn root(&self) -> &[u8] {
        self.root.as_bytes()
    }

    pub(crate) fn directory(&self) -> Directory {
        Directory::at(&self.url()).unwrap().trusting(self.root()).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.directory()).contact("me@blog.example.org".parse().unwrap())
    }

    /// A client with an account that was stored.
    pub(crate) fn client_of(&self, account: &[u8]) -> Client {
        self.client().account(Account::from_bytes(account).unwrap())
    }

    pub(crate) fn names(&self, names: &[&str]) -> Vec<DnsName> {
        names.iter().map(|name| self.directory().certifiable(name).unwrap()).collect()
    }

    /// Gives a name an address.
    pub(crate) fn lead(&self, name: &str, address: &str) {
        let body = serde_json::json!({ "host": format!("{name}."), "addresses": [address] }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports.dns_management)).unwrap();
        write!(
            stream,
            "POST /add-a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("pebble.log")).unwrap_or_default();
            eprintln!("{log}");
        }
    }
}

/// Ports that nobody listens on; all are taken at the same time, so that they differ.
fn free_ports<const N: usize>() -> [u16; N] {
    let taken: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    taken.map(|listener| listener.local_addr().unwrap().port())
}

fn wait_for(port: u16) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "nobody listens on port {port}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Writes a certificate for `localhost` with its key, and gives the root that vouches for it.
fn write_certificate(folder: Utf8PathBuf) -> String {
    let root_key = rcgen::KeyPair::generate().unwrap();
    let mut root = rcgen::CertificateParams::new([]).unwrap();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = root.self_signed(&root_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(root, root_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("server.pem"), server.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    pem
}
