//! Starts an nginx for a test, and sends it requests.

use std::{
    cell::OnceCell,
    env, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{FilePath, Header, Instance, Probe, Site, SitePattern, Tls, Version};
use tempfile::TempDir;

/// A folder for one nginx, its sites, and their files.
pub(crate) struct Machine {
    folder: TempDir,
    nginx: Utf8PathBuf,
    pub(crate) http: u16,
    pub(crate) https: u16,
    child: Option<Child>,
    version: OnceCell<Version>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A value with a change.
pub(crate) fn but<T>(mut it: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut it);
    it
}

/// A probe that answers `answer`.
pub(crate) fn probe(path: &str, answer: &str) -> Probe {
    Probe::new(path.parse().unwrap(), answer.parse().unwrap())
}

/// The address of all tests; their ports differ.
pub(crate) const ADDRESS: &str = "127.9.9.1";

/// Returns a machine; `None` if nginx is not installed and not required.
///
/// `PIKU_TESTS_NGINX` names an nginx of another version.
pub(crate) fn machine() -> Option<Machine> {
    let usual = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];
    let usual = usual.into_iter().find(|path| Utf8Path::new(path).exists()).map(ToOwned::to_owned);
    let Some(nginx) = env::var("PIKU_TESTS_NGINX").ok().or(usual) else {
        assert!(env::var_os("CI").is_none(), "nginx is not installed");
        eprintln!("skipped: nginx is not installed");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine {
        folder,
        nginx: nginx.into(),
        http: port(),
        https: port(),
        child: None,
        version: OnceCell::new(),
    };
    for name in ["sites", "temp", "cache", "apps/blog"] {
        fs::create_dir_all(machine.path(name)).unwrap();
    }
    Some(machine)
}

/// Returns a free port, a different one each time.
pub(crate) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() % 1000) as u16 * 10;
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((ADDRESS, port)).is_ok() {
            return port;
        }
    }
}

impl Machine {
    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    pub(crate) fn file_path(&self, name: &str) -> FilePath {
        FilePath::new(self.path(name)).unwrap()
    }

    /// The version of nginx.
    pub(crate) fn version(&self) -> Version {
        *self.version.get_or_init(|| {
            let output = Command::new(&self.nginx).arg("-v").output().unwrap();
            String::from_utf8_lossy(&output.stderr).parse().unwrap()
        })
    }

    /// Writes a file below the folder of the app `blog`.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.path("apps/blog").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn tree(&self) -> Utf8PathBuf {
        self.path("apps/blog")
    }

    /// A site of the app `name` on this machine's ports.
    pub(crate) fn site(&self, name: &str, backend: SocketAddr) -> Site {
        let host = format!("{}.example.org", name.to_lowercase());
        let mut site = Site::proxied(name, [host.as_str()], &backend.to_string()).unwrap();
        site.headers = vec![Header::new("X-By", "Shop").unwrap()];
        site.never_served = ["ENV", "Procfile"].map(|name| name.parse().unwrap()).into();
        site.probe = Some(probe(&format!("/.well-known/shop/{name}"), name));
        site.listen.ipv4 = ADDRESS.parse().ok();
        site.listen.ipv6 = None;
        site.listen.http_port = self.http;
        site.listen.https_port = self.https;
        site
    }

    pub(crate) fn certificate(&self) -> Tls {
        let (certificate, key) = (self.file_path("site.crt"), self.file_path("site.key"));
        if !certificate.as_path().exists() {
            let made = rcgen::generate_simple_self_signed(vec!["blog.example.org".to_owned()]).unwrap();
            fs::write(certificate.as_path(), made.cert.pem()).unwrap();
            fs::write(key.as_path(), made.signing_key.serialize_pem()).unwrap();
        }
        Tls::new(certificate, key)
    }

    /// Writes a site into a file with the name of the app.
    pub(crate) fn add(&self, site: &Site) {
        self.add_text(site.name.as_str(), &site.render());
    }

    pub(crate) fn add_text(&self, name: &str, text: &str) {
        fs::write(self.path("sites").join(format!("{name}.conf")), text).unwrap();
    }

    /// Returns everything that `nginx -t` prints, except its approval.
    pub(crate) fn complaints(&self) -> String {
        self.configure();
        let output = self.command().arg("-t").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let complaints: Vec<&str> = said
            .lines()
            .filter(|line| !line.contains("syntax is ok") && !line.contains("test is successful"))
            .collect();
        assert!(output.status.success() || !complaints.is_empty());
        complaints.join("\n")
    }

    /// An instance with the sites of this machine.
    pub(crate) fn instance(&self) -> Instance {
        let sites = SitePattern::in_folder(self.path("sites").as_str()).unwrap();
        let file = |name| self.file_path(name);
        let instance = Instance::new(sites, file("nginx.pid"), file("refused.log"), file("temp"));
        but(instance, |it| {
            it.addresses = vec![ADDRESS.parse().unwrap()];
            it.http_port = self.http;
            it.https_port = self.https;
        })
    }

    /// Starts nginx with this main configuration and the sites so far.
    pub(crate) fn start_instance(&mut self, instance: &Instance) {
        fs::write(self.path("nginx.conf"), instance.to_string()).unwrap();
        let output = self.command().arg("-t").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.listen();
    }

    /// Reloads the configuration.
    pub(crate) fn reload(&self) {
        assert!(self.command().args(["-s", "reload"]).status().unwrap().success());
    }

    /// Starts nginx with the sites so far.
    pub(crate) fn start(&mut self) {
        assert_eq!(self.complaints(), "");
        self.listen();
    }

    fn listen(&mut self) {
        let child = self.command().stderr(Stdio::null()).spawn().unwrap();
        self.child = Some(child);
        let late = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((ADDRESS, self.http)).is_err() {
            assert!(Instant::now() < late, "nginx does not listen");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Requests `path` from `host` over HTTP. `None` if the connection is closed without an answer.
    pub(crate) fn get(&self, host: &str, path: &str) -> Option<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn ask(&self, request: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect((ADDRESS, self.http)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        answer(&String::from_utf8_lossy(&bytes))
    }

    /// Requests `path` over HTTPS, with `curl`. `None` if the handshake is refused, or the connection closed without
    /// an answer.
    pub(crate) fn get_tls(&self, host: &str, path: &str) -> Option<Answer> {
        let resolve = format!("{host}:{}:{ADDRESS}", self.https);
        let url = format!("https://{host}:{}{path}", self.https);
        let output = Command::new("curl")
            .args(["-ksi", "--max-time", "10", "--noproxy", "*", "--path-as-is", "--resolve", &resolve, &url])
            .output()
            .expect("curl is needed to ask over TLS");
        answer(&String::from_utf8_lossy(&output.stdout))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.nginx);
        command.args(["-p", self.path("").as_str(), "-c", self.path("nginx.conf").as_str(), "-e"]);
        command.arg(self.path("error.log").as_str());
        command
    }

    fn configure(&self) {
        let folder = self.path("");
        let folder = folder.as_str().trim_end_matches('/');
        let user = match fs::metadata(folder).unwrap().uid() {
            0 => "user root;\n",
            _ => "",
        };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("    {kind}_temp_path {folder}/temp/{kind};\n"))
            .concat();
        let text = format!(
            "{user}daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n\
             events {{ }}\nhttp {{\n    access_log {folder}/access.log;\n{temporary}    \
             types {{ text/html html; text/css css; text/plain txt; }}\n    default_type application/octet-stream;\n    \
             include {folder}/sites/*.conf;\n}}\n"
        );
        fs::write(self.path("nginx.conf"), text).unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A killed master leaves its workers behind.
            Command::new("kill").arg(child.id().to_string()).status().ok();
            child.wait().ok();
        }
    }
}

fn answer(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
