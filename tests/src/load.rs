//! Requests at a steady rate, whatever their results, to see what users would notice of a deploy.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::http::{Response, read_some};

/// How long an answer may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many requests on new connections may be in progress at the same time.
const AT_ONCE: u32 = 32;

/// How many connections are kept open.
const KEPT: u32 = 8;

/// Whether connections are reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// A new one for each request.
    New,
    /// A few that stay open.
    Kept,
}

/// What to request, and how often.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address.
    pub address: SocketAddr,
    /// The host name.
    pub host: String,
    /// The path.
    pub path: String,
    /// Requests a second.
    pub rate: u32,
    /// Whether connections are reused.
    pub connections: Connections,
}

/// Requests in progress. Each is due at its time whatever happened to those before it, and its duration counts from
/// then: a server that stalls makes all of them slow.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    target: Target,
    begin: Instant,
    next: AtomicU32,
    stop: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    times: Vec<(Duration, Duration)>,
    failures: Vec<Failure>,
    bodies: BTreeSet<String>,
}

/// A request without a successful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When it was due, since the start of the load.
    pub due: Duration,
    /// What happened: `status 502`, `Connection refused (os error 111)`.
    pub what: String,
}

/// The results of the requests that were due in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many there were.
    pub requests: usize,
    /// Those without a successful answer.
    pub failures: Vec<Failure>,
    /// The longest time from when a request was due to its answer.
    pub slowest: Duration,
    /// The 99th percentile of that time.
    pub p99: Duration,
}

impl Load {
    /// Starts to send requests.
    ///
    /// # Panics
    ///
    /// When no thread can be started.
    #[must_use]
    pub fn start(target: Target) -> Self {
        let count = match target.connections {
            Connections::New => AT_ONCE,
            Connections::Kept => KEPT,
        };
        let shared = Arc::new(Shared {
            target,
            begin: Instant::now(),
            next: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let threads = (0..count).map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.ask_until_stopped())
        });
        let threads = threads.collect();
        Self { shared, threads }
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.shared.begin.elapsed()
    }

    /// The results of the requests that were due between two times since the start. The last ones may still be in
    /// progress.
    #[must_use]
    pub fn between(&self, from: Duration, to: Duration) -> Report {
        let within = |due: Duration| from <= due && due < to;
        let seen = self.shared.seen();
        let mut times: Vec<Duration> =
            seen.times.iter().filter(|(due, _)| within(*due)).map(|(_, took)| *took).collect();
        times.sort();
        let failures: Vec<Failure> =
            seen.failures.iter().filter(|failure| within(failure.due)).cloned().collect();
        Report {
            requests: times.len() + failures.len(),
            failures,
            slowest: times.last().copied().unwrap_or_default(),
            p99: times.get(times.len() * 99 / 100).copied().unwrap_or_default(),
        }
    }

    /// Every different body of the successful answers so far.
    #[must_use]
    pub fn bodies(&self) -> BTreeSet<String> {
        self.shared.seen().bodies.clone()
    }

    /// Stops, and returns all results.
    ///
    /// # Panics
    ///
    /// When one of its threads panicked.
    #[must_use]
    pub fn stop(mut self) -> Report {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("asking does not panic");
        }
        self.between(Duration::ZERO, Duration::MAX)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask_until_stopped(&self) {
        let mut kept = None;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let due = Duration::from_secs(1) * number / self.target.rate;
            thread::sleep((self.begin + due).saturating_duration_since(Instant::now()));
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let answer = self.ask(&mut kept);
            let took = self.begin.elapsed().saturating_sub(due);
            let mut seen = self.seen();
            match answer {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    seen.times.push((due, took));
                    seen.bodies.insert(answer.body);
                }
                Ok(answer) => {
                    seen.failures.push(Failure { due, what: format!("status {}", answer.status) });
                }
                Err(error) => {
                    kept = None;
                    seen.failures.push(Failure { due, what: error.to_string() });
                }
            }
        }
    }

    fn ask(&self, kept: &mut Option<TcpStream>) -> io::Result<Response> {
        let Target { address, host, path, connections, .. } = &self.target;
        // A connection that the server has closed is no failure: no request was sent on it.
        let open = kept.take().filter(is_open);
        let mut stream = match open {
            Some(stream) => stream,
            None => TcpStream::connect_timeout(address, PATIENCE)?,
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let keep = *connections == Connections::Kept;
        let how = if keep { "keep-alive" } else { "close" };
        // In one write: the second of two small ones would wait until the first is acknowledged.
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: {how}\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let (mut answer, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let read = read_some(&mut stream, &mut part)?;
            answer.extend_from_slice(&part[..read]);
            let response = Response::parse(&answer);
            let whole =
                response.filter(|response| response.is_whole() || read == 0 && !response.has_length());
            if let Some(response) = whole {
                if keep && response.header("connection") != Some("close") {
                    *kept = Some(stream);
                }
                return Ok(response);
            }
            if read == 0 {
                return Err(io::Error::new(
                    ErrorKind::UnexpectedEof,
                    "the connection ended before the answer",
                ));
            }
        }
    }
}

/// Whether the server has not closed the connection.
fn is_open(stream: &TcpStream) -> bool {
    let quiet = |stream: &TcpStream| {
        stream.set_nonblocking(true)?;
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        peeked
    };
    matches!(quiet(stream), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
