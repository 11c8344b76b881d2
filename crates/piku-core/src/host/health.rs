//! Checks the health of a process with a request, as a browser would send it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

/// The timeout of a request.
const PATIENCE: Duration = Duration::from_secs(5);
/// The maximum size of a response: more than the headers ever need.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// What a process listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// HTTP over TCP.
    Http(SocketAddr),
    /// The uwsgi protocol over a unix socket.
    Uwsgi(Utf8PathBuf),
}

/// A response: its status and the beginning of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// Whether the status is 2xx or 3xx.
    pub(crate) fn is_healthy(&self) -> bool {
        (200..400).contains(&self.status)
    }
}

/// Whether the endpoint accepts a connection.
pub(crate) fn accepts(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Http(address) => TcpStream::connect_timeout(address, PATIENCE).is_ok(),
        Endpoint::Uwsgi(path) => UnixStream::connect(path).is_ok(),
    }
}

/// Connects to a uwsgi socket and waits until the connection is answered or closed, for at most `patience`.
pub(crate) fn wait_for_turn(socket: &Utf8Path, patience: Duration) {
    let Ok(mut stream) = UnixStream::connect(socket) else { return };
    drop(stream.set_read_timeout(Some(patience)));
    if stream.write_all(&piku_uwsgi::protocol::ping()).is_ok() {
        // A signal would interrupt a plain `read`.
        drop(stream.read_exact(&mut [0; 1]));
    }
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A response.
    Answer(Answer),
    /// The connection was closed before the headers of a response were complete.
    Nothing,
    /// The connection was accepted, but no response arrived in time.
    Late,
    /// The connection failed.
    Unreachable,
}

/// Requests `path` once; `None` if no response with complete headers arrived in time.
pub(crate) fn get(endpoint: &Endpoint, path: &str, host: &str) -> Option<Answer> {
    match ask(endpoint, path, host) {
        Reply::Answer(answer) => Some(answer),
        Reply::Nothing | Reply::Late | Reply::Unreachable => None,
    }
}

/// Requests `path` once.
pub(crate) fn ask(endpoint: &Endpoint, path: &str, host: &str) -> Reply {
    match endpoint {
        Endpoint::Http(address) => {
            let Ok(stream) = TcpStream::connect_timeout(address, PATIENCE) else { return Reply::Unreachable };
            drop(stream.set_read_timeout(Some(PATIENCE)));
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: piku\r\nConnection: close\r\n\r\n"
            );
            exchange(stream, request.as_bytes())
        }
        Endpoint::Uwsgi(socket) => {
            let Ok(stream) = UnixStream::connect(socket) else { return Reply::Unreachable };
            drop(stream.set_read_timeout(Some(PATIENCE)));
            exchange(stream, &piku_uwsgi::protocol::request(path, host))
        }
    }
}

fn exchange(mut stream: impl Read + Write, request: &[u8]) -> Reply {
    if stream.write_all(request).is_err() {
        return Reply::Nothing;
    }
    let mut bytes = Vec::new();
    // Even if the server keeps the connection open, what it sent so far is enough.
    let end = stream.take(LONGEST_ANSWER).read_to_end(&mut bytes);
    let late = end.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    read_answer(&bytes).map_or(if late { Reply::Late } else { Reply::Nothing }, Reply::Answer)
}

/// Parses the status and body of an HTTP/1 response.
fn read_answer(bytes: &[u8]) -> Option<Answer> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        // The status line is enough if there are too many headers to parse.
        Err(httparse::Error::TooManyHeaders) => bytes.len(),
        _ => return None,
    };
    let body = String::from_utf8_lossy(bytes.get(head..).unwrap_or_default()).into_owned();
    Some(Answer { status: response.code?, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = read_answer(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nblog 3").unwrap();
        assert_eq!((answer.status, answer.body.as_str(), answer.is_healthy()), (302, "blog 3", true));
        assert!(!read_answer(b"HTTP/1.0 500 Oops\r\n\r\n").unwrap().is_healthy());
        assert_eq!(read_answer(b"SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(read_answer(b"HTTP/1.1 200 OK\r\nCut: of"), None);
    }

    #[test]
    fn a_real_socket_is_asked() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::Http(server.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        assert_eq!(get(&endpoint, "/up", "blog.test").unwrap().status, 204);
        assert!(answering.join().unwrap().starts_with("GET /up HTTP/1.1\r\nHost: blog.test\r\n"));
    }
}
