//! What stands before the app in its site: maintenance, passwords, pages for errors, and the log of requests.

use piku_nginx::{ErrorPage, ErrorPages, FilePath, InvalidSite, Site};

use crate::app::AppName;
use crate::gate::maintenance;
use crate::root::Root;
use crate::settings::NginxOptions;

/// Adds it to the site of an app that has these pages for errors.
pub(super) fn add(
    site: &mut Site,
    root: &Root,
    app: &AppName,
    options: &NginxOptions,
    pages: &[ErrorPage],
) -> Result<(), InvalidSite> {
    site.maintenance = Some(maintenance::files(root, app)?);
    site.access_log = Some(FilePath::new(root.access_log(app))?);
    site.users = options.basic_auth.then(|| FilePath::new(root.users(app))).transpose()?;
    if let Some(folder) = options.error_pages.as_ref().filter(|_| !pages.is_empty()) {
        let live = root.app(app);
        let folder = FilePath::new(live.join(folder))?;
        site.error_pages = Some(ErrorPages::new(FilePath::new(live)?, folder, pages.to_vec()));
    }
    Ok(())
}
