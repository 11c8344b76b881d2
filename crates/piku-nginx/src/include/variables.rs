//! Variables of nginx, and those that a file defines.

use std::collections::BTreeSet;

use super::syntax::Directive;

/// The longest name of a variable that is sure to fit into nginx's table.
const LONGEST: usize = 40;

/// Variables that every nginx has. One that only another site or a module defines could be gone tomorrow, and nginx
/// would not start any more.
const KNOWN: &[&str] = &[
    "args",
    "binary_remote_addr",
    "body_bytes_sent",
    "bytes_sent",
    "connection",
    "connection_requests",
    "content_length",
    "content_type",
    "document_root",
    "document_uri",
    "gzip_ratio",
    "host",
    "hostname",
    "http2",
    "https",
    "invalid_referer",
    "is_args",
    "limit_rate",
    "msec",
    "nginx_version",
    "pid",
    "pipe",
    "proxy_add_x_forwarded_for",
    "proxy_host",
    "proxy_port",
    "proxy_protocol_addr",
    "proxy_protocol_port",
    "query_string",
    "remote_addr",
    "remote_port",
    "remote_user",
    "request",
    "request_body",
    "request_completion",
    "request_filename",
    "request_id",
    "request_length",
    "request_method",
    "request_time",
    "request_uri",
    "scheme",
    "server_addr",
    "server_name",
    "server_port",
    "server_protocol",
    "ssl_cipher",
    "ssl_protocol",
    "ssl_server_name",
    "ssl_session_id",
    "ssl_session_reused",
    "status",
    "tcpinfo_rtt",
    "tcpinfo_rttvar",
    "time_iso8601",
    "time_local",
    "upstream_addr",
    "upstream_bytes_received",
    "upstream_bytes_sent",
    "upstream_cache_status",
    "upstream_connect_time",
    "upstream_header_time",
    "upstream_response_length",
    "upstream_response_time",
    "upstream_status",
    "uri",
];

/// Beginnings of variables that depend on the request.
const PREFIXES: &[&str] = &[
    "arg_",
    "cookie_",
    "http_",
    "sent_http_",
    "sent_trailer_",
    "upstream_cookie_",
    "upstream_http_",
    "upstream_trailer_",
];

/// The variables in a text, without `$` and braces. nginx has no escape for a `$`.
pub(super) fn named(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        let (inner, is_braced) = after.strip_prefix('{').map_or((after, false), |inner| (inner, true));
        let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        // `$1` has one digit.
        let end = match inner.chars().next() {
            Some(first) if first.is_ascii_digit() && !is_braced => 1,
            _ => end,
        };
        found.push(&inner[..end]);
        rest = &inner[end..];
    }
    found
}

/// Whether every nginx knows the variable.
pub(super) fn is_known(name: &str) -> bool {
    let is_capture = matches!(name.as_bytes(), [b'1'..=b'9']);
    is_capture || KNOWN.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a file may define a variable of this name.
pub(super) fn may_be_defined(name: &str) -> bool {
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= LONGEST
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits && (!is_known(name) || matches!(name, "args" | "limit_rate"))
}

/// The variables that directives define: by `set`, and by names in regular expressions.
pub(super) fn defined(directives: &[Directive]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for directive in directives {
        match directive.name() {
            "set" | "auth_request_set" => {
                let name = directive.arguments().first().and_then(|word| word.text.strip_prefix('$'));
                found.extend(name.map(str::to_owned));
            }
            "location" | "rewrite" | "if" => {
                found.extend(directive.arguments().iter().flat_map(|word| captured(&word.text)));
            }
            _ => {}
        }
        found.extend(defined(directive.block.as_deref().unwrap_or_default()));
    }
    found
}

/// The names of groups in a regular expression: `(?<name>…)`, `(?P<name>…)`, and `(?'name'…)`.
pub(super) fn captured(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    for begin in ["(?<", "(?P<", "(?'"] {
        for rest in pattern.split(begin).skip(1) {
            let name = rest.split(['>', '\'']).next().unwrap_or_default();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            found.extend(is_name.then(|| name.to_owned()));
        }
    }
    found
}
