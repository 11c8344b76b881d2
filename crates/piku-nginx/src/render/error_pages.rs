//! Renders the site's own pages for nginx's errors.

use super::{location::Locations, text::Text};
use crate::{Site, quote};

/// The URL of the pages, which only nginx itself may ask for.
fn folder(site: &Site) -> Option<String> {
    let probe = site.probe.as_ref()?;
    Some(format!("{}/errors/", probe.path.as_str().trim_end_matches('/')))
}

/// Adds which page is shown for which status. Of two directives for a status the first counts.
pub(super) fn directives(site: &Site, text: &mut Text) {
    let (Some(pages), Some(folder)) = (&site.error_pages, folder(site)) else { return };
    for page in &pages.pages {
        let statuses: Vec<String> = page.statuses(&pages.pages).iter().map(ToString::to_string).collect();
        if !statuses.is_empty() {
            text.line(&format!(
                "error_page {} {};",
                statuses.join(" "),
                quote::word(&format!("{folder}{page}"))
            ));
        }
    }
}

/// Adds the folder of the pages. They are open to whoever gets the error, with or without a password.
pub(super) fn location(site: &Site, locations: &mut Locations<'_>) {
    let (Some(pages), Some(folder)) = (&site.error_pages, folder(site)) else { return };
    locations.add(&format!("location ^~ {}", quote::word(&folder)), |text| {
        text.lines(["internal;", "auth_basic off;", "allow all;"]);
        text.line(&format!("alias {};", pages.folder.folder_word()));
        text.line(&format!("disable_symlinks on {};", pages.top.starting_point()));
    });
}
