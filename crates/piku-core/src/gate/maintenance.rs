//! The maintenance of an app: its state, and what nginx includes meanwhile. Pure.
//!
//! The state is `envs/<app>/MAINTENANCE`, one JSON object; 600. It belongs to the app, not to a release.

use jiff::Timestamp;
use piku_nginx::{FilePath, InvalidSite, MaintenanceFiles, Pass, UrlPath};
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::fingerprint;
use crate::included::NAMESPACE;
use crate::root::Root;

/// The header with the secret that lets piku's own requests through.
pub(crate) const PASS: &str = "X-Piku-Pass";

/// The page of an app without one of its own.
pub(crate) const OUR_PAGE: &str = include_str!("maintenance.html");

/// The page of an app, at the top of its folder.
const OWN_PAGE: &str = "maintenance.html";

/// An app under maintenance: every request is answered with 503 and a page, while the processes go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Maintenance {
    /// Since when.
    pub since: Timestamp,
    /// Who turned it on, if known.
    pub by: Option<String>,
    /// The addresses and ranges that still reach the app.
    pub allow: Vec<String>,
    /// The file of the app that is the page; `None` for piku's own.
    pub page: Option<String>,
    /// The secret of piku's own requests.
    pub(crate) pass: String,
}

/// The files that nginx includes during a maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) operators: Option<String>,
    pub(crate) rules: String,
}

impl Maintenance {
    /// What the probe of the site adds to its answer: another one for each other maintenance.
    pub(crate) fn mark(&self) -> String {
        let Self { since, by: _, allow, page, pass } = self;
        fingerprint::of(format!("{since} {allow:?} {page:?} {pass}"))
    }

    /// Renders the files.
    pub(crate) fn texts(&self, root: &Root, app: &AppName) -> Result<Texts, InvalidSite> {
        let page = FilePath::new(root.maintenance_page(app))?;
        let (name, namespace) = (app.as_str().parse()?, NAMESPACE.parse()?);
        let mark = self.mark().parse()?;
        let mut closed = piku_nginx::Maintenance::new(name, namespace, probe_path(app)?, mark, page);
        closed.operators = self.allow.iter().map(|network| network.parse()).collect::<Result<_, _>>()?;
        closed.pass = Some(Pass::new(PASS, &self.pass)?);
        Ok(Texts { operators: closed.operators(), rules: closed.rules() })
    }
}

/// The files that the site of an app includes if they exist.
pub(crate) fn files(root: &Root, app: &AppName) -> Result<MaintenanceFiles, InvalidSite> {
    let path = |path: camino::Utf8PathBuf| FilePath::new(path);
    Ok(MaintenanceFiles::new(path(root.maintenance_operators(app))?, path(root.maintenance_rules(app))?))
}

/// The URL that shows which site nginx serves for an app.
pub(crate) fn probe_path(app: &AppName) -> Result<UrlPath, InvalidSite> {
    format!("/.well-known/piku/{app}").parse()
}

/// The files of an app that may be the page, best first. `error_pages` is its `NGINX_ERROR_PAGES`.
pub(crate) fn pages(error_pages: Option<&str>) -> Vec<String> {
    let of_errors = error_pages.map(str::trim).filter(|folder| !folder.is_empty());
    let of_errors = of_errors.map(|folder| format!("{}/503.html", folder.trim_end_matches('/')));
    [OWN_PAGE.to_owned()].into_iter().chain(of_errors).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maintenance(allow: &[&str]) -> Maintenance {
        Maintenance {
            since: Timestamp::UNIX_EPOCH,
            by: None,
            allow: allow.iter().map(|one| (*one).to_owned()).collect(),
            page: None,
            pass: "0123abcd".to_owned(),
        }
    }

    #[test]
    fn what_nginx_includes_names_files_below_the_root_alone() {
        let (root, app) = (Root::new("/r"), "blog".parse().unwrap());
        let texts = maintenance(&["192.0.2.7", "2001:db8::/32"]).texts(&root, &app).unwrap();
        insta::assert_snapshot!(format!("{}\n{}", texts.operators.unwrap_or_default(), texts.rules));
        assert_eq!(maintenance(&[]).texts(&root, &app).unwrap().operators, None);
    }

    #[test]
    fn another_maintenance_has_another_mark() {
        assert_ne!(maintenance(&[]).mark(), maintenance(&["192.0.2.7"]).mark());
        assert_eq!(maintenance(&[]).mark(), maintenance(&[]).mark());
    }

    #[test]
    fn a_page_of_maintenance_is_better_than_one_of_errors() {
        assert_eq!(pages(None), ["maintenance.html"]);
        assert_eq!(pages(Some(" ")), ["maintenance.html"]);
        assert_eq!(pages(Some("errors/")), ["maintenance.html", "errors/503.html"]);
    }
}
