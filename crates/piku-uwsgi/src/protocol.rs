//! The uwsgi protocol, as far as asking an app for one page takes it.
//!
//! The answer is that of HTTP: a status line, a head, and a body that ends with the connection.

/// Makes one `GET` of `path`, which may carry a query after `?`, as a packet for a uwsgi socket.
///
/// `host` is what the app sees as the host that was asked for, with or without a port.
pub fn request(path: &str, host: &str) -> Vec<u8> {
    let (path_info, query) = path.split_once('?').unwrap_or((path, ""));
    let (name, port) =
        host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).unwrap_or((host, "80"));
    let vars = [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", path),
        ("PATH_INFO", path_info),
        ("QUERY_STRING", query),
        ("SCRIPT_NAME", ""),
        ("CONTENT_TYPE", ""),
        ("CONTENT_LENGTH", ""),
        ("SERVER_NAME", name),
        ("SERVER_PORT", port),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REMOTE_PORT", "0"),
        ("HTTP_HOST", host),
        ("HTTP_USER_AGENT", "piku-uwsgi"),
    ];
    let mut body = Vec::new();
    for (key, value) in vars {
        push(&mut body, key);
        push(&mut body, value);
    }
    let mut packet = vec![0];
    packet.extend(length(body.len()));
    packet.push(0);
    packet.extend(body);
    packet
}

fn push(body: &mut Vec<u8>, text: &str) {
    let text = &text.as_bytes()[..text.len().min(4096)];
    body.extend(length(text.len()));
    body.extend(text);
}

/// Writes a length as the protocol does: 16 bits, the low byte first.
fn length(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}
