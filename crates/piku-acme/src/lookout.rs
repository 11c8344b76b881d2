//! Looks whether names lead here, before an authority does.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use http::Uri;
use ureq::Agent;
use ureq::config::Config;
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::challenge::Placed;
use crate::limits::{IsCancelled, Limits, Stop};
use crate::sighting::{Answer, judge};
use crate::{Challenges, DnsName, Seen, Sighting, Words};

/// How long to look at one name, unless [`Lookout::patience`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most addresses of a name that are asked.
const MOST_ADDRESSES: usize = 8;

/// The most that is read of an answer.
const LONGEST: u64 = 4096;

/// Finds the addresses of a name.
type Resolve = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// Looks whether names lead here: places an answer, and asks for it as an authority would, at every address of a name.
///
/// Redirects are followed, to HTTPS with any certificate. What this machine sees is not always what the authority sees,
/// so only what is certain [forbids an order](Sighting::forbids_order).
///
/// ```no_run
/// use piku_acme::{Directory, Lookout, Webroot};
///
/// let name = Directory::lets_encrypt().certifiable("example.org")?;
/// let sighting = Lookout::new().look(&name, &mut Webroot::new("/srv/acme"))?;
/// if sighting.forbids_order() {
///     println!("{sighting}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Lookout {
    patience: Duration,
    port: u16,
    resolve: Option<Resolve>,
    cancelled: IsCancelled,
}

impl Default for Lookout {
    fn default() -> Self {
        Self::new()
    }
}

impl Lookout {
    /// Looks at port 80, for up to five seconds, at addresses that the system finds.
    #[must_use]
    pub fn new() -> Self {
        Self { patience: PATIENCE, port: 80, resolve: None, cancelled: Arc::new(|| false) }
    }

    /// Sets how long to look at one name.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the port, for an authority of tests.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets how to find the addresses of a name; an error of kind `NotFound` says that it has none.
    #[must_use]
    pub fn resolving(
        mut self,
        resolve: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.resolve = Some(Arc::new(resolve));
        self
    }

    /// Sets what is asked, many times a second, whether to stop looking.
    #[must_use]
    pub fn cancelled_by(mut self, cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.cancelled = Arc::new(cancelled);
        self
    }

    /// Looks at a name. What was placed is removed again.
    ///
    /// # Errors
    /// If the answer can't be placed, or an error of kind `Interrupted` if it was told to stop.
    pub fn look(&self, name: &DnsName, challenges: &mut dyn Challenges) -> io::Result<Sighting> {
        let limits = Limits::new(self.patience, Arc::clone(&self.cancelled));
        let (token, answer) = (random()?, random()?);
        let mut placed = Placed::new(challenges);
        placed.put(&token, &answer)?;
        let seen = self.see(name, &token, &answer, &limits);
        match seen {
            Ok(seen) => Ok(Sighting { name: name.clone(), seen }),
            Err(Stop::Cancelled) => Err(ErrorKind::Interrupted.into()),
            Err(Stop::TimedOut) => {
                let why = Words::new("the name servers did not answer in time");
                Ok(Sighting { name: name.clone(), seen: Seen::Unknown { why } })
            }
        }
    }

    fn see(&self, name: &DnsName, token: &str, answer: &str, limits: &Limits) -> Result<Seen, Stop> {
        let resolve = self.resolve.clone();
        let host = name.as_str().to_owned();
        let found = match resolve {
            Some(resolve) => limits.run(move || resolve(&host))?,
            None => limits.run(move || addresses(&host))?,
        };
        let addresses = match found {
            Ok(addresses) if addresses.is_empty() => return Ok(Seen::NoAddress),
            Ok(addresses) => addresses,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seen::NoAddress),
            Err(error) => return Ok(Seen::Unknown { why: Words::new(&error.to_string()) }),
        };
        if self.resolve.is_none() && addresses.iter().all(IpAddr::is_loopback) {
            let why = Words::new("this machine takes it for itself, as by a line in `/etc/hosts`");
            return Ok(Seen::Unknown { why });
        }
        self.ask(&addresses, name, token, answer, limits)
    }

    /// Asks every address at the same time.
    fn ask(
        &self,
        addresses: &[IpAddr],
        name: &DnsName,
        token: &str,
        answer: &str,
        limits: &Limits,
    ) -> Result<Seen, Stop> {
        let (found, answers) = mpsc::channel();
        let addresses: Vec<IpAddr> = addresses.iter().copied().take(MOST_ADDRESSES).collect();
        // The usual port is not named, as by an authority: servers see it in the name of the host.
        let host = if self.port == 80 { name.to_string() } else { format!("{name}:{}", self.port) };
        for address in &addresses {
            let request = Look {
                name: name.as_str().to_owned(),
                at: SocketAddr::new(*address, self.port),
                url: format!("http://{host}/.well-known/acme-challenge/{token}"),
                answer: answer.to_owned(),
                patience: limits.left(),
            };
            let found = found.clone();
            thread::spawn(move || drop(found.send((request.at.ip(), request.ask()))));
        }
        drop(found);
        let mut seen = Vec::new();
        while seen.len() < addresses.len() {
            match limits.receive(&answers) {
                Ok(answer) => seen.push(answer),
                Err(Stop::TimedOut) => break,
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            }
        }
        let silent = addresses.iter().filter(|address| !seen.iter().any(|(seen, _)| seen == *address));
        let late: Vec<_> =
            silent.map(|address| (*address, Answer::None(Words::new("no answer in time")))).collect();
        Ok(judge(&[seen, late].concat()))
    }
}

impl fmt::Debug for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookout")
            .field("patience", &self.patience)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The addresses that the system finds for a name.
fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    // glibc's errors have no kind of their own; a name that does not exist is told from servers that are silent by text.
    let found = (host, 80).to_socket_addrs().map_err(|error| {
        let text = error.to_string();
        let is_temporary = text.contains("Temporary failure") || text.contains("Try again");
        if is_temporary { error } else { io::Error::new(ErrorKind::NotFound, text) }
    })?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

/// 32 hexadecimal digits that nobody can guess.
fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A request to one address of a name.
struct Look {
    name: String,
    at: SocketAddr,
    url: String,
    answer: String,
    patience: Duration,
}

impl Look {
    fn ask(self) -> Answer {
        let tls = TlsConfig::builder()
            .disable_verification(true)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(10)
            .proxy(None)
            // A server may close a kept connection just when its redirect is followed on it.
            .max_idle_connections(0)
            .user_agent("piku-acme")
            .timeout_global(Some(self.patience))
            .build();
        let resolver = Pinned { host: self.name, address: self.at.ip() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        let mut response = match agent.get(&self.url).call() {
            Ok(response) => response,
            Err(ureq::Error::Io(error)) => return no_answer(&error),
            Err(ureq::Error::Timeout(_)) => return Answer::None(Words::new("no answer in time")),
            Err(ureq::Error::TooManyRedirects) => {
                return Answer::Other(Words::new("it redirects in circles"));
            }
            Err(error) => return Answer::None(Words::new(&error.to_string())),
        };
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec().unwrap_or_default();
        if response.status() == 200 && body.trim_ascii() == self.answer.as_bytes() {
            return Answer::Ours;
        }
        let server =
            response.headers().get("server").and_then(|server| server.to_str().ok()).unwrap_or_default();
        Answer::Other(Words::new(&format!("status {} {server}", response.status().as_u16())))
    }
}

fn no_answer(error: &io::Error) -> Answer {
    match error.kind() {
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable => {
            Answer::NoWay
        }
        ErrorKind::ConnectionRefused => Answer::None(Words::new("connection refused")),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
            Answer::None(Words::new("the connection was closed without an answer"))
        }
        _ => Answer::None(Words::new(&error.to_string())),
    }
}

/// Leads one host to one address, and others as usual.
#[derive(Debug)]
struct Pinned {
    host: String,
    address: IpAddr,
}

impl Resolver for Pinned {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if !uri.host().is_some_and(|host| host.eq_ignore_ascii_case(&self.host)) {
            return DefaultResolver::default().resolve(uri, config, timeout);
        }
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let mut found = self.empty();
        found.push(SocketAddr::new(self.address, uri.port_u16().unwrap_or(usual)));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::Directory;

    /// The one answer that is placed.
    #[derive(Clone, Default)]
    struct Shelf(Arc<Mutex<Option<(String, String)>>>);

    impl Challenges for Shelf {
        fn put(&mut self, token: &str, answer: &str) -> io::Result<()> {
            *self.0.lock().unwrap() = Some((token.to_owned(), answer.to_owned()));
            Ok(())
        }

        fn remove(&mut self, _: &str) {
            *self.0.lock().unwrap() = None;
        }
    }

    /// Answers each connection with what `answer` gives for the path; `None` closes it.
    fn serve(answer: impl Fn(&str) -> Option<String> + Send + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                if let Some(answer) = answer(request.split(' ').nth(1).unwrap_or_default()) {
                    drop(stream.write_all(answer.as_bytes()));
                }
            }
        });
        port
    }

    fn page(body: &str) -> Option<String> {
        Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
    }

    fn look(port: u16, shelf: &Shelf) -> Seen {
        let name = Directory::lets_encrypt().certifiable("blog.example.org").unwrap();
        let lookout = Lookout::new().port(port).patience(Duration::from_secs(3));
        let lookout = lookout.resolving(|_| Ok(vec![IpAddr::from([127, 0, 0, 1])]));
        let sighting = lookout.look(&name, &mut shelf.clone()).unwrap();
        assert_eq!(*shelf.0.lock().unwrap(), None, "what was placed is removed");
        sighting.seen
    }

    #[test]
    fn our_own_answer_is_known_also_behind_a_redirect() {
        let shelf = Shelf::default();
        let placed = shelf.clone();
        let port = serve(move |path| {
            let (token, answer) = placed.0.lock().unwrap().clone().unwrap();
            if path == format!("/.well-known/acme-challenge/{token}") {
                return Some(format!(
                    "HTTP/1.1 301 Moved\r\nLocation: /moved/{token}\r\nContent-Length: 0\r\n\r\n"
                ));
            }
            page(&format!("{answer}\n"))
        });
        assert_eq!(look(port, &shelf), Seen::Here);
    }

    #[test]
    fn another_answer_is_told_from_none() {
        let shelf = Shelf::default();
        let parked = look(serve(|_| page("this domain is for sale")), &shelf);
        assert!(matches!(parked, Seen::Elsewhere { .. }), "{parked:?}");
        let circle = look(
            serve(|path| Some(format!("HTTP/1.1 302 X\r\nLocation: {path}\r\nContent-Length: 0\r\n\r\n"))),
            &shelf,
        );
        assert!(matches!(circle, Seen::Elsewhere { .. }), "{circle:?}");
        let closed = look(serve(|_| None), &shelf);
        assert!(matches!(closed, Seen::NoAnswer { .. }), "{closed:?}");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let refused = look(free, &shelf);
        let Seen::NoAnswer { why, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(why.to_string(), "connection refused");
    }

    #[test]
    fn a_server_that_says_nothing_is_left_in_time_and_at_once_when_told_to_stop() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let name = Directory::lets_encrypt().certifiable("blog.example.org").unwrap();
        let lookout = Lookout::new().port(port).resolving(|_| Ok(vec![IpAddr::from([127, 0, 0, 1])]));
        let late =
            lookout.clone().patience(Duration::from_millis(300)).look(&name, &mut Shelf::default()).unwrap();
        assert!(matches!(late.seen, Seen::NoAnswer { .. }), "{late:?}");
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let lookout =
            lookout.patience(Duration::from_secs(60)).cancelled_by(move || asked.load(Ordering::Relaxed));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(lookout.look(&name, &mut Shelf::default()).unwrap_err().kind(), ErrorKind::Interrupted);
        drop(TcpStream::connect(("127.0.0.1", port)));
    }

    #[test]
    fn a_name_that_can_not_be_resolved_now_is_not_one_without_addresses() {
        let name = Directory::lets_encrypt().certifiable("blog.example.org").unwrap();
        let seen = |kind: ErrorKind| {
            Lookout::new().resolving(move |_| Err(kind.into())).look(&name, &mut Shelf::default()).unwrap()
        };
        assert!(seen(ErrorKind::NotFound).forbids_order());
        assert!(!seen(ErrorKind::TimedOut).forbids_order());
        let none = Lookout::new().resolving(|_| Ok(Vec::new())).look(&name, &mut Shelf::default()).unwrap();
        assert_eq!(none.to_string(), "`blog.example.org` does not resolve");
    }
}
