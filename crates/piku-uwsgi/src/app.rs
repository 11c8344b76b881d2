//! Apps that uWSGI itself runs, in one of four languages.

mod jwsgi;
mod php;
mod rack;
mod wsgi;

use camino::Utf8PathBuf;

pub use self::jwsgi::JwsgiApp;
pub use self::php::PhpApp;
pub use self::rack::RackApp;
pub use self::wsgi::{Concurrency, WsgiApp};
use crate::ini::Ini;
use crate::{Common, InvalidValue, Owner};

/// Seconds until a multi-threaded process that has reached its request limit is killed: it serves nothing in the
/// meantime.
const LINGERING: u32 = 2;

/// An app that uWSGI itself runs, behind a unix socket that speaks the uwsgi protocol.
///
/// Whatever the language, the socket takes requests with modifier 0, as web servers and the http router send them. An
/// app that fails before it gives a status is answered for with 500. A body of unknown length, which apps can't read
/// from this protocol, is answered with 411; nginx knows the length of every body it passes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppVassal {
    /// What every kind of vassal has.
    pub common: Common,
    /// The app, in its language.
    pub app: Application,
    /// The unix socket, created at start and removed at the end.
    pub socket: Utf8PathBuf,
    /// Mode of the socket, such as `0o660`.
    pub socket_mode: u32,
    /// The owner of the socket, for a web server of another user; `None` leaves it to the user who runs the app.
    pub socket_owner: Option<Owner>,
    /// How many processes.
    pub processes: u32,
    /// How many connections may wait to be accepted. More than the kernel's `net.core.somaxconn` is an error.
    pub listen: u32,
    /// How many requests a process serves before it is replaced; 0 for no limit.
    ///
    /// Defaults to [`MAX_REQUESTS`](Self::MAX_REQUESTS) with one thread per process, and to no limit with several: in
    /// uWSGI 2.0, a multi-threaded process that reaches its limit lingers with its open requests until it is killed.
    /// If a limit is set anyway, it is killed after two seconds.
    pub max_requests: Option<u64>,
    /// Seconds without a request after which the processes end; the next request starts them again. They do not run
    /// at the start either, so the emperor calls the vassal `ready` but not `accepting`.
    pub idle: Option<u32>,
    /// Whether the request log shows the address in `X-Forwarded-For`.
    pub log_x_forwarded_for: bool,
    /// A file with the app's own options, read last.
    pub include: Option<Utf8PathBuf>,
    /// The maximum size of a request's head, in bytes.
    pub buffer_size: u32,
    /// Seconds that open requests may take when the vassal is asked to stop.
    pub mercy: u32,
}

/// An app, in one of the languages that uWSGI runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Application {
    /// Python, by WSGI.
    Wsgi(WsgiApp),
    /// Ruby, by Rack.
    Rack(RackApp),
    /// Java and other JVM languages, by JWSGI.
    Jwsgi(JwsgiApp),
    /// A folder of PHP files.
    Php(PhpApp),
}

impl Application {
    /// How many threads of each process serve requests.
    fn threads(&self) -> u32 {
        match self {
            Self::Wsgi(app) => app.threads(),
            Self::Jwsgi(app) => app.threads,
            Self::Rack(_) | Self::Php(_) => 1,
        }
    }

    fn write(&self, ini: &mut Ini) -> Result<(), InvalidValue> {
        match self {
            Self::Wsgi(app) => app.write(ini),
            Self::Rack(app) => app.write(ini),
            Self::Jwsgi(app) => app.write(ini),
            Self::Php(app) => app.write(ini),
        }
    }
}

impl AppVassal {
    /// How many requests a single-threaded process serves by default.
    pub const MAX_REQUESTS: u64 = 1024;

    /// Describes an app with two processes.
    pub fn new(common: Common, socket: impl Into<Utf8PathBuf>, app: Application) -> Self {
        Self {
            common,
            app,
            socket: socket.into(),
            socket_mode: 0o660,
            socket_owner: None,
            processes: 2,
            listen: 100,
            max_requests: None,
            idle: None,
            log_x_forwarded_for: false,
            include: None,
            buffer_size: 16_384,
            mercy: 30,
        }
    }

    /// How many requests a process serves before it is replaced; 0 for no limit.
    fn max_requests(&self) -> u64 {
        let usual = if self.app.threads() > 1 { 0 } else { Self::MAX_REQUESTS };
        self.max_requests.unwrap_or(usual)
    }

    /// Renders the whole file.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = self.common.begin()?;
        ini.flag("master");
        // Workers without their master would serve on, and write into a pipe that nobody reads.
        ini.flag("no-orphans");
        before_the_app(&mut ini)?;
        self.app.write(&mut ini)?;
        ini.number("processes", self.processes.into(), 1, 1024)?;

        ini.path("socket", &self.socket, &[':'])?;
        ini.octal("chmod-socket", self.socket_mode)?;
        if let Some(owner) = &self.socket_owner {
            ini.text("chown-socket", &owner.to_string())?;
        }
        ini.flag("vacuum");
        ini.number("listen", self.listen.into(), 1, 65_535)?;
        ini.number("buffer-size", self.buffer_size.into(), 1024, 65_535)?;

        let max_requests = self.max_requests();
        if max_requests > 0 {
            ini.number("max-requests", max_requests, 1, u32::MAX.into())?;
        }
        if let Some(idle) = self.idle {
            ini.number("idle", idle.into(), 1, u32::MAX.into())?;
            ini.flag("cheap");
        }
        let lingers = max_requests > 0 && self.app.threads() > 1;
        let mercy = if lingers { self.mercy.min(LINGERING) } else { self.mercy };
        ini.number("reload-mercy", mercy.into(), 1, 3600)?;
        ini.number("worker-reload-mercy", mercy.into(), 1, 3600)?;
        if self.log_x_forwarded_for {
            ini.flag("log-x-forwarded-for");
        }
        match &self.include {
            Some(include) => ini.path("include", include, &[])?,
            // uWSGI fills the room for 64 in each process. An app that is several (a dict of `applications`) needs
            // options of its own in any case: which of them is asked is up to `SCRIPT_NAME` and `mount`.
            None => ini.number("max-apps", 1, 1, 64)?,
        }
        Ok(ini.finish())
    }
}

/// Adds what happens to each request before the app gets it. A route that is the last to match ends the routes below,
/// so these come before those of the app.
fn before_the_app(ini: &mut Ini) -> Result<(), InvalidValue> {
    // What an app that raises an exception leaves behind: uWSGI sends these headers if the app set no others, and
    // closes the connection without an answer if there are none.
    ini.text("route-run", "clearheaders:500 Internal Server Error")?;
    // The http router passes a chunked body on, but no length, so apps read an empty body.
    ini.text("route-if", "empty:${HTTP_TRANSFER_ENCODING} goto:sized")?;
    ini.text("route-if-not", "empty:${CONTENT_LENGTH} goto:sized")?;
    ini.text("route-run", "break:411 Length Required")?;
    ini.text("route-label", "sized")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn blog() -> AppVassal {
        let common = Common::new("/srv/blog", "blog:php.1");
        AppVassal::new(common, "/srv/run/blog.7.sock", Application::Php(PhpApp::new("/srv/blog/public")))
    }

    #[test]
    fn an_app_becomes_a_vassal() {
        insta::assert_snapshot!(blog().to_ini().unwrap(), @r"
        [uwsgi]
        chdir = /srv/blog
        procname-prefix-spaced = blog:php.1
        auto-procname = true
        umask = 027
        master = true
        no-orphans = true
        route-run = clearheaders:500 Internal Server Error
        route-if = empty:${HTTP_TRANSFER_ENCODING} goto:sized
        route-if-not = empty:${CONTENT_LENGTH} goto:sized
        route-run = break:411 Length Required
        route-label = sized
        plugin = 0:php
        php-docroot = /srv/blog/public
        php-allowed-ext = .php
        php-index = index.php
        check-static = /srv/blog/public
        static-index = index.html
        static-skip-ext = .php
        static-skip-ext = .inc
        route = ^[^/] break:400 Bad Request
        route = [\x00-\x1f\x7f] break:400 Bad Request
        route = ^/+\.well-known/+[^./][^/]*(/+[^./][^/]*)*$ last:
        route = /\. break:404 Not Found
        processes = 2
        socket = /srv/run/blog.7.sock
        chmod-socket = 660
        vacuum = true
        listen = 100
        buffer-size = 16384
        max-requests = 1024
        reload-mercy = 30
        worker-reload-mercy = 30
        max-apps = 1
        ");
    }

    #[test]
    fn every_option_has_its_line() {
        let vassal = AppVassal {
            socket_mode: 0o666,
            socket_owner: Some(Owner::new("shop", "www-data").unwrap()),
            max_requests: Some(0),
            idle: Some(60),
            log_x_forwarded_for: true,
            include: Some("/srv/blog/uwsgi.ini".into()),
            ..blog()
        };
        let ini = vassal.to_ini().unwrap();
        insta::assert_snapshot!(&ini[ini.find("processes").unwrap()..], @r"
        processes = 2
        socket = /srv/run/blog.7.sock
        chmod-socket = 666
        chown-socket = shop:www-data
        vacuum = true
        listen = 100
        buffer-size = 16384
        idle = 60
        cheap = true
        reload-mercy = 30
        worker-reload-mercy = 30
        log-x-forwarded-for = true
        include = /srv/blog/uwsgi.ini
        ");
    }

    #[test]
    fn a_process_of_several_threads_is_never_left_to_linger_at_its_limit() {
        let threads = |threads| {
            let concurrency = Concurrency::Threads(threads);
            Application::Wsgi(WsgiApp { concurrency, ..WsgiApp::new("blog:app") })
        };
        let gevent = || {
            let concurrency = Concurrency::Gevent(100);
            Application::Wsgi(WsgiApp { concurrency, ..WsgiApp::new("blog:app") })
        };
        let usual = Application::Wsgi(WsgiApp::new("blog:app"));
        let java = Application::Jwsgi(JwsgiApp::new("Blog"));
        for (app, max_requests, limit, mercy) in [
            (usual, None, None, 30),
            (java, None, None, 30),
            (threads(1), None, Some(1024), 30),
            (gevent(), None, Some(1024), 30),
            (threads(2), Some(500), Some(500), 2),
            (threads(2), Some(0), None, 30),
            (threads(1), Some(500), Some(500), 30),
        ] {
            let ini = AppVassal { app, max_requests, ..blog() }.to_ini().unwrap();
            let value = |key: &str| ini.lines().find_map(|line| line.strip_prefix(key)?.parse::<u64>().ok());
            assert_eq!(value("max-requests = "), limit, "{ini}");
            assert_eq!(value("reload-mercy = "), Some(mercy), "{ini}");
            assert_eq!(value("worker-reload-mercy = "), Some(mercy), "{ini}");
        }
    }

    #[test]
    fn a_socket_that_reads_as_a_tcp_address_is_refused() {
        let error = AppVassal { socket: "/srv/a:80".into(), ..blog() }.to_ini().unwrap_err();
        assert_eq!((error.key, error.fault), (Some("socket"), Fault::Special(':')));
    }

    #[test]
    fn numbers_keep_within_what_makes_sense() {
        let error = AppVassal { processes: 0, ..blog() }.to_ini().unwrap_err();
        assert_eq!((error.key, error.fault), (Some("processes"), Fault::OutOfRange { least: 1, most: 1024 }));
        assert!(AppVassal { socket_mode: 0o1777, ..blog() }.to_ini().is_err());
    }
}
