//! Which builds of an app stay on the machine.
//!
//! Those of releases, with the packages they start from; and the newest one that no release has, if nothing newer is
//! used: a release that was refused after its build finds it again at the next push.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use piku_runtime::RuntimeName;

use super::names::{HALF, PACKAGES};
use crate::app::AppName;
use crate::host::{HostError, files};
use crate::release::store;
use crate::root::Root;

/// How long the builds of an app are kept whose first push was refused.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A complete build.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Complete {
    name: String,
    made: SystemTime,
    /// The packages it starts from.
    packages: Option<String>,
}

impl Complete {
    fn is_packages(&self) -> bool {
        self.name.split('-').nth(1) == Some(PACKAGES)
    }
}

/// Removes incomplete builds, and those that are not kept. Releases use the builds in `used`.
pub(crate) fn prune(root: &Root, app: &AppName, used: &[String]) -> Result<(), HostError> {
    let folder = root.env(app);
    let names: BTreeSet<String> =
        files::names(&folder)?.into_iter().filter(|name| is_of_build(name)).collect();
    let complete = complete(&folder, &names);
    let kept = kept(&complete, used);
    for name in &names {
        let build = name.split('.').next().unwrap_or(name);
        let half = names.contains(&format!("{name}{HALF}"));
        if half || !kept.contains(build) {
            files::remove_folder(&folder.join(name))?;
        }
    }
    // Remove the markers last, so that a build stays marked if its removal is interrupted.
    for name in names.iter().filter(|name| name.ends_with(HALF)) {
        files::remove(&folder.join(name))?;
    }
    Ok(())
}

/// Removes the folder of an app that has no release, unless it has a complete build for the next push. Also removes
/// such folders of other apps that nobody pushed again.
pub(crate) fn forget(root: &Root, app: &AppName) -> Result<(), HostError> {
    for name in files::names(&root.envs())? {
        let Ok(other) = name.parse::<AppName>() else { continue };
        let is_app = other != *app && store::exists(root, &other);
        let is_kept = |path: &Utf8Path| files::exists(path);
        if is_app || is_kept(&root.stored_settings(&other)) || is_kept(&root.deploy_lock(&other)) {
            continue;
        }
        let folder = root.env(&other);
        let builds = complete(&folder, &files::names(&folder)?);
        let is_fresh = |one: &Complete| one.made.elapsed().is_ok_and(|age| age < ABANDONED);
        if !builds.iter().any(is_fresh) {
            files::remove_folder(&folder)?;
        }
    }
    Ok(())
}

fn is_of_build(name: &str) -> bool {
    RuntimeName::ALL.iter().any(|runtime| name.starts_with(&format!("{runtime}-")))
}

/// The builds that have their final name, which is a link.
fn complete(folder: &Utf8Path, names: &BTreeSet<String>) -> Vec<Complete> {
    let builds = names.iter().filter(|name| is_of_build(name) && !name.contains('.'));
    let one = |name: &String| {
        let path = folder.join(name);
        files::link_target(&path)?;
        let packages = files::link_target(&path.join(PACKAGES));
        let packages = packages.and_then(|target| Some(target.file_name()?.to_owned()));
        Some(Complete { name: name.clone(), made: files::modified(&path)?, packages })
    };
    builds.filter_map(one).collect()
}

/// The names of the builds to keep. Builds go before packages, because they decide which packages are used.
fn kept(complete: &[Complete], used: &[String]) -> BTreeSet<String> {
    let mut kept: BTreeSet<String> = used.iter().cloned().collect();
    for packages in [false, true] {
        let of_sort = || complete.iter().filter(|one| one.is_packages() == packages);
        let newest_used = of_sort().filter(|one| kept.contains(&one.name)).map(|one| one.made).max();
        let unused = of_sort().filter(|one| !kept.contains(&one.name));
        let spare = unused
            .max_by_key(|one| one.made)
            .filter(|spare| newest_used.is_none_or(|used| spare.made > used));
        kept.extend(spare.map(|one| one.name.clone()));
        let started_from =
            of_sort().filter(|one| kept.contains(&one.name)).filter_map(|one| one.packages.clone());
        kept.extend(started_from.collect::<Vec<_>>());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, made: u64, packages: Option<&str>) -> Complete {
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(made);
        Complete { name: name.to_owned(), made, packages: packages.map(str::to_owned) }
    }

    fn kept_of(complete: &[Complete], used: &[&str]) -> String {
        let used: Vec<String> = used.iter().map(|name| (*name).to_owned()).collect();
        kept(complete, &used).into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_build_of_a_refused_release_stays_until_a_newer_one_is_used() {
        let all = [one("go-a", 1, None), one("go-b", 2, None), one("go-c", 3, None)];
        assert_eq!(kept_of(&all, &["go-a"]), "go-a go-c");
        assert_eq!(kept_of(&all, &["go-c"]), "go-c");
        assert_eq!(kept_of(&all, &[]), "go-c");
        assert_eq!(kept_of(&all[..2], &["go-b", "go-gone"]), "go-b go-gone");
    }

    #[test]
    fn packages_stay_for_as_long_as_a_build_that_starts_from_them() {
        let all = [
            one("node-packages-1", 1, None),
            one("node-a", 2, Some("node-packages-1")),
            one("node-packages-2", 3, None),
            one("node-b", 4, Some("node-packages-2")),
        ];
        assert_eq!(kept_of(&all, &["node-a"]), "node-a node-b node-packages-1 node-packages-2");
        assert_eq!(kept_of(&all, &["node-b"]), "node-b node-packages-2");
        // The script that was to use them failed.
        assert_eq!(kept_of(&all[..3], &["node-a"]), "node-a node-packages-1 node-packages-2");
        let left = [all[1].clone(), all[0].clone(), one("node-packages-0", 0, None)];
        assert_eq!(kept_of(&left, &["node-a"]), "node-a node-packages-1");
    }
}
