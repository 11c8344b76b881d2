//! Looks up keys by name, suggests the nearest one, and warns about keys that have no effect.

use std::ops::Range;

use piku_procfile::Diagnostic;

use super::catalog::KEYS;
use super::key::{Key, Scope};
use crate::nearest::nearest_within;

/// Variables that only piku sets: an app can't override them.
pub const OWN: [&str; 7] = ["APP", "DATA_ROOT", "GIT_REV", "LOG_ROOT", "PIKU_RELEASE", "PROC_TYPE", "PWD"];

/// The number of keys in a file that get a suggestion; finding one is slow.
pub(super) const SUGGESTIONS: usize = 100;

/// Prefixes of keys that are unlikely to belong to the app itself.
const PREFIXES: [&str; 3] = ["PIKU_", "NGINX_", "UWSGI_"];

/// Finds a key by its exact name.
#[must_use]
pub fn known(key: &str) -> Option<&'static Key> {
    KEYS.iter().find(|candidate| candidate.name == key)
}

/// Finds the known key nearest to `key`; `None` if none is near.
#[must_use]
pub fn nearest(key: &str) -> Option<&'static str> {
    nearest_among(key, |known| known.scope != Scope::Host)
}

/// The nearest of the known keys that `wanted` selects.
pub(super) fn nearest_among(key: &str, wanted: impl Fn(&Key) -> bool) -> Option<&'static str> {
    // The prefix nearly always matches, so the tolerance depends on the rest of the name.
    let tolerance = |name: &str| 2.max(name.split_once('_').map_or(name, |(_, rest)| rest).len() / 3);
    let names = KEYS.iter().filter(|key| wanted(key)).map(|key| key.name);
    nearest_within(key, names, tolerance)
}

/// Whether only piku sets this variable.
pub(super) fn is_own(key: &str) -> bool {
    OWN.contains(&key)
}

/// Whether the key is hidden from processes: uWSGI would read it as an option.
pub(super) fn is_kept_from_processes(key: &str) -> bool {
    key.starts_with("UWSGI_")
}

/// The codes of warnings about keys that have no effect.
const ODD: [&str; 3] = ["env::unknown-key", "env::host-key", "env::own-key"];

/// Whether a diagnostic is about a key that has no effect.
pub(crate) fn is_odd(found: &Diagnostic) -> bool {
    ODD.contains(&found.code)
}

/// Warns about a key that has no effect: a misspelt one, or one that an app can't set.
pub(crate) fn odd(key: &str) -> Option<Diagnostic> {
    second_look(key, 0..0, true)
}

/// Warns about a key that has no effect here. With `suggests`, also looks for the nearest known key, which is slow.
pub(super) fn second_look(key: &str, span: Range<usize>, suggests: bool) -> Option<Diagnostic> {
    if is_own(key) {
        let message = format!("`{key}` is set by piku, and this line changes nothing");
        return Some(
            Diagnostic::warning("env::own-key", span, message).with_help("remove it, or use another key"),
        );
    }
    if let Some(found) = known(key) {
        let message = format!("`{key}` is a setting of the whole server, and no app changes it");
        return (found.scope == Scope::Host).then(|| {
            Diagnostic::warning("env::host-key", span, message).with_help(match key {
                "PIKU_ROOT" => {
                    "set it where piku is started, for example with `SetEnv` in sshd_config".to_owned()
                }
                _ => format!("remove it here; `server:set {key}=…` sets it for the server"),
            })
        });
    }
    if !PREFIXES.iter().any(|prefix| key.starts_with(prefix)) {
        return None;
    }
    let consequence = if is_kept_from_processes(key) { ", and not handed on to the processes" } else { "" };
    let warning = Diagnostic::warning(
        "env::unknown-key",
        span,
        format!("`{key}` is not a setting of piku{consequence}"),
    );
    Some(match suggests.then(|| nearest(key)).flatten() {
        Some(name) => warning.with_help(format!("did you mean `{name}`?")),
        None => warning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_finds_the_one_that_was_meant() {
        let cases = [
            ("UWSGI_PROCESES", Some("UWSGI_PROCESSES")),
            ("UWSGI_PROCESS", Some("UWSGI_PROCESSES")),
            ("NGINX_SERVERNAME", Some("NGINX_SERVER_NAME")),
            ("NGINX_SERVER_NAMES", Some("NGINX_SERVER_NAME")),
            ("nginx_server_name", Some("NGINX_SERVER_NAME")),
            ("NGINX_HTTP_ONLY", Some("NGINX_HTTPS_ONLY")),
            ("PIKU_HEALTH_CHECK", Some("PIKU_HEALTHCHECK")),
            ("PIKU_DEPLOY_BRANHC", Some("PIKU_DEPLOY_BRANCH")),
            ("PIKU_SOMETHING_ELSE_ENTIRELY", None),
            ("", None),
        ];
        for (key, wanted) in cases {
            assert_eq!(nearest(key), wanted, "{key}");
        }
    }

    #[test]
    fn only_keys_that_look_like_pikus_get_a_second_look() {
        let look = |key| second_look(key, 0..1, true).map(|found| (found.code, found.message, found.help));
        assert_eq!(look("DATABASE_URL"), None);
        assert_eq!(look("NGINX_SERVER_NAME"), None);
        insta::assert_debug_snapshot!(
            ["UWSGI_WORKER_COUNT", "NGINX_HTTP_ONLY", "PIKU_ROOT", "APP"].map(look),
            @r#"
        [
            Some(
                (
                    "env::unknown-key",
                    "`UWSGI_WORKER_COUNT` is not a setting of piku, and not handed on to the processes",
                    None,
                ),
            ),
            Some(
                (
                    "env::unknown-key",
                    "`NGINX_HTTP_ONLY` is not a setting of piku",
                    Some(
                        "did you mean `NGINX_HTTPS_ONLY`?",
                    ),
                ),
            ),
            Some(
                (
                    "env::host-key",
                    "`PIKU_ROOT` is a setting of the whole server, and no app changes it",
                    Some(
                        "set it where piku is started, for example with `SetEnv` in sshd_config",
                    ),
                ),
            ),
            Some(
                (
                    "env::own-key",
                    "`APP` is set by piku, and this line changes nothing",
                    Some(
                        "remove it, or use another key",
                    ),
                ),
            ),
        ]
        "#);
    }
}
