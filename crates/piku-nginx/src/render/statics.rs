//! Renders the locations of files.

use super::{
    backend,
    location::{self, Locations},
    text::Text,
};
use crate::{Backend, FileName, Site, StaticPath};

/// Adds the locations of files.
pub(super) fn add(site: &Site, locations: &mut Locations<'_>) {
    for mapped in &site.statics {
        if mapped.url().is_root() {
            root(site, mapped, locations);
        } else {
            below(site, mapped, locations);
        }
    }
}

/// Adds the folder of `/`. If a file does not exist, the backend is asked, if there is one.
fn root(site: &Site, mapped: &StaticPath, locations: &mut Locations<'_>) {
    let catch_all = site.catch_all.as_ref().map(|file| file.word_behind("/"));
    let passed = backend::module(site).is_some();
    locations.add("location /", |text| {
        text.line(&format!("root {};", mapped.path().word()));
        folder(
            site,
            mapped,
            catch_all.as_deref().zip(catch_all.as_deref()),
            passed,
            last_of_root(site, passed),
            text,
        );
    });
    if passed {
        locations.add("location @app", |text| location::passed(site, text));
    }
}

/// What answers for a file that the folder of `/` does not have.
fn last_of_root(site: &Site, passed: bool) -> &'static str {
    match site.backend {
        _ if passed => "@app",
        Backend::StaticOnly => "=404",
        _ => "=503",
    }
}

/// Adds a URL below `/`: a file, or a folder if a slash follows.
fn below(site: &Site, mapped: &StaticPath, locations: &mut Locations<'_>) {
    let (url, path) = (mapped.url(), mapped.path());
    locations.add(&format!("location = {}", url.word()), |text| {
        if mapped.may_be_file(&site.never_served) {
            text.line(&format!("alias {};", path.word()));
            serving(mapped, text);
        } else {
            text.line("return 404;");
        }
    });
    // Both end in a slash, or neither does: otherwise `/static../secret` would leave the folder.
    locations.add(&format!("location ^~ {}", url.folder_word()), |text| {
        text.line(&format!("alias {};", path.folder_word()));
        let file = site.catch_all.as_ref().map(|file| file.word_behind(""));
        let address = site.catch_all.as_ref().map(|file| file.word_behind(&format!("{url}/")));
        let passed = mapped.is_of_root() && backend::module(site).is_some();
        let last = if mapped.is_of_root() { last_of_root(site, passed) } else { "=404" };
        folder(site, mapped, file.as_deref().zip(address.as_deref()), passed, last, text);
    });
}

/// Adds how files in a folder are looked up, and which are never served.
///
/// `catch_all` is the file as `try_files` names it, and its address. A folder with a backend behind it serves no
/// index of its own: `/` belongs to the app.
fn folder(
    site: &Site,
    mapped: &StaticPath,
    catch_all: Option<(&str, &str)>,
    passed: bool,
    last: &str,
    text: &mut Text,
) {
    serving(mapped, text);
    let (file, address) = catch_all
        .map_or_else(Default::default, |(file, address)| (format!(" {file}"), format!(" {address}")));
    if passed {
        text.line(&format!("try_files $uri $uri.html{file} {last};"));
    } else {
        text.line(&format!("index index.html{address};"));
        text.line(&format!("try_files $uri $uri.html $uri/{file} {last};"));
    }
    let public = if site.allow_git_folders { "(?:well-known|git)" } else { "well-known" };
    let dotted = format!(r"\.(?!{public}(?:/|$))");
    let names: Vec<String> = site.never_served.iter().map(FileName::pattern).collect();
    let hidden = match names.is_empty() {
        true => dotted,
        false => format!("(?:{dotted}|(?:{})(?:/|$))", names.join("|")),
    };
    text.block(&format!("location ~ \"/{hidden}\""), |text| text.line("return 404;"));
}

/// Adds how files are sent. No link below the top folder of the app is followed, which the app could lead anywhere; the
/// top folder itself may be a link.
fn serving(mapped: &StaticPath, text: &mut Text) {
    text.lines(["sendfile on;", "tcp_nopush on;", "absolute_redirect off;"]);
    let from = crate::quote::word(&format!("from={}", mapped.top()));
    text.line(&format!("disable_symlinks on {from};"));
}
