//! The parts of an unpacked backup, all of them read and checked.

use camino::{Utf8Path, Utf8PathBuf};

use crate::backup::{BackupError, Manifest, Part};
use crate::certificates::pair::Pair;
use crate::formation::Formation;
use crate::gate::users::Users;
use crate::host::{Surroundings, files, git};
use crate::persisted::{Persisted, Place};
use crate::settings::StoredSettings;

/// What an app is made of.
pub(super) struct Contents {
    pub(super) settings: StoredSettings,
    pub(super) formation: Formation,
    pub(super) persisted: Persisted,
    pub(super) users: Option<Users>,
    pub(super) certificate: Option<Pair>,
    /// The bundle, and a repository made of it; `None` if the app never was live.
    pub(super) bundle: Option<Utf8PathBuf>,
    pub(super) repository: Option<Utf8PathBuf>,
    /// The folder with the data.
    pub(super) data: Utf8PathBuf,
}

impl Contents {
    /// Reads the parts in `folder`, and makes the repository beside them.
    pub(super) fn read(
        surroundings: &Surroundings,
        folder: &Utf8Path,
        manifest: &Manifest,
    ) -> Result<Self, BackupError> {
        let read = |part: Part| files::read(&folder.join(part.name()));
        let text = |part: Part| -> Result<String, BackupError> {
            Ok(String::from_utf8_lossy(&read(part)?.unwrap_or_default()).into_owned())
        };
        let wrong = |part: Part, why: String| BackupError::Part { part: part.name(), why };
        let stored = read(Part::Settings)?.unwrap_or_default();
        let settings = StoredSettings::parse(&stored).0;
        let settings =
            settings.ok_or_else(|| wrong(Part::Settings, "it has a line that is no setting".to_owned()))?;
        settings.check_size().map_err(|error| wrong(Part::Settings, error.to_string()))?;
        let persisted = match read(Part::Persisted)? {
            Some(text) => {
                Persisted::parse(&text).map_err(|error| wrong(Part::Persisted, error.to_string()))?
            }
            None => Persisted::default(),
        };
        let certificate = match read(Part::Certificate)? {
            Some(text) => {
                Some(Pair::find(&text).map_err(|error| wrong(Part::Certificate, error.to_string()))?)
            }
            None => None,
        };
        let bundle = folder.join(Part::Repository.name());
        let bundle = manifest.commit.is_some().then_some(bundle);
        let repository = match (&bundle, &manifest.commit) {
            (Some(bundle), Some(commit)) => Some(repository(surroundings, folder, bundle, commit)?),
            _ => None,
        };
        Ok(Self {
            settings,
            formation: Formation::read(&text(Part::Scaling)?),
            persisted: harmless(persisted).settled(),
            users: read(Part::Users)?.map(|text| Users::parse(&String::from_utf8_lossy(&text))),
            certificate,
            bundle,
            repository,
            data: folder.join("data"),
        })
    }
}

/// Makes a repository of a bundle, which shows that it is whole.
fn repository(
    surroundings: &Surroundings,
    folder: &Utf8Path,
    bundle: &Utf8Path,
    commit: &str,
) -> Result<Utf8PathBuf, BackupError> {
    let repository = folder.join("repository");
    let wrong = |why: String| BackupError::Part { part: Part::Repository.name(), why };
    if !files::exists(bundle) {
        return Err(wrong("it is missing".to_owned()));
    }
    git::init_bare(&repository)?;
    git::program(surroundings).take_from_bundle(&repository, bundle).map_err(|error| match error {
        piku_git::Error::Failed { output, .. } => wrong(output.last().cloned().unwrap_or_default()),
        error => wrong(error.to_string()),
    })?;
    if !git::has_commit(&repository, commit) {
        return Err(wrong(format!("the live commit {commit} is not in it")));
    }
    Ok(repository)
}

/// The paths without links of the app's that lead out of its folder.
fn harmless(mut persisted: Persisted) -> Persisted {
    persisted.0.retain(|path, place| match place {
        Place::Data { .. } => true,
        Place::Link(target) => crate::backup::leads_within(path, target),
    });
    persisted
}
