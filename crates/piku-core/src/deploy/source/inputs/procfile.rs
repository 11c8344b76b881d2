//! Interprets the entries of a Procfile: which serve requests, and which are invalid.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ported;
use piku_procfile::{Diagnostic, Entry, Kind, Procfile, runs_in_uwsgi};

use crate::deploy::source::procfile_path::is_inside;

/// The invalid entries. `text` is the text of the Procfile.
pub(super) fn mistakes(text: &[u8], procfile: &Procfile) -> Vec<Diagnostic> {
    let names = spans(text);
    let mut found: Vec<_> = procfile.entries().iter().filter_map(|entry| refused(&names, entry)).collect();
    found.extend(two_servers(&names, procfile));
    found
}

/// Whether the processes of an entry serve requests.
pub(crate) fn answers(entry: &Entry) -> bool {
    entry.kind == Kind::Web || runs_in_uwsgi(entry.name.as_str())
}

/// Whether an app with these server names has a site.
pub(super) fn has_site(procfile: &Procfile, server_names: &[String]) -> bool {
    let serves = |entry: &Entry| answers(entry) || entry.kind == Kind::Static;
    !server_names.is_empty() && procfile.entries().iter().any(serves)
}

/// Refuses commands that are invalid for their kind of process.
fn refused(names: &BTreeMap<&[u8], Range<usize>>, entry: &Entry) -> Option<Diagnostic> {
    let (name, command) = (entry.name.as_str(), &entry.command);
    let span = names.get(name.as_bytes()).cloned().unwrap_or(0..0);
    let outside = |code, what: &str, example: &str| {
        let message = format!("`{command}` is not a {what} of the app");
        let help = format!("name one below the Procfile, such as `{name}: {example}`");
        Diagnostic::error(code, span.clone(), message).with_help(help)
    };
    match entry.kind {
        Kind::Static if !is_inside(command) => Some(outside("procfile::static-outside", "folder", "public")),
        Kind::Php if !is_inside(command) => Some(outside("procfile::php-outside", "folder", "public")),
        Kind::Rwsgi if !is_inside(command) => Some(outside("procfile::bad-rwsgi", "file", "config.ru")),
        Kind::Jwsgi if !is_class(command) => {
            let message = format!("`{command}` is not a Java class");
            Some(
                Diagnostic::error("procfile::bad-jwsgi", span, message)
                    .with_help("write `package.Class`, or `package.Class:method`"),
            )
        }
        Kind::Web | Kind::Worker => ported::refused(name, command)
            .map(|(message, help)| Diagnostic::error("procfile::heroku", span, message).with_help(help)),
        _ => None,
    }
}

/// At most one process may serve the site.
fn two_servers(names: &BTreeMap<&[u8], Range<usize>>, procfile: &Procfile) -> Option<Diagnostic> {
    let mut servers =
        procfile.entries().iter().map(|entry| entry.name.as_str()).filter(|name| runs_in_uwsgi(name));
    let (first, second) = (servers.next()?, servers.next()?);
    let span = names.get(second.as_bytes()).cloned().unwrap_or(0..0);
    let message = format!("`{first}` and `{second}` can't both serve the site");
    Some(
        Diagnostic::error("procfile::two-servers", span, message)
            .with_help("keep one of them here, and push the other as a separate app"),
    )
}

/// Whether the text is `package.Class`, optionally with `:method`.
fn is_class(text: &str) -> bool {
    let name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let (class, method) = text.split_once(':').unwrap_or((text, "application"));
    class.split('.').all(name) && name(method)
}

/// The span of each process name.
fn spans(text: &[u8]) -> BTreeMap<&[u8], Range<usize>> {
    let mut spans = BTreeMap::new();
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let indent = line[..colon].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let name = line[indent..colon].trim_ascii_end();
            spans.entry(name).or_insert(start + indent..start + indent + name.len());
        }
        start += line.len();
    }
    spans
}
