//! A certificate authority of the test's own: Debian's pebble, with its name server.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};

use camino::Utf8Path;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::child::Process;
use crate::{eventually, machine};

/// A pebble that believes that every name leads to one address, where it asks on port 80.
#[derive(Debug)]
pub struct Pebble {
    processes: Vec<Process>,
    acme: u16,
    management: u16,
    root: String,
}

impl Pebble {
    /// Starts it, with its files in `folder`.
    ///
    /// # Panics
    ///
    /// When it is missing or doesn't start.
    #[must_use]
    pub fn start(folder: &Utf8Path, address: Ipv4Addr) -> Self {
        let folder = folder.join("pebble");
        fs::create_dir_all(&folder).expect("a folder can be made");
        let [acme, management, tls, dns, names] = free_ports();
        let root = write_certificate(&folder);
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{acme}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.join("server.pem"),
            "privateKey": folder.join("server.key"),
            "httpPort": 80,
            "tlsPort": tls,
        }});
        let file = folder.join("pebble.json");
        fs::write(&file, config.to_string()).expect("its configuration can be written");
        let mut servers = Command::new(machine::require("pebble-challtestsrv").as_str());
        servers.args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]);
        servers.args(["-defaultIPv4", &address.to_string(), "-dns01", &format!("127.0.0.1:{dns}")]);
        servers.args(["-management", &format!("127.0.0.1:{names}")]);
        let mut pebble = Command::new(machine::require("pebble").as_str());
        pebble.args(["-config", file.as_str(), "-strict", "-dnsserver", &format!("127.0.0.1:{dns}")]);
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        let processes = [("the name server of pebble", servers), ("pebble", pebble)];
        let processes = processes.map(|(name, mut command)| {
            let log = File::create(folder.join("pebble.log")).expect("a log can be made");
            command.stdin(Stdio::null()).stdout(log.try_clone().expect("it can be opened twice")).stderr(log);
            Process::start(name, &mut command)
        });
        for port in [acme, names] {
            eventually("pebble listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        }
        Self { processes: processes.into(), acme, management, root }
    }

    /// The address of its directory.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}/dir", self.acme)
    }

    /// The certificate that vouches for its own server.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The certificate that vouches for those that it issues; needs curl.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    #[must_use]
    pub fn issues_below(&self) -> String {
        let url = format!("https://localhost:{}/roots/0", self.management);
        let output = Command::new("curl").args(["--silent", "--insecure", &url]).output();
        let text = String::from_utf8_lossy(&output.expect("curl starts").stdout).into_owned();
        assert!(text.contains("BEGIN CERTIFICATE"), "pebble's root: {text}");
        text
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.processes.clear();
    }
}

/// Ports that nobody listens on; all are taken at the same time, so that they differ.
fn free_ports<const N: usize>() -> [u16; N] {
    let free = || TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let taken: [TcpListener; N] = std::array::from_fn(|_| free());
    taken.map(|listener| listener.local_addr().map_or(0, |address| address.port()))
}

/// Writes a certificate for `localhost` with its key, and gives the root that vouches for it.
fn write_certificate(folder: &Utf8Path) -> String {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (root_key, key) =
        (KeyPair::generate().expect("a key can be made"), KeyPair::generate().expect("a key can be made"));
    let pem = root.self_signed(&root_key).expect("a certificate can be made").pem();
    let issuer = Issuer::new(root, root_key);
    let server = CertificateParams::new(["localhost".to_owned()]).expect("it is a name");
    let server = server.signed_by(&key, &issuer).expect("a certificate can be made").pem();
    for (name, text) in [("server.pem", server), ("server.key", key.serialize_pem())] {
        fs::write(folder.join(name), text).expect("a file can be written");
    }
    pem
}
