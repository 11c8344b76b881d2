//! The table of keys, in the order of the reference.

use super::key::{Key, Scope, ValueType};

/// Defines a constant for each key, for use in [`super::options()`], and the table of all keys.
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
    PIKU_AUTO_RESTART: boolean(true), Deploy, "Whether a deploy replaces the running release at once; otherwise the new one waits for `restart`.";
    PIKU_DEPLOY_BRANCH: text("the name of a branch"), Deploy, "The only branch that deploys. By default every branch does.";
    PIKU_DEPLOY_STRATEGY: usually("start-first", "`start-first` or `stop-first`"), Deploy, "Whether new processes start before or after the old ones stop. `start-first` loses no request but needs memory for both for a moment; `stop-first` saves that memory but fails requests until the new processes are healthy.";
    PIKU_HEALTHCHECK: text("a path such as `/health`"), Deploy, "The path that piku requests over HTTP before a release goes live. The app must answer with 2xx or 3xx, directly and, if it has a site, through nginx. Without it, the app must only accept a connection and, if it has a site, answer through nginx.";
    PIKU_HEALTHCHECK_TIMEOUT: number(60, 1, 3600, "seconds"), Deploy, "How long a new release may take to become healthy before the push is refused.";
    PIKU_KEEP_RELEASES: number(5, 1, 1000, "commits"), Deploy, "How many commits to keep for `rollback`, including the live one.";
    PIKU_PERSIST: text("paths in the app's folder, separated by commas or spaces; `!path` leaves one out"), Deploy, "Files and folders that live in `$DATA_ROOT` and are linked into every release. What the app writes in its folder is added by itself, except for paths behind a `!`.";

    PIKU_RUNTIME: text("the name of a runtime, such as `python`"), Build, "The runtime to use instead of the detected one.";
    PYTHON_VERSION: text("a version such as `3.12`"), Build, "The version of Python to build and run the app with.";
    NODE_VERSION: text("a version such as `22`"), Build, "The version of Node.js to build and run the app with.";
    NODE_PACKAGE_MANAGER: text("the name of a tool, such as `npm`"), Build, "The tool that installs the packages of a Node.js app.";

    PORT: optional(1, 65_535, ""), Processes, "The port that the app listens on. By default piku picks a free one.";
    BIND_ADDRESS: usually("127.0.0.1", "an IP address"), Processes, "The address that the app listens on.";
    DISABLE_IPV6: boolean(false), Nginx, "Whether to serve the site over IPv4 only.";

    UWSGI_PROCESSES: number(2, 1, 512, "processes"), Uwsgi, "How many processes serve an app that uWSGI runs (`wsgi`, `rwsgi`, `jwsgi`, `php`).";
    UWSGI_THREADS: number(4, 1, 512, "threads"), Uwsgi, "How many threads each of those processes has; for `wsgi` and `jwsgi` only.";
    UWSGI_ENABLE_THREADS: boolean(true), Uwsgi, "Whether the app may start threads of its own.";
    UWSGI_LISTEN: number(48, 1, 65_535, "connections"), Uwsgi, "How many connections may wait to be accepted; the kernel's `net.core.somaxconn` must allow as many.";
    UWSGI_MAX_REQUESTS: number(1024, 0, 1_000_000_000, "requests"), Uwsgi, "Replace a process after this many requests; `0` for never. The default applies only to processes with one thread: uWSGI stalls a process with several threads, and its requests, until it kills the process two seconds later.";
    UWSGI_LOG_MAXSIZE: number(1_048_576, 4096, 1 << 40, "bytes"), Uwsgi, "The size at which a log is rotated; one older log is kept.";
    UWSGI_LOG_X_FORWARDED_FOR: boolean(false), Uwsgi, "Whether logs show the address in `X-Forwarded-For` instead of the address of the connection.";
    UWSGI_GEVENT: optional(1, 65_535, "greenlets"), Uwsgi, "Serve requests of a `wsgi` app in this many gevent greenlets instead of threads; gevent must be one of its packages.";
    UWSGI_ASYNCIO: optional(1, 65_535, "tasks"), Uwsgi, "Serve requests of a `wsgi` app in this many asyncio tasks instead of threads; greenlet must be one of its packages.";
    UWSGI_IDLE: optional(1, YEAR, "seconds"), Uwsgi, "Stop the processes after this long without a request; the next request starts them.";
    UWSGI_INCLUDE_FILE: text("a path in the app's folder"), Uwsgi, "A file with additional uWSGI options.";

    NGINX_SERVER_NAME: text("host names, separated by spaces or commas"), Nginx, "The names of the site; `!name` leaves a name within a pattern to another app. Without any, the app has no site.";
    NGINX_STATIC_PATHS: text("pairs such as `/static:public`, separated by commas"), Nginx, "URLs that nginx serves itself, each with its file or folder.";
    NGINX_CATCH_ALL: text("a file name"), Nginx, "The file to serve for every URL without a static file.";
    NGINX_HTTPS_ONLY: boolean(false), Nginx, "Whether to redirect HTTP to HTTPS.";
    NGINX_BASIC_AUTH: boolean(false), Nginx, "Whether visitors need a name and a password. `auth:add` adds users; without any, nobody gets in.";
    NGINX_CLOUDFLARE_ACL: boolean(false), Nginx, "Whether to allow requests from Cloudflare and this machine only. The app sees the visitor's address, as Cloudflare tells it.";
    NGINX_REDIRECT: text("host names, separated by spaces or commas"), Nginx, "More names of the site, such as `www.example.org`, that redirect to its first name, with path and query.";
    NGINX_HSTS: text("`on` (a year), `off`, or seconds; `includeSubDomains` may follow"), Nginx, "For how long browsers use HTTPS only, once they have had a response over HTTPS. `0` makes them forget it. Not sent by default.";
    NGINX_MAX_BODY_SIZE: usually("32m", "a size such as `500k`, `100m`, or `2g`; `0` for no limit"), Nginx, "The largest request, such as an upload. A larger one gets the response 413.";
    NGINX_TIMEOUT: number(300, 1, 86_400, "seconds"), Nginx, "How long the app may take to respond, and to send the next part of a response. Then the visitor gets the response 504.";
    NGINX_BUFFERING: boolean(true), Nginx, "Whether nginx collects responses and requests, so that slow clients do not keep the app busy. `off` passes each part on as it comes, for server-sent events and streams.";
    NGINX_HEADERS: text("headers such as `X-Frame-Options: DENY`, separated by vertical bars"), Nginx, "Headers of every response of the site. Each replaces the app's own of that name, unless there may be several, as of `Set-Cookie`. A doubled bar is one in a value.";
    NGINX_TRUSTED_PROXIES: text("addresses and networks such as `10.0.0.0/8`, separated by spaces or commas"), Nginx, "Proxies in front of the server. What they say of a visitor in `X-Forwarded-For`, `-Proto`, `-Host`, and `-Port` counts; what anybody else says does not.";
    NGINX_ERROR_PAGES: text("a folder of the app"), Nginx, "Pages for errors of nginx itself, such as a missing file or an app that does not run: `404.html`, `500.html`, `502.html`, `503.html`, `504.html`, and `50x.html` for the rest of them. The app's own errors stay as they are.";
    NGINX_ALLOW_GIT_FOLDERS: boolean(false), Nginx, "Whether URLs that contain `.git` reach the app.";
    NGINX_IPV4_ADDRESS: usually("0.0.0.0", "an IPv4 address"), Nginx, "The IPv4 address that the site listens on.";
    NGINX_IPV6_ADDRESS: usually("[::]", "an IPv6 address"), Nginx, "The IPv6 address that the site listens on.";
    NGINX_INCLUDE_FILE: text("a path in the app's folder"), Nginx, "A file with additional nginx directives for the `server` block of the site.";
    NGINX_LOCATION_INCLUDE_FILE: text("a path in the app's folder"), Nginx, "A file with additional nginx directives for requests that are passed to the app: they stand in `location /`.";
    NGINX_CACHE_PREFIXES: text("URL prefixes, separated by commas"), Nginx, "URLs whose responses nginx caches. Without any, it caches nothing.";
    NGINX_CACHE_SIZE: number(1, 1, 10_000, "GB"), Nginx, "The maximum size of the cache.";
    NGINX_CACHE_TIME: number(3600, 0, YEAR, "seconds"), Nginx, "How long to cache content.";
    NGINX_CACHE_REDIRECTS: number(3600, 0, YEAR, "seconds"), Nginx, "How long to cache redirects.";
    NGINX_CACHE_ANY: number(3600, 0, YEAR, "seconds"), Nginx, "How long to cache any other response.";
    NGINX_CACHE_CONTROL: number(3600, 0, YEAR, "seconds"), Nginx, "How long browsers may cache a response when the app does not say.";
    NGINX_CACHE_EXPIRY: number(86_400, 1, YEAR, "seconds"), Nginx, "Drop a cached response after this long without a request for it.";
    NGINX_CACHE_PATH: text("a path below `cache/<app>`"), Nginx, "The folder of the cache within `cache/<app>`, instead of that folder itself.";
    ACME_ROOT_CA: text("`letsencrypt`, `zerossl`, another known authority, the `https` address of an ACME directory, or `off`"), Nginx, "The authority that issues the certificate of the site, by default Let's Encrypt. With `off`, the site keeps a self-signed one, or its own.";

    PIKU_ROOT: usually("~/.piku", "an absolute path"), Host, "The folder that holds everything. Only in the environment of piku.";
    PIKU_DOMAIN: text("a domain, such as `example.org`"), Host, "The domain of sites: the app `blog` answers at `blog.<domain>` unless it sets NGINX_SERVER_NAME.";
    PIKU_ALLOWED_PATHS: text("absolute paths of folders, separated by commas"), Host, "Folders outside of apps that NGINX_STATIC_PATHS of any app may name.";
    PIKU_NGINX_RELOAD: text("a command line"), Host, "The command that reloads nginx. Without it, something else must watch the `nginx` folder and reload, such as `piku-nginx.path`.";
    PIKU_MAX_PROCESSES: number(64, 0, 10_000, "processes"), Host, "The most processes of one kind that `ps:scale` allows.";
    ACME_CONTACT: text("an e-mail address"), Host, "The address that the certificate authority writes to.";
    ACME_EAB_KEY_ID: text("an identifier"), Host, "The identifier of the key of your account at the certificate authority, if it asks for external account binding.";
    ACME_EAB_HMAC_KEY: text("a key in base64url"), Host, "That key, which is a secret: set it with `server:set ACME_EAB_HMAC_KEY=-`.";
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
        NGINX_BASIC_AUTH=false
        NGINX_CLOUDFLARE_ACL=false
        NGINX_MAX_BODY_SIZE=32m
        NGINX_TIMEOUT=300
        NGINX_BUFFERING=true
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
