//! The table of keys, in the order of the reference.

use super::key::{Key, Scope, ValueType};

/// Makes a constant of each key, by which [`super::options()`] asks for it, and the table of all.
macro_rules! catalog {
    ($($name:ident: $value:expr, $scope:ident, $meaning:literal;)*) => {
        $(pub(super) const $name: Key =
            Key { name: stringify!($name), value: $value, scope: Scope::$scope, meaning: $meaning };)*

        /// Every key, in the order of the reference.
        pub static KEYS: &[Key] = &[$($name),*];
    };
}

const YEAR: u64 = 365 * 24 * 60 * 60;

const fn boolean(default: bool) -> ValueType {
    ValueType::Boolean { default }
}

const fn number(default: u64, min: u64, max: u64, unit: &'static str) -> ValueType {
    ValueType::Number { default: Some(default), min, max, unit }
}

const fn optional(min: u64, max: u64, unit: &'static str) -> ValueType {
    ValueType::Number { default: None, min, max, unit }
}

const fn text(form: &'static str) -> ValueType {
    ValueType::Text { default: None, form }
}

const fn usually(default: &'static str, form: &'static str) -> ValueType {
    ValueType::Text { default: Some(default), form }
}

catalog! {
    PIKU_AUTO_RESTART: boolean(true), Deploy, "Whether a deploy puts the new release in place of the running one at once; otherwise that waits for `restart`.";
    PIKU_DEPLOY_BRANCH: text("the name of a branch"), Deploy, "The only branch that deploys; without it any does.";
    PIKU_DEPLOY_STRATEGY: usually("start-first", "`start-first` or `stop-first`"), Deploy, "Whether the new processes start beside the old ones, which costs the memory of both for a moment and no request, or after these have stopped, which costs every request until the new ones are healthy.";
    PIKU_HEALTHCHECK: text("a path such as `/health`"), Deploy, "What a new release is asked for over HTTP before it goes live: it must answer with 2xx or 3xx, by itself and, where it has a site, through nginx. Without it, a connection that is accepted is enough, and a site that answers.";
    PIKU_HEALTHCHECK_TIMEOUT: number(60, 1, 3600, "seconds"), Deploy, "How long a new release may take to be healthy before the push is refused.";
    PIKU_KEEP_RELEASES: number(5, 1, 1000, "commits"), Deploy, "How many commits are kept to go back to, the live one among them.";
    PIKU_PERSIST: text("paths in the app's folder, with commas or spaces between them"), Deploy, "Files and folders that live in `$DATA_ROOT` and are linked into every release.";

    PIKU_RUNTIME: text("the name of a runtime, such as `python`"), Build, "The runtime, in place of the one that is detected.";
    PYTHON_VERSION: text("a version such as `3.12`"), Build, "The Python that the app is built for and runs on.";
    NODE_VERSION: text("a version such as `22`"), Build, "The Node.js that the app is built for and runs on.";
    NODE_PACKAGE_MANAGER: text("the name of a tool, such as `npm`"), Build, "What installs the packages of a Node.js app.";

    PORT: optional(1, 65_535, ""), Processes, "The port that the app listens on; without it a free one is picked.";
    BIND_ADDRESS: usually("127.0.0.1", "an IP address"), Processes, "The address that the app listens at.";
    DISABLE_IPV6: boolean(false), Nginx, "Whether the site is left off IPv6.";

    UWSGI_PROCESSES: number(2, 1, 512, "processes"), Uwsgi, "How many processes serve an app that uWSGI runs (`wsgi`, `rwsgi`, `jwsgi`, `php`).";
    UWSGI_THREADS: number(4, 1, 512, "threads"), Uwsgi, "How many threads each of those processes has, with `wsgi` and `jwsgi`.";
    UWSGI_ENABLE_THREADS: boolean(true), Uwsgi, "Whether the app may start threads of its own.";
    UWSGI_LISTEN: number(48, 1, 65_535, "connections"), Uwsgi, "How many connections may wait to be accepted; the kernel's `net.core.somaxconn` must allow as many.";
    UWSGI_MAX_REQUESTS: number(1024, 0, 1_000_000_000, "requests"), Uwsgi, "After how many requests a process is replaced by a fresh one; `0` for never. Where it is not set, processes with more than one thread are not replaced: uWSGI keeps such a process, and the requests it has, until it is killed two seconds later.";
    UWSGI_LOG_MAXSIZE: number(1_048_576, 4096, 1 << 40, "bytes"), Uwsgi, "The size at which a log begins anew; one older log is kept.";
    UWSGI_LOG_X_FORWARDED_FOR: boolean(false), Uwsgi, "Whether logs show the address in `X-Forwarded-For` instead of the connection's.";
    UWSGI_GEVENT: optional(1, 65_535, "greenlets"), Uwsgi, "Serves the requests of a `wsgi` app in that many gevent greenlets instead of threads; gevent must be among its packages.";
    UWSGI_ASYNCIO: optional(1, 65_535, "tasks"), Uwsgi, "Serves the requests of a `wsgi` app in that many asyncio tasks instead of threads; greenlet must be among its packages.";
    UWSGI_IDLE: optional(1, YEAR, "seconds"), Uwsgi, "After how long without a request the processes stop, until the next request starts them.";
    UWSGI_INCLUDE_FILE: text("a path in the app's folder"), Uwsgi, "A file with uWSGI options of the app's own.";

    NGINX_SERVER_NAME: text("host names, with spaces or commas between them"), Nginx, "The names that the site answers to; without any, the app has no site.";
    NGINX_STATIC_PATHS: text("pairs such as `/static:public`, with commas between them"), Nginx, "What nginx serves itself: a URL, and the file or folder for it.";
    NGINX_CATCH_ALL: text("a file name"), Nginx, "The file that is served for every URL that no static file has.";
    NGINX_HTTPS_ONLY: boolean(false), Nginx, "Whether plain HTTP is answered with a redirect to HTTPS.";
    NGINX_CLOUDFLARE_ACL: boolean(false), Nginx, "Whether only Cloudflare and this machine may ask for the site.";
    NGINX_ALLOW_GIT_FOLDERS: boolean(false), Nginx, "Whether URLs with `.git` in them reach the app.";
    NGINX_IPV4_ADDRESS: usually("0.0.0.0", "an IPv4 address"), Nginx, "The IPv4 address that the site listens at.";
    NGINX_IPV6_ADDRESS: usually("[::]", "an IPv6 address"), Nginx, "The IPv6 address that the site listens at.";
    NGINX_INCLUDE_FILE: text("a path in the app's folder"), Nginx, "A file with nginx directives of the app's own, for its `server` block.";
    NGINX_CACHE_PREFIXES: text("URL prefixes, with commas between them"), Nginx, "The URLs whose answers nginx keeps; without any, it keeps none.";
    NGINX_CACHE_SIZE: number(1, 1, 10_000, "GB"), Nginx, "How much nginx keeps at most.";
    NGINX_CACHE_TIME: number(3600, 0, YEAR, "seconds"), Nginx, "How long content is kept.";
    NGINX_CACHE_REDIRECTS: number(3600, 0, YEAR, "seconds"), Nginx, "How long redirects are kept.";
    NGINX_CACHE_ANY: number(3600, 0, YEAR, "seconds"), Nginx, "How long every other answer is kept.";
    NGINX_CACHE_CONTROL: number(3600, 0, YEAR, "seconds"), Nginx, "How long a browser may keep what the app says nothing about.";
    NGINX_CACHE_EXPIRY: number(86_400, 1, YEAR, "seconds"), Nginx, "After how long what nobody asked for is dropped.";
    NGINX_CACHE_PATH: text("an absolute path"), Nginx, "The folder of the cache, in place of `cache/<app>`.";
    ACME_ROOT_CA: text("the name or the address of a certificate authority"), Nginx, "Who is asked for the certificate of the site. Not honoured yet.";

    PIKU_ROOT: usually("~/.piku", "an absolute path"), Host, "The folder in which everything is.";
    PIKU_NGINX_RELOAD: text("a command line"), Host, "What makes nginx read its configuration again; without it, whoever watches the `nginx` folder does.";
    PIKU_MAX_PROCESSES: number(64, 0, 10_000, "processes"), Host, "How far `ps:scale` may scale one kind of process.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_key_once_and_explains_it_in_sentences() {
        let mut names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
        for key in KEYS {
            assert!(key.meaning.ends_with('.'), "{}", key.name);
            assert!(!key.value.to_string().is_empty(), "{}", key.name);
        }
    }

    #[test]
    fn every_default_is_within_its_bounds() {
        for key in KEYS {
            if let ValueType::Number { default: Some(default), min, max, .. } = key.value {
                assert!((min..=max).contains(&default), "{}", key.name);
            }
        }
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let shown = KEYS.iter().filter_map(|key| Some(format!("{}={}", key.name, key.default_text()?)));
        insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r"
        PIKU_AUTO_RESTART=true
        PIKU_DEPLOY_STRATEGY=start-first
        PIKU_HEALTHCHECK_TIMEOUT=60
        PIKU_KEEP_RELEASES=5
        BIND_ADDRESS=127.0.0.1
        DISABLE_IPV6=false
        UWSGI_PROCESSES=2
        UWSGI_THREADS=4
        UWSGI_ENABLE_THREADS=true
        UWSGI_LISTEN=48
        UWSGI_MAX_REQUESTS=1024
        UWSGI_LOG_MAXSIZE=1048576
        UWSGI_LOG_X_FORWARDED_FOR=false
        NGINX_HTTPS_ONLY=false
        NGINX_CLOUDFLARE_ACL=false
        NGINX_ALLOW_GIT_FOLDERS=false
        NGINX_IPV4_ADDRESS=0.0.0.0
        NGINX_IPV6_ADDRESS=[::]
        NGINX_CACHE_SIZE=1
        NGINX_CACHE_TIME=3600
        NGINX_CACHE_REDIRECTS=3600
        NGINX_CACHE_ANY=3600
        NGINX_CACHE_CONTROL=3600
        NGINX_CACHE_EXPIRY=86400
        PIKU_ROOT=~/.piku
        PIKU_MAX_PROCESSES=64
        ");
    }
}
