//! Renders the headers of every answer.

use super::{text::Text, visitor};
use crate::Site;

const HSTS: &str = "Strict-Transport-Security";

/// Adds the headers of every answer.
///
/// A location that adds a header of its own no longer gets those of the server: it needs these as well.
pub(super) fn add(site: &Site, text: &mut Text) {
    for header in &site.headers {
        text.line(&header.directive(&dollar_name(site)));
    }
    if site.hsts.is_some() {
        text.line(&format!("add_header {HSTS} {} always;", site.namespace.variable("hsts")));
    }
}

/// Adds the value of the header that belongs on answers over HTTPS alone; nginx adds none that is empty.
pub(super) fn hsts(site: &Site, text: &mut Text) {
    let Some(hsts) = &site.hsts else { return };
    let variable = site.namespace.variable("hsts");
    // The answer to a broken request needs it before it is set.
    site.add_unless_left(text, "uninitialized_variable_warn off;");
    text.line(&format!("set {variable} \"\";"));
    text.adjoining(&format!("if ({} = https)", visitor::scheme(site)), |text| {
        text.line(&format!("set {variable} \"{hsts}\";"));
    });
}

/// Removes the app's own headers of the same names, except those of which an answer may have several.
pub(super) fn replace(site: &Site, module: &str, text: &mut Text) {
    let ours = site.headers.iter().filter(|header| header.is_single()).map(crate::Header::name);
    for name in ours.chain(site.hsts.is_some().then_some(HSTS)) {
        text.line(&format!("{module}_hide_header {name};"));
    }
}

/// Adds a variable for `$`, which nginx has no other way to write.
pub(super) fn dollar(site: &Site, text: &mut Text) {
    if site.headers.iter().any(crate::Header::has_dollar) {
        text.block(&format!("geo ${}", dollar_name(site)), |text| text.line("default \"$\";"));
    }
}

fn dollar_name(site: &Site) -> String {
    site.name.variable(&site.namespace, "dollar")
}
