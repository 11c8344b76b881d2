use camino::Utf8PathBuf;

use crate::ini::Ini;
use crate::{Common, InvalidValue};

/// A Python app that uWSGI itself runs, behind a unix socket that speaks the uwsgi protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WsgiVassal {
    /// What vassals of every kind have.
    pub common: Common,
    /// The unix socket, made at the start and removed at the end.
    pub socket: Utf8PathBuf,
    /// Who may connect, such as `0o660`.
    pub socket_mode: u32,
    /// The group that the socket is given to, for a web server of another user.
    pub socket_group: Option<String>,
    /// The app: `package.module:name`, or `package.module` when it is called `application`.
    pub module: String,
    /// The virtual environment; the wheel always uses the one that it lies in.
    pub virtualenv: Option<Utf8PathBuf>,
    /// The plugin that holds Python, such as `python311`; loaded only where Python is not built in.
    pub plugin: Option<String>,
    /// Folders to import from before all others.
    pub python_path: Vec<Utf8PathBuf>,
    /// How many processes.
    pub processes: u32,
    /// How many threads in each process, with [`Concurrency::Threads`].
    pub threads: u32,
    /// Whether the app may start threads of its own.
    pub enable_threads: bool,
    /// How many connections may wait to be accepted. More than the kernel's `net.core.somaxconn` is an error.
    pub listen: u32,
    /// How many requests a process serves before a fresh one takes its place; 0 for no end.
    pub max_requests: u64,
    /// How a process serves several requests at once.
    pub concurrency: Concurrency,
    /// Seconds without a request after which the processes end; the next request starts them again.
    /// They aren't there at the start either, so the emperor calls the vassal `ready` but not `accepting`.
    pub idle: Option<u32>,
    /// Whether the request log shows the address in `X-Forwarded-For`.
    pub log_x_forwarded_for: bool,
    /// A file with options of the app's own, read last.
    pub include: Option<Utf8PathBuf>,
    /// The most bytes that the head of a request may have.
    pub buffer_size: u32,
    /// Seconds that the requests under way may take when the vassal is asked to stop.
    pub mercy: u32,
}

/// How one process of an app serves several requests at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// By threads, as many as [`WsgiVassal::threads`].
    Threads,
    /// By so many greenlets of gevent.
    Gevent(u32),
    /// By so many tasks of asyncio. The wheel can't, and serves one request at a time in each process.
    Asyncio(u32),
}

impl WsgiVassal {
    /// Describes an app with two processes of four threads.
    pub fn new(common: Common, socket: impl Into<Utf8PathBuf>, module: impl Into<String>) -> Self {
        Self {
            common,
            socket: socket.into(),
            socket_mode: 0o660,
            socket_group: None,
            module: module.into(),
            virtualenv: None,
            plugin: None,
            python_path: Vec::new(),
            processes: 2,
            threads: 4,
            enable_threads: true,
            listen: 100,
            max_requests: 1024,
            concurrency: Concurrency::Threads,
            idle: None,
            log_x_forwarded_for: false,
            include: None,
            buffer_size: 16_384,
            mercy: 30,
        }
    }

    /// Renders the whole file.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = self.common.begin()?;
        ini.flag("master");
        if let Some(plugin) = &self.plugin {
            ini.plugin_unless("python", plugin)?;
        }
        if let Some(virtualenv) = &self.virtualenv {
            ini.path("virtualenv", virtualenv, &[])?;
        }
        for folder in &self.python_path {
            ini.path("pythonpath", folder, &['*', '?', '[', '\\'])?;
        }
        ini.checked("module", &self.module, "a module and its callable", is_module(&self.module))?;
        ini.flag("need-app");
        ini.flag("single-interpreter");

        ini.path("socket", &self.socket, &[':'])?;
        ini.octal("chmod-socket", self.socket_mode)?;
        if let Some(group) = &self.socket_group {
            let fits =
                !group.is_empty() && group.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
            ini.checked("chown-socket", &format!(":{group}"), "the name of a group", fits)?;
        }
        ini.flag("vacuum");
        ini.number("listen", self.listen.into(), 1, 65_535)?;
        ini.number("buffer-size", self.buffer_size.into(), 1024, 65_535)?;

        ini.number("processes", self.processes.into(), 1, 1024)?;
        if self.enable_threads {
            ini.flag("enable-threads");
        }
        match self.concurrency {
            Concurrency::Threads if self.threads > 1 => {
                ini.number("threads", self.threads.into(), 1, 1024)?
            }
            Concurrency::Threads => {}
            Concurrency::Gevent(greenlets) => {
                self.companion(&mut ini, "gevent")?;
                ini.number("gevent", greenlets.into(), 1, 65_535)?;
            }
            Concurrency::Asyncio(tasks) => {
                self.companion(&mut ini, "asyncio")?;
                self.companion(&mut ini, "greenlet")?;
                ini.number("asyncio", tasks.into(), 1, 65_535)?;
                ini.flag("greenlet");
            }
        }
        if self.max_requests > 0 {
            ini.number("max-requests", self.max_requests, 1, u32::MAX.into())?;
        }
        if let Some(idle) = self.idle {
            ini.number("idle", idle.into(), 1, u32::MAX.into())?;
            ini.flag("cheap");
        }
        ini.number("reload-mercy", self.mercy.into(), 1, 3600)?;
        ini.number("worker-reload-mercy", self.mercy.into(), 1, 3600)?;
        if self.log_x_forwarded_for {
            ini.flag("log-x-forwarded-for");
        }
        if let Some(include) = &self.include {
            ini.path("include", include, &[])?;
        }
        Ok(ini.finish())
    }

    /// Loads the plugin that Debian names after the plugin with Python, such as `gevent_python311`.
    fn companion(&self, ini: &mut Ini, what: &'static str) -> Result<(), InvalidValue> {
        match &self.plugin {
            Some(python) => ini.plugin_unless(what, &format!("{what}_{python}")),
            None => Ok(()),
        }
    }
}

/// Tells whether the text is `dotted.module`, perhaps with `:callable` or `:factory()`.
fn is_module(text: &str) -> bool {
    let name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let dotted = |path: &str| path.split('.').all(name);
    match text.split_once(':') {
        None => dotted(text),
        Some((module, callable)) => dotted(module) && dotted(callable.strip_suffix("()").unwrap_or(callable)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn blog() -> WsgiVassal {
        let common = Common::new("/srv/blog", "/srv/logs/web.1.log", "blog:wsgi.1");
        WsgiVassal::new(common, "/srv/run/blog.7.sock", "blog.main:app")
    }

    #[test]
    fn an_app_becomes_a_vassal_that_needs_its_app() {
        insta::assert_snapshot!(blog().to_ini().unwrap(), @r"
        [uwsgi]
        chdir = /srv/blog
        procname-prefix-spaced = blog:wsgi.1
        auto-procname = true
        umask = 027
        logto2 = /srv/logs/web.1.log
        log-maxsize = 1048576
        log-backupname = /srv/logs/web.1.log.1
        touch-logreopen = /srv/logs/web.1.log.1
        log-master-stream = true
        master = true
        module = blog.main:app
        need-app = true
        single-interpreter = true
        socket = /srv/run/blog.7.sock
        chmod-socket = 660
        vacuum = true
        listen = 100
        buffer-size = 16384
        processes = 2
        enable-threads = true
        threads = 4
        max-requests = 1024
        reload-mercy = 30
        worker-reload-mercy = 30
        ");
    }

    #[test]
    fn every_option_has_its_line() {
        let vassal = WsgiVassal {
            socket_mode: 0o666,
            socket_group: Some("www-data".to_owned()),
            virtualenv: Some("/srv/my env".into()),
            plugin: Some("python311".to_owned()),
            python_path: vec!["/srv/blog".into(), "/srv/50%".into()],
            concurrency: Concurrency::Asyncio(50),
            max_requests: 0,
            idle: Some(60),
            log_x_forwarded_for: true,
            include: Some("/srv/blog/uwsgi.ini".into()),
            ..blog()
        };
        insta::assert_snapshot!(vassal.to_ini().unwrap(), @r"
        [uwsgi]
        chdir = /srv/blog
        procname-prefix-spaced = blog:wsgi.1
        auto-procname = true
        umask = 027
        logto2 = /srv/logs/web.1.log
        log-maxsize = 1048576
        log-backupname = /srv/logs/web.1.log.1
        touch-logreopen = /srv/logs/web.1.log.1
        log-master-stream = true
        master = true
        if-not-plugin = python
        plugin = python311
        end-if =
        virtualenv = /srv/my env
        pythonpath = /srv/blog
        pythonpath = /srv/50%%
        module = blog.main:app
        need-app = true
        single-interpreter = true
        socket = /srv/run/blog.7.sock
        chmod-socket = 666
        chown-socket = :www-data
        vacuum = true
        listen = 100
        buffer-size = 16384
        processes = 2
        enable-threads = true
        if-not-plugin = asyncio
        plugin = asyncio_python311
        end-if =
        if-not-plugin = greenlet
        plugin = greenlet_python311
        end-if =
        asyncio = 50
        greenlet = true
        idle = 60
        cheap = true
        reload-mercy = 30
        worker-reload-mercy = 30
        log-x-forwarded-for = true
        include = /srv/blog/uwsgi.ini
        ");
    }

    #[test]
    fn gevent_takes_the_place_of_threads() {
        let vassal = WsgiVassal {
            plugin: Some("python311".to_owned()),
            concurrency: Concurrency::Gevent(100),
            ..blog()
        };
        let ini = vassal.to_ini().unwrap();
        assert!(ini.contains("if-not-plugin = gevent\nplugin = gevent_python311\nend-if =\ngevent = 100\n"));
        assert!(!ini.contains("\nthreads ="));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for module in ["app", "a.b:c", "_a.b2:make()", "größe:app"] {
            assert!(is_module(module), "{module:?}");
        }
        for module in ["", "a.", "a:b:c", "a b:c", "../a:app", "a:b(1)", "a-b:c", "2a:b", "a:()"] {
            let error = WsgiVassal { module: module.to_owned(), ..blog() }.to_ini().unwrap_err();
            assert_eq!(
                (error.key, error.fault),
                (Some("module"), Fault::NotA("a module and its callable")),
                "{module:?}"
            );
        }
    }

    #[test]
    fn a_socket_that_reads_as_a_tcp_address_is_refused() {
        let error = WsgiVassal { socket: "/srv/a:80".into(), ..blog() }.to_ini().unwrap_err();
        assert_eq!((error.key, error.fault), (Some("socket"), Fault::Special(':')));
    }

    #[test]
    fn an_import_folder_that_reads_as_a_pattern_is_refused() {
        let error = WsgiVassal { python_path: vec!["/srv/*".into()], ..blog() }.to_ini().unwrap_err();
        assert_eq!((error.key, error.fault), (Some("pythonpath"), Fault::Special('*')));
    }

    #[test]
    fn numbers_keep_within_what_makes_sense() {
        let error = WsgiVassal { processes: 0, ..blog() }.to_ini().unwrap_err();
        assert_eq!((error.key, error.fault), (Some("processes"), Fault::OutOfRange { least: 1, most: 1024 }));
        assert!(WsgiVassal { socket_mode: 0o1777, ..blog() }.to_ini().is_err());
        assert!(WsgiVassal { socket_group: Some("a:b".to_owned()), ..blog() }.to_ini().is_err());
    }
}
