//! The paths below the root folder. Their names are part of piku's public interface.

use camino::{Utf8Path, Utf8PathBuf};

use crate::app::AppName;

/// The folder that holds all of piku's files, by default `~/.piku`.
///
/// Pure: it only computes paths. Folder names are those of legacy piku, so that an existing root keeps working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    path: Utf8PathBuf,
    /// Whether the emperor of legacy piku may run the vassals in `uwsgi-enabled`, so that ours are elsewhere.
    beside_legacy: bool,
}

macro_rules! folders {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* #[must_use] pub fn $name(&self) -> Utf8PathBuf { self.path.join($path) })*
    };
}

macro_rules! of_an_app {
    ($($(#[$doc:meta])* $name:ident = |$root:ident, $app:ident| $path:expr;)*) => {
        $($(#[$doc])* #[must_use] pub fn $name(&self, $app: &AppName) -> Utf8PathBuf { let $root = &self.path; $path })*
    };
}

impl Root {
    /// Uses `path`, which need not exist. It should be absolute, since it is written into configuration.
    #[must_use]
    pub fn new(path: impl Into<Utf8PathBuf>) -> Self {
        Self { path: path.into(), beside_legacy: false }
    }

    /// The same folder, made by legacy piku (piku.py). Its emperor keeps `uwsgi-enabled`, and ours gets a folder, a
    /// configuration, and a log of its own, so that no process is ever started by both.
    #[must_use]
    pub(crate) fn beside_legacy(self) -> Self {
        Self { beside_legacy: true, ..self }
    }

    /// Whether our emperor keeps to files of its own, beside those of legacy piku's.
    #[must_use]
    pub(crate) fn is_beside_legacy(&self) -> bool {
        self.beside_legacy
    }

    fn ours_or(&self, beside: &str, usual: &str) -> Utf8PathBuf {
        self.path.join(if self.beside_legacy { beside } else { usual })
    }

    /// The vassals that the emperor runs.
    #[must_use]
    pub fn uwsgi_enabled(&self) -> Utf8PathBuf {
        self.ours_or("uwsgi-vassals", "uwsgi-enabled")
    }

    /// The emperor's configuration.
    #[must_use]
    pub fn emperor_ini(&self) -> Utf8PathBuf {
        self.ours_or("uwsgi/emperor.ini", "uwsgi/uwsgi.ini")
    }

    /// The emperor's log.
    #[must_use]
    pub fn emperor_log(&self) -> Utf8PathBuf {
        self.ours_or("uwsgi/emperor.log", "uwsgi/uwsgi.log")
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    folders! {
        /// A symbolic link for each app to the tree of its live release.
        apps = "apps";
        /// Deployment clones, a folder for each app.
        all_releases = "releases";
        /// Bare repositories.
        repos = "repos";
        /// Settings and builds; 700.
        envs = "envs";
        /// The data of apps, never deleted.
        all_data = "data";
        /// Output of processes.
        all_logs = "logs";
        /// The logs of requests to sites. It can't collide with a site, whose name ends in `.conf`.
        access_logs = "nginx/log";
        /// Sites, their sockets and certificates.
        nginx = "nginx";
        /// The configuration, pid file, and temporary files of piku's own nginx. It does not exist if the system's
        /// nginx serves the sites. It can't collide with a site, whose name ends in `.conf`.
        own_nginx = "nginx/server";
        /// The configuration of piku's own nginx. The root uses its own nginx if this file exists.
        own_nginx_conf = "nginx/server/nginx.conf";
        /// The runtime files of piku's own nginx; on a server a link to a folder in memory.
        own_nginx_run = "nginx/server/run";
        /// The process id of piku's own nginx.
        own_nginx_pid = "nginx/server/run/nginx.pid";
        /// Where piku's own nginx logs why it rejected a configuration.
        own_nginx_log = "nginx/server/refused.log";
        /// The emperor's configuration, log, and private uWSGI.
        uwsgi = "uwsgi";
        /// Every vassal with its launch record; 700, since that contains settings.
        uwsgi_available = "uwsgi-available";
        /// The vassals that legacy piku's emperor runs; in a root of our own the same as [`Root::uwsgi_enabled`].
        legacy_enabled = "uwsgi-enabled";
        /// The vassals of legacy piku that a deploy has ended and that return if it fails.
        legacy_ended = "uwsgi/legacy-ended";
        /// The configuration of legacy piku's emperor.
        legacy_emperor_ini = "uwsgi/uwsgi.ini";
        /// Sockets and slots of running processes.
        run = "run";
        /// The nginx caches of apps.
        all_caches = "cache";
        /// Downloads of package managers, shared by the builds of all apps. It can't be the name of an app.
        build_cache = "cache/.build";
        /// ACME challenges.
        acme = "acme";
        /// The certificates of apps and the state of their orders; 700.
        all_certificates = "acme/sites";
        /// The accounts at certificate authorities; 700.
        acme_accounts = "acme/accounts";
        /// Certificates to trust when talking to a private certificate authority.
        acme_roots = "acme/roots.pem";
        /// Plugins.
        plugins = "plugins";
        /// The settings of the whole server, made with `server:set`; 600.
        server_settings = "SERVER";
        /// Held while they change. It can't be the name of an app.
        server_settings_lock = "locks/.server-settings";
        /// One lock file for each app.
        locks = "locks";
        /// Held while an app gets server names. It can't be the name of an app.
        server_names_lock = "locks/.server-names";
        /// Held while a certificate is ordered. It can't be the name of an app.
        orders_lock = "locks/.orders";
        /// Held while piku's own jobs are changed. It can't be the name of an app.
        jobs_lock = "locks/.jobs";
        /// Held by the scheduler of piku's own jobs while it runs.
        jobs_slot = "run/_jobs.slot";
        /// The log of piku's own jobs.
        jobs_log = "uwsgi/jobs.log";
        /// The log of plugins.
        plugins_log = "uwsgi/plugins.log";
        /// What became of the names of apps that were renamed.
        renamed = "renamed";
        /// The renames that are under way.
        renaming = "renaming";
        /// Held while one of them ends. It can't be the name of an app.
        renames_lock = "locks/.renames";
        /// The last release and run number of each app, including destroyed ones.
        numbers = "numbers";
        /// The event log of each app, including destroyed ones.
        all_events = "events";
        /// One file for each port that an app holds.
        ports = "ports";
        /// What is kept about ssh keys: what each may do, and when it was last used; 700.
        keys = "keys";
        /// Held while keys change. It can't be the name of an app.
        keys_lock = "locks/.keys";
        /// The socket on which the emperor serves the state of its vassals.
        emperor_stats = "uwsgi/emperor.stats";
        /// The emperor's process id.
        emperor_pid = "uwsgi/emperor.pid";
        /// Locked by the emperor while it runs.
        emperor_lock = "uwsgi/emperor.lock";
        /// A symbolic link to the program that is the emperor's wrapper and the launcher of daemons.
        launcher = "uwsgi/piku-launch";
        /// A virtual environment with uWSGI's wheel, if the machine has no uWSGI.
        private_uwsgi = "uwsgi/venv";
    }

    of_an_app! {
        /// The link to the tree of the live release.
        app = |root, app| root.join("apps").join(app.as_str());
        /// The app's releases.
        releases = |root, app| root.join("releases").join(app.as_str());
        /// The app's bare repository.
        repo = |root, app| root.join("repos").join(app.as_str());
        /// The folder of the app's settings and builds.
        env = |root, app| root.join("envs").join(app.as_str());
        /// The cache of compilers, kept between builds of the app.
        app_build_cache = |root, app| root.join("envs").join(app.as_str()).join("cache");
        /// Settings made with `config:set`; 600.
        stored_settings = |root, app| root.join("envs").join(app.as_str()).join("ENV");
        /// The environment of the live release; 600.
        live_env = |root, app| root.join("envs").join(app.as_str()).join("LIVE_ENV");
        /// The paths that every release links to the app's data; 600.
        persisted = |root, app| root.join("envs").join(app.as_str()).join("PERSISTED");
        /// What is needed to undo a restore of the app that a crash interrupts; 700.
        restoring = |root, app| root.join("restoring").join(app.as_str());
        /// The lock that keeps the app from being deployed, if there is one; 600.
        deploy_lock = |root, app| root.join("envs").join(app.as_str()).join("LOCK");
        /// The maintenance of the app, if it is under maintenance; 600.
        maintenance = |root, app| root.join("envs").join(app.as_str()).join("MAINTENANCE");
        /// What the servers of the site include during a maintenance; 600.
        maintenance_rules = |root, app| root.join("nginx").join(format!("{app}.maintenance"));
        /// The addresses that reach the app during a maintenance, as nginx includes them; 600.
        maintenance_operators = |root, app| root.join("nginx").join(format!("{app}.operators"));
        /// The page that visitors see during a maintenance.
        maintenance_page = |root, app| root.join("nginx").join(format!("{app}.maintenance.html"));
        /// The log of requests to the site. Not among the app's own logs: the app may write there, and nginx may run as
        /// root.
        access_log = |root, app| root.join("nginx/log").join(format!("{app}.log"));
        /// The users of the site, with the hashes of their passwords; readable by nginx alone.
        users = |root, app| root.join("nginx").join(format!("{app}.users"));
        /// The number of processes of each kind.
        scaling = |root, app| root.join("envs").join(app.as_str()).join("SCALING");
        /// The event log of the app; 600.
        events = |root, app| root.join("events").join(format!("{app}.jsonl"));
        /// The app's data, `$DATA_ROOT`.
        data = |root, app| root.join("data").join(app.as_str());
        /// The app's logs, `$LOG_ROOT`.
        logs = |root, app| root.join("logs").join(app.as_str());
        /// The output of the tools of the app's last build; 600.
        build_log = |root, app| root.join("logs").join(app.as_str()).join("build.log");
        /// The app's nginx cache.
        cache = |root, app| root.join("cache").join(app.as_str());
        /// The app's site.
        site = |root, app| root.join("nginx").join(format!("{app}.conf"));
        /// The certificates that the app has; 700.
        certificates = |root, app| root.join("acme").join("sites").join(app.as_str());
        /// The file that names the site's certificate and key, which the site includes.
        tls = |root, app| root.join("nginx").join(format!("{app}.tls"));
        /// The site's certificate.
        certificate = |root, app| root.join("nginx").join(format!("{app}.crt"));
        /// The certificate's key; 600.
        certificate_key = |root, app| root.join("nginx").join(format!("{app}.key"));
        /// An unused deployment clone, from which the next one is made.
        spare = |root, app| root.join("releases").join(app.as_str()).join("spare");
        /// The app's lock.
        lock = |root, app| root.join("locks").join(app.as_str());
    }

    /// The folder of one release.
    #[must_use]
    pub fn release(&self, app: &AppName, number: u32) -> Utf8PathBuf {
        self.releases(app).join(number.to_string())
    }

    /// The deployment clone of one release.
    #[must_use]
    pub fn tree(&self, app: &AppName, number: u32) -> Utf8PathBuf {
        self.release(app, number).join("tree")
    }

    /// What an ssh key may do; 600.
    #[must_use]
    pub fn key_record(&self, key: &str) -> Utf8PathBuf {
        self.keys().join(format!("{key}.json"))
    }

    /// An empty file that was last changed when the key was last used.
    #[must_use]
    pub fn key_used(&self, key: &str) -> Utf8PathBuf {
        self.keys().join(format!("{key}.used"))
    }

    /// The output of process `index` of `kind`.
    #[must_use]
    pub fn log(&self, app: &AppName, kind: &str, index: u32) -> Utf8PathBuf {
        self.logs(app).join(format!("{kind}.{index}.log"))
    }

    /// The log of the router that holds the port of a `wsgi` app without a site.
    #[must_use]
    pub fn router_log(&self, app: &AppName) -> Utf8PathBuf {
        self.uwsgi().join(format!("{app}.router.log"))
    }

    /// The log of the scheduler of an app's cron jobs. The output of the jobs goes elsewhere.
    #[must_use]
    pub fn scheduler_log(&self, app: &AppName) -> Utf8PathBuf {
        self.uwsgi().join(format!("{app}.cron.log"))
    }

    /// A lock file, so that a process and its successor never run at the same time.
    #[must_use]
    pub fn slot(&self, app: &AppName, kind: &str, index: u32) -> Utf8PathBuf {
        self.run().join(format!("{app}@{kind}.{index}.slot"))
    }

    /// The socket through which nginx reaches `wsgi` process `index`: a symbolic link to the socket of the live
    /// release.
    ///
    /// An app name can't contain `@`, so the names of two apps never collide.
    #[must_use]
    pub fn site_socket(&self, app: &AppName, index: u32) -> Utf8PathBuf {
        self.nginx().join(if index == 1 { format!("{app}.sock") } else { format!("{app}@{index}.sock") })
    }

    /// The socket of a process in which uWSGI serves the app, for one run of a release.
    #[must_use]
    pub fn socket(&self, app: &AppName, run: u32, index: u32) -> Utf8PathBuf {
        self.run().join(format!("{app}.{run}.{index}.sock"))
    }

    /// The app and run of a socket in [`Root::run`]; `None` if the file is not such a socket.
    #[must_use]
    pub fn socket_owner(name: &str) -> Option<(AppName, u32)> {
        let (rest, index) = name.strip_suffix(".sock")?.rsplit_once('.')?;
        let (app, run) = rest.rsplit_once('.')?;
        index.parse::<u32>().ok()?;
        Some((app.parse().ok()?, run.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_are_those_that_were_promised() {
        let root = Root::new("/r");
        let app: AppName = "blog".parse().unwrap();
        assert_eq!(root.tree(&app, 3), "/r/releases/blog/3/tree");
        assert_eq!(root.log(&app, "web", 1), "/r/logs/blog/web.1.log");
        assert_eq!(root.site_socket(&app, 1), "/r/nginx/blog.sock");
        assert_eq!(root.site_socket(&app, 2), "/r/nginx/blog@2.sock");
        assert_eq!(root.stored_settings(&app), "/r/envs/blog/ENV");
    }
}
