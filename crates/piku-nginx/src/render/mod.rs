//! The way from a site to its text, from the outermost block inwards:
//!
//! - [`instance`] makes the main configuration around all sites
//! - [`server`] makes the servers: the one that turns strangers away, the one that redirects, the site itself
//! - [`location`] makes what belongs to one URL: probe, ACME challenge, folders of git, cache
//! - [`statics`] makes the locations of files
//! - [`backend`] makes the upstream, and the lines that pass a request to it
//! - [`text`] indents
//!
//! A value gets into the text only through the `word` of its type.

mod backend;
pub(crate) mod instance;
mod location;
mod server;
mod statics;
mod text;

use crate::Site;

pub(crate) fn site(site: &Site) -> String {
    let mut text = text::Text::default();
    text.line(&format!("# The site of the app `{}`. Piku writes this file anew at every deploy.", site.app));
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
