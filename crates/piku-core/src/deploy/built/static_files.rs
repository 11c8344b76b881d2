//! Collects the static files of a Django project into the tree of a new release.
//!
//! They are a result of the build and yet of the whole source, so that they are kept beside the build and made again
//! only if something has changed that may decide them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

use crate::deploy::DeployError;
use crate::deploy::build::Build;
use crate::event::{Event, Report, stage};
use crate::fingerprint;
use crate::host::command::Invocation;
use crate::host::{HostError, collected, files, git};

/// Turns it off, as at Heroku, unless it is `0` or empty.
const SWITCH: &str = "DISABLE_COLLECTSTATIC";
/// How the entry of a folder begins: its mode.
const FOLDER: &str = "40000 ";
/// In the folder of a build: what was collected with it, by key.
const KEPT: &str = "collected";

/// The Django project of a release.
pub(crate) struct Project<'a> {
    pub(crate) tree: &'a Utf8Path,
    /// Where its commit is.
    pub(crate) repository: &'a Utf8Path,
    pub(crate) commit: &'a str,
    pub(crate) build: &'a Build,
    /// The settings of the app.
    pub(crate) settings: BTreeMap<String, String>,
    /// The environment to run in.
    pub(crate) env: BTreeMap<String, String>,
}

impl Project<'_> {
    /// Collects the files, or places those of an earlier release that are the same. Does nothing unless there is a
    /// `manage.py`, an environment with Django, and a `STATIC_ROOT`.
    pub(crate) fn collect(
        &self,
        command: impl Fn(Invocation) -> Invocation,
        report: &mut Report<'_>,
    ) -> Result<(), DeployError> {
        let (Some(environment), Some(manage)) = (self.environment_with_django(), self.manage()) else {
            return Ok(());
        };
        if self.settings.get(SWITCH).is_some_and(|value| !matches!(value.trim(), "" | "0")) {
            return Ok(());
        }
        let kept = environment.join(KEPT).join(self.key());
        if collected::place(&kept, self.tree)? {
            return Ok(());
        }
        stage(report, format!("Collecting static files: python {manage} collectstatic --noinput"));
        let python = environment.join("bin/python");
        let words = [python.as_str(), manage.as_str(), "collectstatic", "--noinput"];
        let invocation = command(Invocation::new(words).in_folder(self.tree).with_env(&self.env));
        let mut output = Vec::new();
        let status = invocation.run(&mut |line| output.push(line.to_owned()))?;
        if status.is_success() {
            let said = output.iter().rev().find(|line| !line.trim().is_empty());
            said.into_iter().for_each(|line| report(Event::Output(line.trim())));
            if let Some(to) = self.destination(&output) {
                collected::keep(&kept, Some((self.tree, &to)))?;
            }
            return Ok(());
        }
        if let Some(reason) = nothing_to_collect(&output) {
            stage(report, format!("No static files are collected: {reason}"));
            return Ok(collected::keep(&kept, None)?);
        }
        output.iter().for_each(|line| report(Event::Output(line)));
        let program = Invocation::new(["python"].into_iter().chain(words.into_iter().skip(1))).line();
        Err(DeployError::Build {
            doing: "collecting the static files of Django".to_owned(),
            help: Some(format!(
                "correct what is shown above; or turn this off with the setting `{SWITCH}=1`, in ENV or by `config:set`"
            )),
            source: HostError::Failed { program, status, output },
        })
    }

    /// The folder of the build, if Django is installed in it.
    fn environment_with_django(&self) -> Option<Utf8PathBuf> {
        let folder = self.build.virtualenv()?;
        let pythons = files::names(&folder.join("lib")).ok()?;
        let django = |name: &String| folder.join("lib").join(name).join("site-packages/django").is_dir();
        pythons.iter().any(django).then_some(folder)
    }

    /// `manage.py`, at the top or in a folder there.
    fn manage(&self) -> Option<Utf8PathBuf> {
        let folders = files::names(self.tree).ok()?;
        let in_folders =
            folders.iter().filter(|name| !name.starts_with('.')).map(|name| format!("{name}/manage.py"));
        let all = std::iter::once("manage.py".to_owned()).chain(in_folders).map(Utf8PathBuf::from);
        all.into_iter().find(|path| self.tree.join(path).is_file())
    }

    /// Identifies what decides the files: the build, the settings, and the sources without what people read.
    fn key(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(self.build.name.as_deref().unwrap_or_default());
        for (name, value) in &self.settings {
            add(name);
            add(value);
        }
        match git::top_entries(self.repository, self.commit) {
            Some(entries) => {
                entries.iter().filter(|(name, id)| !is_for_people(name, id)).for_each(|(name, id)| {
                    add(name);
                    add(id);
                })
            }
            None => add(self.commit),
        }
        fingerprint::shown(&hash.finalize())
    }

    /// Where the files were put, relative to the tree; `None` if that is elsewhere, such as in a bucket or `$DATA_ROOT`:
    /// they can't be kept for each release then.
    fn destination(&self, output: &[String]) -> Option<Utf8PathBuf> {
        let line = output.iter().rev().find(|line| line.contains(" copied to '"))?;
        let (_, rest) = line.split_once(" copied to '")?;
        let folder = Utf8Path::new(rest.rsplit_once('\'')?.0.split("', ").next()?);
        let inside = folder.canonicalize_utf8().ok()?;
        let inside = inside.strip_prefix(self.tree.canonicalize_utf8().ok()?).ok()?;
        (!inside.as_str().is_empty()).then(|| inside.to_owned())
    }
}

/// Whether an entry at the top, with its mode and id, has no part in what is served. A folder may be an app of Django's,
/// whatever it is called; only git's and its hosts' are not.
fn is_for_people(name: &str, entry: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    if entry.starts_with(FOLDER) {
        return upper.starts_with(".GIT");
    }
    let known = ["README", "LICENSE", "LICENCE", "CHANGELOG", "CHANGES", "CONTRIBUTING", "HISTORY", ".GIT"];
    known.iter().any(|begin| upper.starts_with(begin)) || upper.ends_with(".MD") || upper.ends_with(".RST")
}

/// Why Django has nothing to collect, as far as that is no mistake.
fn nothing_to_collect(output: &[String]) -> Option<&'static str> {
    let says = |text: &str| output.iter().any(|line| line.contains(text));
    if says("without having set the STATIC_ROOT setting") {
        Some("`STATIC_ROOT` is not set")
    } else if says("Unknown command: 'collectstatic'") {
        Some("`django.contrib.staticfiles` is not among the installed apps")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_django_has_put_the_files_is_read_from_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        let tree = top.join("tree");
        files::make_folder(&tree.join("web/static files"), 0o755).unwrap();
        files::make_folder(&top.join("data"), 0o755).unwrap();
        let build = Build::default();
        let project = Project {
            tree: &tree,
            repository: &top,
            commit: "",
            build: &build,
            settings: BTreeMap::new(),
            env: BTreeMap::new(),
        };
        let of = |line: &str| project.destination(&[String::new(), line.to_owned(), String::new()]);
        let inside = format!("130 static files copied to '{tree}/web/static files', 2 unmodified.");
        assert_eq!(of(&inside), Some("web/static files".into()));
        assert_eq!(
            of(&format!("1 static file copied to '{tree}/web/static files'.")),
            Some("web/static files".into())
        );
        assert_eq!(of(&format!("130 static files copied to '{top}/data'.")), None);
        assert_eq!(of(&format!("130 static files copied to '{tree}'.")), None);
        assert_eq!(of("130 static files copied."), None);
    }

    #[test]
    fn what_people_read_decides_nothing() {
        let (file, folder) = ("100644 01", "40000 01");
        for name in ["README", "readme.md", "LICENSE-MIT", ".gitignore", ".github", "NOTES.md"] {
            assert!(is_for_people(name, file), "{name}");
        }
        for name in ["manage.py", "static", "Procfile", "docs", "requirements.txt"] {
            assert!(!is_for_people(name, file) && !is_for_people(name, folder), "{name}");
        }
        assert!(is_for_people(".github", folder));
        for name in ["history", "changes", "readme", "licenses"] {
            assert!(!is_for_people(name, folder), "an app of Django's may be called {name}");
        }
    }
}
