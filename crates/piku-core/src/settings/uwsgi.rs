//! How uWSGI serves an app: the `UWSGI_*` keys.

use super::catalog as keys;
use super::reader::{Reader, Refusal};

/// The `UWSGI_*` settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UwsgiOptions {
    /// `UWSGI_PROCESSES`.
    pub processes: u32,
    /// `UWSGI_THREADS`, of each process.
    pub threads: u32,
    /// `UWSGI_ENABLE_THREADS`.
    pub enable_threads: bool,
    /// `UWSGI_LISTEN`, in connections.
    pub listen: u32,
    /// `UWSGI_MAX_REQUESTS`, where it is set; 0 for no limit.
    pub max_requests: Option<u64>,
    /// `UWSGI_LOG_MAXSIZE`, in bytes.
    pub log_max_size: u64,
    /// `UWSGI_LOG_X_FORWARDED_FOR`.
    pub log_x_forwarded_for: bool,
    /// `UWSGI_GEVENT`, in greenlets.
    pub gevent: Option<u32>,
    /// `UWSGI_ASYNCIO`, in tasks.
    pub asyncio: Option<u32>,
    /// `UWSGI_INCLUDE_FILE`, relative to the app's folder and below it.
    pub include_file: Option<String>,
    /// `UWSGI_IDLE`, in seconds.
    pub idle: Option<u32>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> UwsgiOptions {
    let options = UwsgiOptions {
        processes: reader.count(&keys::UWSGI_PROCESSES),
        threads: reader.count(&keys::UWSGI_THREADS),
        enable_threads: reader.boolean(&keys::UWSGI_ENABLE_THREADS),
        listen: reader.count(&keys::UWSGI_LISTEN),
        max_requests: reader
            .text(&keys::UWSGI_MAX_REQUESTS)
            .is_some()
            .then(|| reader.count(&keys::UWSGI_MAX_REQUESTS)),
        log_max_size: reader.count(&keys::UWSGI_LOG_MAXSIZE),
        log_x_forwarded_for: reader.boolean(&keys::UWSGI_LOG_X_FORWARDED_FOR),
        gevent: reader.number(&keys::UWSGI_GEVENT),
        asyncio: reader.number(&keys::UWSGI_ASYNCIO),
        include_file: reader.file_of_app(&keys::UWSGI_INCLUDE_FILE),
        idle: reader.number(&keys::UWSGI_IDLE),
    };
    if options.gevent.is_some() && options.asyncio.is_some() {
        let message = "UWSGI_GEVENT is set too, and wins";
        reader.warn(&keys::UWSGI_ASYNCIO, Refusal::new("env::conflict", message, "remove one of the two"));
    }
    options
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_reference_says_of_the_number_of_requests_is_what_a_vassal_gets() {
        let usual = super::keys::UWSGI_MAX_REQUESTS.default_text();
        assert_eq!(usual, Some(piku_uwsgi::AppVassal::MAX_REQUESTS.to_string()));
    }
}
