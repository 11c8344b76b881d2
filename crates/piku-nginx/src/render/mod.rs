//! Renders a site, from the outermost block inwards:
//!
//! - [`instance`] renders the main configuration around all sites
//! - [`server`] renders the servers: the one that rejects unknown hosts, and the site itself
//! - [`redirect`] renders the servers that redirect: from HTTP to HTTPS, and from other names
//! - [`visitor`] renders who a visitor is, and whether to let them in
//! - [`headers`] renders the headers of every answer
//! - [`location`] renders single URLs: probe, ACME challenge, `.git` folders, cache
//! - [`statics`] renders the locations of files
//! - [`error_pages`] renders the site's own pages for nginx's errors
//! - [`access_log`] renders the log of requests
//! - [`maintenance`] renders what a site includes while it is under maintenance
//! - [`backend`] renders the upstream, and the lines that pass a request to it
//! - [`included`] renders the directives that people write themselves
//! - [`text`] indents
//!
//! Every value gets into the text through the `word` of its type.

mod access_log;
mod backend;
mod error_pages;
mod headers;
mod included;
mod instance;
mod location;
mod maintenance;
mod redirect;
mod server;
mod statics;
mod text;
mod visitor;

use std::fmt;

use crate::Site;

impl Site {
    /// Renders the site as configuration text for the `http` block.
    pub fn render(&self) -> String {
        render(self)
    }
}

impl Site {
    /// Adds a directive of the server, unless the app's own file sets it.
    fn add_unless_left(&self, text: &mut text::Text, line: &str) {
        if !line.split(' ').next().is_some_and(|name| self.left_to_include.has(name)) {
            text.line(line);
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

/// Renders the site.
fn render(site: &Site) -> String {
    let mut text = text::Text::default();
    if let Some(comment) = &site.comment {
        text.line(&format!("# {comment}"));
    }
    maintenance::include_operators(site, &mut text);
    access_log::form(site, &mut text);
    if !site.server_names.iter().any(crate::ServerName::is_any) {
        server::guard(site, &mut text);
    }
    backend::upstream(site, &mut text);
    location::cache_zone(site, &mut text);
    included::zones(site, &mut text);
    visitor::networks(site, &mut text);
    headers::dollar(site, &mut text);
    if visitor::has_redirect_of_its_own(site) {
        redirect::to_https(site, &mut text);
    }
    redirect::to_main_name(site, &mut text);
    server::main(site, &mut text);
    text.finish()
}
