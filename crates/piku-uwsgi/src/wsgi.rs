use camino::Utf8PathBuf;

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
    /// By so many tasks of asyncio.
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

        ini.path("socket", &self.socket, &[':', ','])?;
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
                ini.plugin_unless("gevent", &self.plugin_for("gevent"))?;
                ini.number("gevent", greenlets.into(), 1, 65_535)?;
            }
            Concurrency::Asyncio(tasks) => {
                ini.plugin_unless("asyncio", &self.plugin_for("asyncio"))?;
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

    fn plugin_for(&self, what: &str) -> String {
        format!("{what}_{}", self.plugin.as_deref().unwrap_or("python3"))
    }
}

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
