//! Requests to apps, like a browser's.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(15);

/// The answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values, in order.
    pub headers: Vec<(String, String)>,
    /// Everything after the headers.
    pub body: String,
}

impl Response {
    /// Parses the part of an HTTP/1.0 or 1.1 answer received so far, once its head is complete; it must not be
    /// chunked.
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

    /// The first header with this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// Requests a path of a host.
///
/// # Errors
///
/// When nothing listens, or the connection ends without a complete answer.
pub fn get(address: SocketAddr, host: &str, path: &str) -> io::Result<Response> {
    ask(address, &format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"))
}

/// Sends a request unchanged, and reads a complete answer: up to its length, or until the connection is closed.
///
/// # Errors
///
/// Like [`get`].
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

/// Reads what has arrived, and retries after a signal, such as that a child of the test has ended.
pub(crate) fn read_some(stream: &mut TcpStream, part: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(part) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Requests a path over TLS, without verifying the certificate; needs curl.
///
/// # Errors
///
/// When curl is missing or gets no complete answer.
pub fn get_https(address: SocketAddr, host: &str, path: &str) -> io::Result<Response> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--insecure", "--include", "--http1.0", "--max-time", "15"]);
    curl.args(["--resolve", &format!("{host}:{}:{}", address.port(), address.ip())]);
    curl.arg(format!("https://{host}:{}{path}", address.port()));
    let output = curl.output()?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    Response::parse(&output.stdout).ok_or_else(|| io::Error::other(said()))
}
