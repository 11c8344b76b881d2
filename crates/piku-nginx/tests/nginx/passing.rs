//! How requests reach the app behind a site.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use camino::Utf8Path;
use piku_nginx::{Backend, Cache, DirectiveNames, SocketPath};

use crate::running::{Machine, machine, port};

/// An app that answers with the head of the request, and counts requests.
pub(crate) fn echo() -> SocketAddr {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head: Vec<String> = BufReader::new(&stream)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let count = ASKED.fetch_add(1, Ordering::Relaxed);
            let own = if head.first().is_some_and(|line| line.contains("/own")) {
                "Cache-Control: no-store\r\n"
            } else {
                ""
            };
            let status = if head.iter().any(|line| line.starts_with("Upgrade:")) {
                "101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade"
            } else {
                "200 OK\r\nConnection: close"
            };
            let large = match head.first().is_some_and(|line| line.contains("/large")) {
                true => format!("X-Large: {}\r\n", "x".repeat(32_000)),
                false => String::new(),
            };
            let body = head.join("\n");
            let _ = write!(stream, "HTTP/1.1 {status}\r\nX-Count: {count}\r\n{own}{large}\r\n{body}");
        }
    });
    address
}

/// A uwsgi-protocol app that answers with its variables.
pub(crate) fn uwsgi(path: &Utf8Path) {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4];
            stream.read_exact(&mut head).unwrap();
            let mut rest = vec![0; usize::from(u16::from_le_bytes([head[1], head[2]]))];
            stream.read_exact(&mut rest).unwrap();
            let mut words = Vec::new();
            let mut rest = rest.as_slice();
            while let [low, high, more @ ..] = rest {
                let (word, more) = more.split_at(usize::from(u16::from_le_bytes([*low, *high])));
                words.push(String::from_utf8_lossy(word).into_owned());
                rest = more;
            }
            let body: String = words.chunks(2).map(|pair| format!("{}\n", pair.join("="))).collect();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n\r\n{body}");
        }
    });
}

const LIES: &str = "X-Forwarded-Proto: https\r\nX-Forwarded-For: 6.6.6.6\r\nX-Remote-Address: 6.6.6.6\r\n\
                    X-Forwarded-Host: evil.example\r\nX-Forwarded-Ssl: on\r\nX-Forwarded-Port: 443\r\nForwarded: for=6.6.6.6\r\n\
                    X_Forwarded_Proto: https\r\nProxy: http://evil.example\r\nX-Real-IP: 6.6.6.6\r\nX-Kept: yes\r\n";

fn lying(machine: &Machine) -> String {
    let request =
        format!("GET /a%20b?c=d HTTP/1.1\r\nHost: Blog.example.org:8080\r\nConnection: close\r\n{LIES}\r\n");
    machine.ask(&request).unwrap().body
}

#[test]
fn an_app_over_http_hears_what_nginx_knows_and_not_what_a_client_claims() {
    let Some(mut machine) = machine() else { return };
    machine.add(&machine.site("blog", echo()));
    machine.start();
    let heard = lying(&machine);
    for line in [
        "GET /a%20b?c=d HTTP/1.1",
        "Host: blog.example.org:8080",
        "X-Forwarded-Proto: http",
        "X-Forwarded-For: 127.0.0.1",
        "X-Remote-Address: 127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        &format!("X-Forwarded-Port: {}", machine.http),
        "X-Kept: yes",
        "Connection: close",
    ] {
        assert!(heard.lines().any(|l| l == line), "no `{line}` in\n{heard}");
    }
    assert!(heard.contains("X-Request-Start: t=1"), "{heard}");
    for word in ["6.6.6.6", "evil", "Ssl", "https", "443"] {
        assert!(!heard.contains(word), "`{word}` in\n{heard}");
    }
    let answer = machine.get("blog.example.org", "/").unwrap();
    assert_eq!((answer.header("X-By"), answer.header("Server")), (Some("Shop"), Some("nginx")));
}

#[test]
fn large_headers_of_an_answer_pass_unless_the_app_s_own_file_decides() {
    let Some(mut machine) = machine() else { return };
    machine.add(&machine.site("blog", echo()));
    let mut shop = machine.site("shop", echo());
    shop.left_to_include = DirectiveNames::of("proxy_buffers 8 4k;");
    machine.add(&shop);
    machine.start();
    let large = machine.get("blog.example.org", "/large").unwrap();
    assert_eq!((large.status, large.header("X-Large").map(str::len)), (200, Some(32_000)));
    assert_eq!(machine.get("shop.example.org", "/large").unwrap().status, 502);
}

#[test]
fn the_host_is_the_one_that_chose_the_site() {
    let Some(mut machine) = machine() else { return };
    machine.add(&machine.site("blog", echo()));
    machine.start();
    let heard = machine
        .ask("GET http://blog.example.org/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(heard.unwrap().body.contains("Host: blog.example.org\n"));
}

#[test]
fn an_app_behind_uwsgi_hears_what_nginx_knows_and_not_what_a_client_claims() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    uwsgi(&machine.path("a b.sock"));
    site.backend = Backend::Uwsgi(vec![SocketPath::new(machine.path("a b.sock")).unwrap()]);
    site.tls = Some(machine.certificate());
    machine.add(&site);
    machine.start();
    let heard = lying(&machine);
    for line in [
        "REQUEST_METHOD=GET",
        "REQUEST_URI=/a%20b?c=d",
        "PATH_INFO=/a b",
        "QUERY_STRING=c=d",
        "SERVER_NAME=blog.example.org",
        "HTTP_HOST=blog.example.org:8080",
        "HTTP_X_FORWARDED_PROTO=http",
        "HTTP_X_FORWARDED_FOR=127.0.0.1",
        "HTTP_X_REMOTE_ADDRESS=127.0.0.1",
        "HTTP_X_KEPT=yes",
        "REMOTE_ADDR=127.0.0.1",
        "REQUEST_SCHEME=http",
    ] {
        assert!(heard.lines().any(|l| l == line), "no `{line}` in\n{heard}");
    }
    for word in ["6.6.6.6", "evil", "SSL", "HTTPS", "https"] {
        assert!(!heard.contains(word), "`{word}` in\n{heard}");
    }
    let heard = machine.get_tls("blog.example.org", "/").unwrap().body;
    assert!(heard.contains("\nHTTPS=on\n") && heard.contains("\nHTTP_X_FORWARDED_PROTO=https\n"), "{heard}");
}

#[test]
fn websockets_are_upgraded_and_nothing_else_is() {
    let Some(mut machine) = machine() else { return };
    machine.add(&machine.site("blog", echo()));
    machine.start();
    for (protocol, status) in [("websocket", 101), ("WebSocket", 101), ("h2c", 200), ("websocket, h2c", 200)]
    {
        let head = format!("Host: blog.example.org\r\nConnection: Upgrade, close\r\nUpgrade: {protocol}");
        let answer = machine.ask(&format!("GET /ws HTTP/1.1\r\n{head}\r\n\r\n")).unwrap();
        assert_eq!(answer.status, status, "{protocol}");
    }
}

#[test]
fn a_server_that_is_gone_is_passed_over() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    let gone = SocketAddr::from(([127, 0, 0, 1], port()));
    site.backend = Backend::Http(vec![gone, echo(), gone]);
    machine.add(&site);
    machine.start();
    for _ in 0..6 {
        assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 200);
    }
}

#[test]
fn an_app_scaled_to_nothing_is_unavailable_but_the_probe_answers() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    site.backend = Backend::Unavailable;
    machine.add(&site);
    machine.start();
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 503);
    assert_eq!(machine.get("blog.example.org", "/.well-known/shop/blog").unwrap().body, "blog");
}

#[test]
fn the_folders_of_git_are_nobodys_unless_allowed() {
    let Some(mut machine) = machine() else { return };
    machine.add(&machine.site("blog", echo()));
    let mut forge = machine.site("forge", echo());
    forge.allow_git_folders = true;
    machine.add(&forge);
    machine.start();
    for path in ["/.git", "/.git/config", "/x/.GIT/config", "/%2egit/config", "/x/..//.git/config"] {
        assert_eq!(machine.get("blog.example.org", path).unwrap().status, 404, "{path}");
        assert_eq!(machine.get("forge.example.org", path).unwrap().status, 200, "{path}");
    }
    for path in ["/x.git/info/refs", "/.gitignored", "/ENV"] {
        assert_eq!(machine.get("blog.example.org", path).unwrap().status, 200, "{path}");
    }
}

#[test]
fn what_is_cached_is_asked_once() {
    let Some(mut machine) = machine() else { return };
    let mut site = machine.site("blog", echo());
    let mut cache = Cache::new(machine.file_path("cache/blog"), Cache::parse_prefixes("/api,/x.y").unwrap());
    cache.control = 77;
    site.cache = Some(cache);
    machine.add(&site);
    machine.start();
    let ask = |path: &str| {
        let answer = machine.get("blog.example.org", path).unwrap();
        [answer.header("X-Cache"), answer.header("Cache-Control"), answer.header("X-By")]
            .map(|value| value.unwrap_or("-").to_owned())
            .join(" ")
    };
    assert_eq!(ask("/api/a?b=1"), "MISS public, max-age=77 Shop");
    assert_eq!(ask("/api/a?b=1"), "HIT public, max-age=77 Shop");
    assert_eq!(ask("/api/a?b=2"), "MISS public, max-age=77 Shop");
    assert_eq!(ask("/api/own"), "MISS no-store Shop");
    assert_eq!(ask("/api/own"), "MISS no-store Shop");
    for path in ["/", "/apis", "/xzy"] {
        assert_eq!(ask(path), "- - Shop", "{path}");
    }
    let request = "GET /api/a?b=1 HTTP/1.1\r\nHost: blog.example.org\r\nConnection: close\r\nAuthorization: Basic eA==\r\n\r\n";
    let answer = machine.ask(request).unwrap();
    assert_eq!((answer.header("X-Cache"), answer.header("Cache-Control")), (Some("BYPASS"), None));
}
