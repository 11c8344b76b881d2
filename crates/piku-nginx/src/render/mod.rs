//! Renders a site, from the outermost block inwards:
//!
//! - [`instance`] renders the main configuration around all sites
//! - [`server`] renders the servers: the one that rejects unknown hosts, the one that redirects, the site itself
//! - [`location`] renders single URLs: probe, ACME challenge, `.git` folders, cache
//! - [`statics`] renders the locations of files
//! - [`backend`] renders the upstream, and the lines that pass a request to it
//! - [`text`] indents
//!
//! Every value gets into the text through the `word` of its type.

mod backend;
mod instance;
mod location;
mod server;
mod statics;
mod text;

use std::fmt;

use crate::Site;

impl Site {
    /// Renders the site as configuration text for the `http` block.
    pub fn render(&self) -> String {
        render(self)
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
    if !site.server_names.iter().any(crate::ServerName::is_any) {
        server::guard(site, &mut text);
    }
    backend::upstream(site, &mut text);
    location::cache_zone(site, &mut text);
    if site.tls.is_some() && site.https_only {
        server::redirect(site, &mut text);
    }
    server::main(site, &mut text);
    text.finish()
}
