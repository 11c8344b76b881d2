//! Asking an app as a browser would.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(15);

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values, in their order.
    pub headers: Vec<(String, String)>,
    /// What follows the headers.
    pub body: String,
}

impl Response {
    /// Reads what has come of an answer of HTTP/1.0 or 1.1, not chunked, once its head is whole.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        Some(Self { status, headers, body: body.to_owned() })
    }

    pub(crate) fn has_length(&self) -> bool {
        self.header("content-length").is_some()
    }

    pub(crate) fn is_whole(&self) -> bool {
        let length = self.header("content-length").and_then(|length| length.parse().ok());
        length.is_some_and(|length: usize| self.body.len() >= length)
    }

    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// Asks for a path of a host.
///
/// # Errors
///
/// When nobody listens, or the connection ends without a whole answer.
pub fn get(address: SocketAddr, host: &str, path: &str) -> io::Result<Response> {
    ask(address, &format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"))
}

/// Sends a request as it is, and reads a whole answer: as long as it says, or until the other end closes.
///
/// # Errors
///
/// As [`get`].
pub fn ask(address: SocketAddr, request: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = read_some(&mut stream, &mut part)?;
        answer.extend_from_slice(&part[..read]);
        let response = Response::parse(&answer);
        if let Some(response) = response.filter(|response| read == 0 || response.is_whole()) {
            return Ok(response);
        }
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer"));
        }
    }
}

/// Reads what has come; a signal, such as that a child of the test has ended, is no reason to give up.
pub(crate) fn read_some(stream: &mut TcpStream, part: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(part) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Asks over TLS, without checking who signed the certificate; needs curl.
///
/// # Errors
///
/// When curl is missing or does not get a whole answer.
pub fn get_https(address: SocketAddr, host: &str, path: &str) -> io::Result<Response> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--insecure", "--include", "--http1.0", "--max-time", "15"]);
    curl.args(["--resolve", &format!("{host}:{}:{}", address.port(), address.ip())]);
    curl.arg(format!("https://{host}:{}{path}", address.port()));
    let output = curl.output()?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    Response::parse(&output.stdout).ok_or_else(|| io::Error::other(said()))
}
