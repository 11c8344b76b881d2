//! A WebSocket, as far as tests need it: short messages of text.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(15);

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    stream: TcpStream,
}

impl WebSocket {
    /// Asks for the protocol, and waits until the server has switched to it.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr, host: &str, path: &str) -> Self {
        let mut stream =
            TcpStream::connect_timeout(&address, PATIENCE).expect("the server accepts a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket can have a time limit");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a request can be sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            let read = stream.read(&mut byte).expect("an answer can be read");
            assert!(read == 1, "no whole answer: {}", String::from_utf8_lossy(&head));
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        assert!(head.starts_with("HTTP/1.1 101 "), "http://{host}{path} is no WebSocket: {head}");
        Self { stream }
    }

    /// Sends a message of less than 126 bytes, and waits for the answer.
    ///
    /// # Panics
    ///
    /// When there is none, or it is longer.
    #[track_caller]
    #[must_use]
    pub fn ask(&mut self, message: &str) -> String {
        let length = u8::try_from(message.len()).ok().filter(|length| *length < 126);
        let length = length.expect("a message of a test is short");
        // A whole message of text. Clients mask what they send; a mask of zeros changes nothing.
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(message.as_bytes());
        self.stream.write_all(&frame).expect("a message can be sent");
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).expect("an answer arrives");
        assert!(head[0] == 0x81 && head[1] < 126, "the answer is no short text: {head:?}");
        let mut text = vec![0; usize::from(head[1])];
        self.stream.read_exact(&mut text).expect("an answer arrives whole");
        String::from_utf8(text).expect("the answer is UTF-8")
    }
}
