//! The state of an app's maintenance, and the files that nginx includes meanwhile.

use super::{HostError, files, nginx};
use crate::app::AppName;
use crate::gate::maintenance::{Maintenance, OUR_PAGE, Texts};
use crate::root::Root;

/// The longest page of an app, in bytes.
const LONGEST_PAGE: usize = 1024 * 1024;

/// The maintenance of an app; `None` if it is not under maintenance.
pub(crate) fn read(root: &Root, app: &AppName) -> Result<Option<Maintenance>, HostError> {
    let path = root.maintenance(app);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| HostError::Damaged { path, source })
}

/// Whether an app is under maintenance.
pub(crate) fn is_on(root: &Root, app: &AppName) -> bool {
    files::exists(&root.maintenance(app))
}

/// The secret with which a request reaches the app nevertheless.
pub(crate) fn pass(root: &Root, app: &AppName) -> Option<String> {
    read(root, app).ok().flatten().map(|maintenance| maintenance.pass)
}

/// Stores the state, and makes the files of nginx match it.
pub(crate) fn store(root: &Root, app: &AppName, new: Option<&Maintenance>) -> Result<(), HostError> {
    let path = root.maintenance(app);
    match new {
        Some(new) => {
            let text = serde_json::to_vec(new)
                .map_err(|source| HostError::Damaged { path: path.clone(), source })?;
            files::write(&path, &text, 0o600)?;
        }
        None => files::remove(&path)?,
    }
    settle(root, app).map(drop)
}

/// Makes the files of nginx match the state. Returns whether any was different; the site is then written again.
pub(crate) fn settle(root: &Root, app: &AppName) -> Result<bool, HostError> {
    let changed = write_files(root, app)?;
    if changed {
        nginx::write_again(root, app)?;
    }
    Ok(changed)
}

/// The rules use what the file of operators defines, so it comes before them and goes after them.
fn write_files(root: &Root, app: &AppName) -> Result<bool, HostError> {
    let [operators, rules] = [root.maintenance_operators(app), root.maintenance_rules(app)];
    let Some(maintenance) = read(root, app)? else {
        let left: Vec<_> = [rules, operators].into_iter().filter(|path| files::exists(path)).collect();
        left.iter().try_for_each(|path| files::remove(path))?;
        if left.is_empty() {
            remove_page(root, app)?;
        }
        return Ok(!left.is_empty());
    };
    let invalid = |source| HostError::NginxPath { path: root.nginx(), source: Box::new(source) };
    let texts: Texts = maintenance.texts(root, app).map_err(invalid)?;
    let mut changed = false;
    if !files::exists(&root.maintenance_page(app)) {
        write_page(root, app, OUR_PAGE.as_bytes())?;
    }
    let wanted = [(&operators, texts.operators.as_deref()), (&rules, Some(texts.rules.as_str()))];
    for (path, text) in wanted.into_iter().filter_map(|(path, text)| Some((path, text?))) {
        if files::read_text(path)?.as_deref() != Some(text) {
            // They hold the secret, and nginx's master reads them as root or as this user.
            files::write(path, text.as_bytes(), 0o600)?;
            changed = true;
        }
    }
    if texts.operators.is_none() && files::exists(&operators) {
        files::remove(&operators)?;
        changed = true;
    }
    Ok(changed)
}

/// Copies the first of these files of an app that there is to where nginx reads the page, or else piku's own. Returns
/// its name.
///
/// A copy: it stays as it is while releases come and go, and no link leads out of the app's folder.
pub(crate) fn copy_page(root: &Root, app: &AppName, names: &[String]) -> Result<Option<String>, HostError> {
    for name in names {
        let found = files::read_within(&root.app(app), name, LONGEST_PAGE + 1)?;
        if let Some(bytes) = found.filter(|bytes| bytes.len() <= LONGEST_PAGE) {
            write_page(root, app, &bytes)?;
            return Ok(Some(name.clone()));
        }
    }
    write_page(root, app, OUR_PAGE.as_bytes())?;
    Ok(None)
}

/// Removes the page, which nginx shows until it has read its configuration without the rules.
pub(crate) fn remove_page(root: &Root, app: &AppName) -> Result<(), HostError> {
    files::remove(&root.maintenance_page(app))
}

fn write_page(root: &Root, app: &AppName, page: &[u8]) -> Result<(), HostError> {
    files::write(&root.maintenance_page(app), page, 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_nginx_follow_the_state_whatever_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(camino::Utf8Path::from_path(folder.path()).unwrap());
        let app: AppName = "blog".parse().unwrap();
        for folder in [root.nginx(), root.env(&app), root.app(&app)] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let mut maintenance = Maintenance {
            since: jiff::Timestamp::UNIX_EPOCH,
            by: None,
            allow: vec!["192.0.2.7".to_owned()],
            page: None,
            pass: "secret".to_owned(),
        };
        let names = || files::names(&root.nginx()).unwrap().into_iter().collect::<Vec<_>>();
        store(&root, &app, Some(&maintenance)).unwrap();
        assert_eq!(names(), ["blog.maintenance", "blog.maintenance.html", "blog.operators"]);
        assert!(!settle(&root, &app).unwrap(), "nothing is left to do");
        assert_eq!(pass(&root, &app).as_deref(), Some("secret"));
        std::fs::remove_file(root.maintenance_rules(&app)).unwrap();
        assert!(settle(&root, &app).unwrap());
        maintenance.allow.clear();
        store(&root, &app, Some(&maintenance)).unwrap();
        assert_eq!(names(), ["blog.maintenance", "blog.maintenance.html"]);

        let pages = ["maintenance.html".to_owned(), "errors/503.html".to_owned()];
        std::os::unix::fs::symlink("/etc/passwd", root.app(&app).join("maintenance.html")).unwrap();
        assert_eq!(copy_page(&root, &app, &pages).unwrap(), None, "a link that leads out is no page");
        std::fs::create_dir(root.app(&app).join("errors")).unwrap();
        std::fs::write(root.app(&app).join("errors/503.html"), "mine").unwrap();
        assert_eq!(copy_page(&root, &app, &pages).unwrap().as_deref(), Some("errors/503.html"));
        assert_eq!(files::read_text(&root.maintenance_page(&app)).unwrap().as_deref(), Some("mine"));

        std::fs::remove_file(root.maintenance(&app)).unwrap();
        assert!(settle(&root, &app).unwrap());
        assert_eq!(names(), ["blog.maintenance.html"], "nginx may still show it");
        assert!(!settle(&root, &app).unwrap());
        assert_eq!(names(), [""; 0]);
    }
}
