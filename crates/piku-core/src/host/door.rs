//! Requests a page as a browser would: through nginx, over HTTP and HTTPS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use super::{files, tls};
use crate::gate::maintenance::PASS;

/// The port of HTTPS.
pub(crate) const HTTPS: u16 = 443;

/// How long nginx may take to show its certificate.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// How much of a page to read: enough to tell whether nginx wrote it.
const LONGEST_PAGE: usize = 64 * 1024;

/// How long to wait for the rest of a page after its headers. Some pages never end.
const REST: Duration = Duration::from_millis(200);

/// Part of every error page of nginx.
const NGINX_PAGE: &[u8] = b"<hr><center>nginx";

/// The addresses on which nginx serves a site, and the host name to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    /// A host name of the site, not a pattern.
    pub(crate) host: String,
    /// The certificate of the site.
    pub(crate) certificate: Utf8PathBuf,
    /// Whether HTTP only redirects to HTTPS.
    pub(crate) https_only: bool,
    /// The secret that opens the site during a maintenance.
    pub(crate) pass: Option<String>,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A response.
    Status {
        /// The status code.
        status: u16,
        /// Whether the body is an error page of nginx.
        nginx_page: bool,
    },
    /// The connection was closed without a response.
    Nothing,
    /// The connection was accepted, but no response arrived in time.
    Late,
    /// The connection or the TLS handshake failed, for this reason.
    Closed(String),
}

/// The outcome of a request over HTTPS, and whether nginx presented the site's certificate.
pub(crate) struct HeardSecurely {
    pub(crate) heard: Heard,
    pub(crate) own_certificate: bool,
}

impl Door {
    /// Requests `path` over HTTP; gives up at `until`.
    pub(crate) fn ask(&self, path: &str, until: Instant) -> Heard {
        let request = Request { path, host: &self.host, pass: self.pass.as_deref() };
        ask_over_http(self.http, &request, until)
    }

    /// Requests `path` over HTTPS. Any issuer is accepted, but the result says whether the certificate is the site's.
    pub(crate) fn ask_securely(&self, path: &str, until: Instant) -> HeardSecurely {
        let request = Request { path, host: &self.host, pass: self.pass.as_deref() };
        let connected = Timed::connect(self.https, until).and_then(|stream| tls::over(stream, &self.host));
        match connected {
            Ok(mut stream) => {
                let expected = files::read(&self.certificate).ok().flatten();
                let own_certificate = expected.is_none_or(|pem| tls::shows(&stream, &pem));
                let heard = exchange(&mut stream, |stream| stream.sock.hurry(), &request);
                HeardSecurely { heard, own_certificate }
            }
            Err(error) => HeardSecurely { heard: unheard(&error), own_certificate: true },
        }
    }
}

/// Whether nginx presents the first certificate of this PEM text for a host.
pub(crate) fn presents(address: SocketAddr, host: &str, chain: &[u8]) -> bool {
    let connected =
        Timed::connect(address, Instant::now() + HANDSHAKE).and_then(|stream| tls::over(stream, host));
    connected.is_ok_and(|stream| tls::shows(&stream, chain))
}

/// Requests a path of a host over HTTP; gives up at `until`.
pub(crate) fn ask(address: SocketAddr, host: &str, path: &str, until: Instant) -> Heard {
    ask_over_http(address, &Request { path, host, pass: None }, until)
}

fn ask_over_http(address: SocketAddr, request: &Request<'_>, until: Instant) -> Heard {
    match Timed::connect(address, until) {
        Ok(mut stream) => exchange(&mut stream, Timed::hurry, request),
        Err(error) => unheard(&error),
    }
}

/// What is requested.
struct Request<'a> {
    path: &'a str,
    host: &'a str,
    pass: Option<&'a str>,
}

impl Request<'_> {
    fn text(&self) -> String {
        let Self { path, host, pass } = self;
        let pass = pass.map(|pass| format!("{PASS}: {pass}\r\n")).unwrap_or_default();
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: piku\r\n{pass}Connection: close\r\n\r\n")
    }
}

/// A connection with one deadline for all operations.
#[derive(Debug)]
pub(crate) struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn connect(address: SocketAddr, until: Instant) -> io::Result<Self> {
        let left = until.saturating_duration_since(Instant::now());
        let stream = TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1)))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, until })
    }

    fn hurry(&mut self) {
        self.until = self.until.min(Instant::now() + REST);
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Sends a request and reads the headers of the response, and what arrives of its body shortly after: some apps log an
/// error if the client closes early.
fn exchange<S: Read + Write>(stream: &mut S, hurry: impl FnOnce(&mut S), request: &Request<'_>) -> Heard {
    if let Err(error) = stream.write_all(request.text().as_bytes()).and_then(|()| stream.flush()) {
        return if is_late(&error) { Heard::Late } else { Heard::Nothing };
    }
    let (mut bytes, mut hurry) = (Vec::new(), Some(hurry));
    let mut status = None;
    let end = loop {
        let mut part = [0; 8192];
        match stream.read(&mut part) {
            Ok(0) => break Heard::Nothing,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if is_late(&error) => break Heard::Late,
            Err(_) => break Heard::Nothing,
        }
        status = status.or_else(|| status_of(&bytes));
        if status.is_some() {
            if let Some(hurry) = hurry.take() {
                hurry(stream);
            }
            if bytes.len() > LONGEST_PAGE {
                break Heard::Nothing;
            }
        }
    };
    let nginx_page = || bytes.windows(NGINX_PAGE.len()).any(|window| window == NGINX_PAGE);
    status.map_or(end, |status| Heard::Status { status, nginx_page: nginx_page() })
}

/// The status of a response, once its headers are complete.
fn status_of(bytes: &[u8]) -> Option<u16> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders) => response.code,
        _ => None,
    }
}

fn unheard(error: &io::Error) -> Heard {
    if is_late(error) { Heard::Late } else { Heard::Closed(error.to_string()) }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Serves one request: sends `answer`, then keeps the connection open for `silence`.
    fn heard(answer: &'static [u8], silence: Duration) -> (Heard, String) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let http = server.local_addr().unwrap();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer).unwrap();
            let _ = wait.recv_timeout(silence);
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let door = Door {
            http,
            https: http,
            host: "blog.test".to_owned(),
            certificate: "/nowhere".into(),
            https_only: false,
            pass: None,
        };
        let heard = door.ask("/up?x=1", Instant::now() + Duration::from_millis(800));
        drop(done);
        (heard, answering.join().unwrap())
    }

    #[test]
    fn an_answer_is_told_from_none_and_from_nginxs_own() {
        let at_once = Duration::ZERO;
        let status = |status, nginx_page| Heard::Status { status, nginx_page };
        let page = b"HTTP/1.1 502 Bad Gateway\r\n\r\n<h1>502</h1><hr><center>nginx/1.22.1</center>";
        assert_eq!(heard(page, at_once).0, status(502, true));
        assert_eq!(heard(b"HTTP/1.1 502 Bad Gateway\r\n\r\nmine", at_once).0, status(502, false));
        assert_eq!(heard(b"", at_once).0, Heard::Nothing);
        assert_eq!(heard(b"HTTP/1.1 200 OK\r\nCut: of", at_once).0, Heard::Nothing);
        let (answer, request) = heard(b"HTTP/1.1 204 No Content\r\n\r\n", at_once);
        assert_eq!(answer, status(204, false));
        assert!(request.starts_with("GET /up?x=1 HTTP/1.1\r\nHost: blog.test\r\n"), "{request}");
    }

    #[test]
    fn nobody_waits_for_long_for_a_page_that_never_ends() {
        let (began, long) = (Instant::now(), Duration::from_secs(20));
        let endless = heard(b"HTTP/1.1 200 OK\r\n\r\ndata: 1\n", long).0;
        assert_eq!(endless, Heard::Status { status: 200, nginx_page: false });
        assert!(began.elapsed() < Duration::from_millis(700), "{:?}", began.elapsed());
        assert_eq!(heard(b"HTTP/1.1 200 OK\r\n", long).0, Heard::Late);
    }

    #[test]
    fn nobody_there_is_a_reason() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let door = Door {
            http: free,
            https: free,
            host: "x".to_owned(),
            certificate: "/x".into(),
            https_only: false,
            pass: None,
        };
        let until = Instant::now() + Duration::from_secs(1);
        assert!(matches!(door.ask("/", until), Heard::Closed(_)));
        assert!(matches!(door.ask_securely("/", until).heard, Heard::Closed(_)));
    }
}
