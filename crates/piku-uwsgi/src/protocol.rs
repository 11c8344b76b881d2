//! The uwsgi protocol, as far as needed to request one page from an app.
//!
//! The answer is HTTP: a status line, a head, and a body that ends with the connection.
//! See <https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html>.

/// Makes a `GET` request for `path`, which may include a query after `?`, as a packet for a uwsgi socket.
///
/// `host` is the requested host as the app sees it, with or without a port. Each is cut off after 4096 bytes, because
/// a packet holds 64 KiB.
///
/// ```
/// let packet = piku_uwsgi::protocol::request("/health", "localhost");
/// assert_eq!(packet[0], 0, "the modifier of WSGI");
/// ```
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

/// Makes a packet that asks whether uWSGI listens. uWSGI answers it itself, without the app.
#[must_use]
pub fn ping() -> [u8; 4] {
    [PING, 0, 0, 0]
}

/// The modifier of a ping (`UWSGI_MODIFIER_PING`).
const PING: u8 = 100;

fn push(body: &mut Vec<u8>, text: &str) {
    let text = &text.as_bytes()[..text.len().min(4096)];
    body.extend(length(text.len()));
    body.extend(text);
}

/// Encodes a length as the protocol does: 16 bits, little-endian.
fn length(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Decodes a packet as uWSGI does.
    fn vars(packet: &[u8]) -> BTreeMap<String, String> {
        let size = usize::from(u16::from_le_bytes([packet[1], packet[2]]));
        assert_eq!((packet[0], packet[3], packet.len()), (0, 0, size + 4));
        let mut rest = &packet[4..];
        let mut next = || {
            (!rest.is_empty()).then(|| {
                let (length, after) = rest.split_at(2);
                let (text, after) = after.split_at(u16::from_le_bytes([length[0], length[1]]).into());
                rest = after;
                String::from_utf8_lossy(text).into_owned()
            })
        };
        let mut vars = BTreeMap::new();
        while let Some(key) = next() {
            vars.insert(key, next().unwrap());
        }
        vars
    }

    #[test]
    fn a_request_tells_the_app_what_wsgi_wants() {
        let vars = vars(&request("/health?deep=1", "blog.example.org:8080"));
        let text: String = vars.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        insta::assert_snapshot!(text, @r"
        CONTENT_LENGTH=
        CONTENT_TYPE=
        HTTP_HOST=blog.example.org:8080
        HTTP_USER_AGENT=piku-uwsgi
        PATH_INFO=/health
        QUERY_STRING=deep=1
        REMOTE_ADDR=127.0.0.1
        REMOTE_PORT=0
        REQUEST_METHOD=GET
        REQUEST_URI=/health?deep=1
        SCRIPT_NAME=
        SERVER_NAME=blog.example.org
        SERVER_PORT=8080
        SERVER_PROTOCOL=HTTP/1.1
        ");
    }

    #[test]
    fn a_host_without_a_port_means_80() {
        let vars = vars(&request("/", "blog"));
        assert_eq!((vars["SERVER_NAME"].as_str(), vars["SERVER_PORT"].as_str()), ("blog", "80"));
    }

    proptest! {
        #[test]
        fn any_request_is_a_whole_packet(path in "(?s).{0,6000}", host in "(?s).{0,50}") {
            let vars = vars(&request(&path, &host));
            prop_assert_eq!(vars.len(), 14);
            prop_assert_eq!(&vars["HTTP_HOST"], &host);
        }
    }
}
