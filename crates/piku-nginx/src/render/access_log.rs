//! Renders the log of the requests to a site.
//!
//! A line has the time, the status, the seconds that the answer took, the bytes of its body, the address of the
//! visitor, what was asked for without the query, and the seconds that the app took:
//!
//! ```text
//! 2026-11-26T10:00:00+00:00 200 0.012 5120 192.0.2.7 "GET https://blog.example.org/about" 0.011
//! ```
//!
//! Queries hold what is meant for the app alone, such as the token of a link in a mail.

use super::{text::Text, visitor};
use crate::Site;

/// Adds the form of a line. Its name is defined for all of nginx, like that of the variable.
pub(super) fn form(site: &Site, text: &mut Text) {
    if site.access_log.is_none() {
        return;
    }
    let path = format!("${}", site.name.variable(&site.namespace, "path"));
    text.block(&format!("map $request_uri {path}"), |text| text.line(r#""~^([^?]*)" $1;"#));
    let asked = format!("$request_method {}://$host{path}", visitor::scheme(site));
    text.line(&format!(
        "log_format {} '$time_iso8601 $status $request_time $body_bytes_sent $remote_addr \"{asked}\" $upstream_response_time';",
        site.upstream()
    ));
}

/// Adds where requests are logged. Lines are written together, at least once a second.
pub(super) fn directive(site: &Site, text: &mut Text) {
    if let Some(log) = &site.access_log {
        let line = format!("access_log {} {} buffer=16k flush=1s;", log.word(), site.upstream());
        site.add_unless_left(text, &line);
    }
}
