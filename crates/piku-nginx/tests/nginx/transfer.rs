//! Large requests, and answers that come one part at a time.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use piku_nginx::{Hsts, Site};

use crate::{
    passing::echo,
    running::{ADDRESS, Machine, but, machine},
};

/// An app that reads the body of a request, and answers with its length.
fn counting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                if let Some(number) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = number.parse().unwrap();
                }
            }
            let read = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap_or(0);
            let _ = write!(
                reader.get_mut(),
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{read}",
                read.to_string().len()
            );
        }
    });
    address
}

/// Sends a body of so many bytes; the status of the answer, and its body.
fn upload(machine: &Machine, host: &str, length: u64) -> (u16, String) {
    let mut stream = TcpStream::connect((ADDRESS, machine.http)).unwrap();
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).unwrap();
    stream.set_write_timeout(timeout).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    // nginx may answer, and close, before it has all of it.
    let _ = std::io::copy(&mut std::io::repeat(b'x').take(length), &mut stream);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn a_large_upload_passes_up_to_the_limit() {
    let Some(mut machine) = machine() else { return };
    let app = counting();
    for (name, size, buffering) in [
        ("usual", None, true),
        ("large", Some("100m"), true),
        ("streamed", Some("100m"), false),
        ("all", Some("0"), true),
    ] {
        machine.add(&but(machine.site(name, app), |site| {
            site.max_body_size = size.map(|size| size.parse().unwrap());
            site.buffering = buffering;
        }));
    }
    machine.start();
    let large = 100 << 20;
    for host in ["large.example.org", "streamed.example.org"] {
        assert_eq!(upload(&machine, host, large), (200, large.to_string()), "{host}");
        assert_eq!(upload(&machine, host, large + 1).0, 413, "{host}");
    }
    assert_eq!(upload(&machine, "usual.example.org", 1 << 20).0, 200);
    assert_eq!(upload(&machine, "usual.example.org", (1 << 20) + 1).0, 413);
    assert_eq!(upload(&machine, "all.example.org", 3 << 20).0, 200);
}

/// An app that sends a part of an answer for each word that the test sends, and one at once.
fn speaking(words: Receiver<String>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let asked = BufReader::new(&stream).lines().map_while(Result::ok).find(String::is_empty);
        assert!(asked.is_some());
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 0\n\n";
        stream.write_all(head.as_bytes()).unwrap();
        for word in words {
            // At once: nginx passes on each part as it comes.
            stream.write_all(format!("data: {word}\n\n").as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn events_come_one_by_one_without_buffering() {
    let Some(mut machine) = machine() else { return };
    let (say, words) = channel();
    machine.add(&but(machine.site("blog", speaking(words)), |site| site.buffering = false));
    machine.start();
    let mut stream = TcpStream::connect((ADDRESS, machine.http)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: blog.example.org\r\nAccept-Encoding: gzip\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    // Each is here before the app has the word for the next.
    for number in 0..4 {
        let event = format!("data: {number}");
        assert!(lines.any(|line| line == event), "{event}");
        say.send((number + 1).to_string()).unwrap();
    }
}

#[test]
fn an_app_that_takes_too_long_is_given_up() {
    let Some(mut machine) = machine() else { return };
    // Accepts, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    machine.add(&but(machine.site("blog", silent.local_addr().unwrap()), |site| site.timeout = 1));
    machine.start();
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 504);
}

#[test]
fn a_part_of_a_file_can_be_requested() {
    let Some(mut machine) = machine() else { return };
    machine.file("public/a.txt", "0123456789");
    let tree = machine.tree();
    machine.add(&but(machine.site("blog", echo()), |site| {
        site.statics =
            piku_nginx::StaticPath::parse_list("/static:public", &piku_nginx::Servable::tree(&tree)).unwrap();
        site.hsts = Some(Hsts::new(60));
    }));
    machine.start();
    let request = "GET /static/a.txt HTTP/1.1\r\nHost: blog.example.org\r\nConnection: close\r\nRange: bytes=2-4\r\n\r\n";
    let answer = machine.ask(request).unwrap();
    assert_eq!((answer.status, answer.header("Content-Range")), (206, Some("bytes 2-4/10")));
    assert_eq!(answer.body, "234");
}

#[test]
fn a_site_answers_over_ipv6_as_over_ipv4() {
    let Some(mut machine) = machine() else { return };
    if TcpListener::bind((Ipv6Addr::LOCALHOST, machine.http)).is_err() {
        assert!(std::env::var_os("CI").is_none(), "this machine has no IPv6");
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let both = |site: &mut Site| {
        site.listen.ipv6 = Some(Ipv6Addr::LOCALHOST);
        site.allow_only = Some(Vec::new());
        site.trusted = Some(piku_nginx::Trusted::new(vec!["::1".parse().unwrap()]));
    };
    machine.add(&but(machine.site("blog", echo()), both));
    machine.start();
    let mut stream = TcpStream::connect((Ipv6Addr::LOCALHOST, machine.http)).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: blog.example.org\r\nConnection: close\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n")
        .unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert!(heard.contains("X-Forwarded-For: 2001:db8::7\n"), "{heard}");
    assert_eq!(machine.get("blog.example.org", "/").unwrap().status, 200);
}
