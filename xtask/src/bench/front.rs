//! `cargo xtask bench front`: requests through the sites that piku writes, beside sites written by hand.
//!
//! Both are served by the same nginx, to the same files and the same processes, in turns.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use piku_tests::machine::Need;
use piku_tests::{App, TestServer, eventually, http};

use crate::{prepare, program, step};

/// How much slower than the site by hand a site of piku's may be.
const LIMIT: f64 = 0.97;
/// How many connections send requests, one after the other.
const CONNECTIONS: usize = 4;
/// How many requests a connection is used for; nginx closes it after 1,000.
const KEPT_FOR: u32 = 900;
/// The port of the sites by hand.
const BY_HAND: u16 = 8088;

/// Measures, and prints a table.
///
/// # Errors
///
/// When a requirement is missing, or a site of piku's is more than 3 % slower.
pub(crate) fn run(rounds: usize, seconds: f64) -> Result<(), String> {
    prepare::prepare(prepare::For::Demo)?;
    if let Some(missing) = Need::Nginx.missing() {
        return Err(missing);
    }
    program::release()?;
    step::announce("making the sites");
    let server = TestServer::with_nginx();
    let apps = [("static", "/"), ("hello-wsgi", "/"), ("hello-web", "/")];
    let apps = apps.map(|(from, path)| {
        let app = server.app_from(from, from).served_as(&format!("{from}.test"));
        app.push().succeeds();
        (app, path)
    });
    for (app, path) in &apps {
        let name = app.name();
        let text = by_hand(&server, app);
        fs::write(server.root().join(format!("nginx/hand-{name}.conf")), text)
            .map_err(|error| error.to_string())?;
        eventually("nginx serves the site by hand", || {
            let there = http::get(hand(server.address()), &format!("{name}.hand"), path);
            there.is_ok_and(|answer| answer.status == 200).then_some(())
        });
    }

    step::announce("measuring");
    println!("\n| app | requests a second | by hand | ratio |\n|---|---|---|---|");
    let mut slowest = f64::INFINITY;
    let time = Duration::from_secs_f64(seconds);
    for (app, path) in &apps {
        let name = app.name();
        let ours = (SocketAddr::from((server.address(), 80)), format!("{name}.test"));
        let theirs = (hand(server.address()), format!("{name}.hand"));
        let (mut own, mut other) = (Vec::new(), Vec::new());
        // Who comes first alternates too: the machine slows down when it gets warm.
        for round in 0..rounds {
            let measure = |one: &(SocketAddr, String), rates: &mut Vec<f64>| {
                rate(one.0, &one.1, path, time)
                    .map(|rate| rates.push(rate))
                    .map_err(|error| error.to_string())
            };
            if round % 2 == 0 {
                measure(&ours, &mut own)?;
                measure(&theirs, &mut other)?;
            } else {
                measure(&theirs, &mut other)?;
                measure(&ours, &mut own)?;
            }
        }
        let (own, other) = (median(own), median(other));
        slowest = slowest.min(own / other);
        println!("| {name} | {own:.0} | {other:.0} | {:.3} |", own / other);
    }
    if slowest >= LIMIT {
        return Ok(());
    }
    Err(format!("a site of piku's has {slowest:.3} of the requests of one by hand, and should have {LIMIT}"))
}

fn hand(address: Ipv4Addr) -> SocketAddr {
    SocketAddr::from((address, BY_HAND))
}

/// A site such as a person writes for this one app, with the log that every site has.
fn by_hand(server: &TestServer, app: &App<'_>) -> String {
    let (name, address, root) = (app.name(), server.address(), server.root());
    let pass = match name {
        "static" => format!("root {root}/apps/{name}/public;"),
        "hello-web" => {
            format!("proxy_pass http://127.0.0.1:{}; proxy_set_header Host $host;", port(server, name))
        }
        _ => format!("include /etc/nginx/uwsgi_params; uwsgi_pass unix:{root}/nginx/{name}.sock;"),
    };
    format!(
        "server {{\n listen {address}:{BY_HAND};\n server_name {name}.hand;\n access_log {}/hand.log;\n \
         location / {{ {pass} }}\n}}\n",
        server.home()
    )
}

fn port(server: &TestServer, app: &str) -> String {
    server.live_settings(app).remove("PORT").unwrap_or_default()
}

/// Requests a second over a few connections that stay open.
fn rate(address: SocketAddr, host: &str, path: &str, time: Duration) -> io::Result<f64> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let begin = Instant::now();
    let counts = thread::scope(|scope| {
        let ask = || -> io::Result<u32> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            let (mut count, mut kept) = (0, 0);
            while begin.elapsed() < time {
                let answer = stream.write_all(request.as_bytes()).and_then(|()| whole_answer(&mut stream));
                match answer {
                    Ok(()) => (count, kept) = (count + 1, kept + 1),
                    // Old workers of an nginx that was told to reload close connections that are kept.
                    Err(_) if kept > 0 => kept = KEPT_FOR,
                    Err(error) => return Err(error),
                }
                if kept == KEPT_FOR {
                    stream = TcpStream::connect(address)?;
                    stream.set_nodelay(true)?;
                    kept = 0;
                }
            }
            Ok(count)
        };
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(0)));
        joined.collect::<io::Result<Vec<u32>>>()
    })?;
    Ok(f64::from(counts.iter().sum::<u32>()) / begin.elapsed().as_secs_f64())
}

/// Reads an answer with a length or in chunks.
fn whole_answer(stream: &mut TcpStream) -> io::Result<()> {
    let (mut bytes, mut part) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if !head.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(head.lines().next().unwrap_or_default().to_owned()));
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if length.map_or_else(|| body.ends_with("0\r\n\r\n"), |length| body.len() >= length) {
            return Ok(());
        }
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
