//! `backup`.

use std::io::Write;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::app::AppName;
use crate::backup::{BackupError, FORMAT, MANIFEST, Manifest, Part};
use crate::certificates::{CertificateOrigin, shelf};
use crate::error::Error;
use crate::event::{Report, stage};
use crate::host::archive::{Data, Writer};
use crate::host::scratch::Scratch;
use crate::host::{HostError, files, git, sqlite, wait};
use crate::piku::Piku;
use crate::release::store;

/// What a backup has in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackedUp {
    /// The live commit; `None` for an app that never was live.
    pub commit: Option<String>,
    /// The number of files of the app's data.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are SQLite databases, copied whole.
    pub databases: u64,
}

/// What to put into a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything.
    Whole,
    /// What another app may have too: no certificate and, unless `data` is set, no data.
    Clone { data: bool },
}

impl Extent {
    fn has_data(self) -> bool {
        matches!(self, Self::Whole | Self::Clone { data: true })
    }

    fn has(self, part: Part) -> bool {
        match part {
            Part::Certificate => self == Self::Whole,
            // Without the data, every path would lead nowhere.
            Part::Persisted => self.has_data(),
            _ => true,
        }
    }
}

/// The parts that are small.
type Texts = Vec<(Part, Vec<u8>)>;

impl Piku {
    /// Writes the app to `out`: its settings, scale, data, users, own certificate, and repository with the live commit.
    /// The app goes on meanwhile. A SQLite database comes out as it was at one moment; other files as they are read.
    ///
    /// The lock of the app is held for the small parts alone, not while `out` takes the data.
    ///
    /// # Errors
    /// [`Error::Backup`]. What was written by then is no backup, and [`Piku::restore`] knows it.
    pub fn backup(
        &self,
        app: &AppName,
        out: impl Write,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<BackedUp, Error> {
        self.write_backup(app, Extent::Whole, out, actor, report)
    }

    pub(super) fn write_backup(
        &self,
        app: &AppName,
        extent: Extent,
        out: impl Write,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<BackedUp, Error> {
        self.must_exist(app)?;
        if store::is_foreign_clone(&self.root, app) {
            return Err(Error::NeverDeployed { app: app.clone(), is_legacy: true });
        }
        let scratch = Scratch::make(&self.root.all_data())?;
        let copies = scratch.folder("copies")?;
        let (manifest, parts) = self.locked(app, &actor.doing("backing up", app), report, |piku, _| {
            piku.small_parts(app, extent, &scratch)
        })?;
        let mut out = Writer::new(out);
        let text = serde_json::to_vec(&manifest)
            .map_err(|source| HostError::Damaged { path: MANIFEST.into(), source })?;
        out.text(MANIFEST, &text)?;
        for (part, text) in &parts {
            out.text(part.name(), text)?;
        }
        if manifest.commit.is_some() {
            let bundle = scratch.open(Part::Repository.name())?;
            out.file(Utf8Path::new(Part::Repository.name()).as_std_path(), bundle, 0o600, 0)?;
        }
        let mut backed_up = BackedUp { commit: manifest.commit, files: 0, bytes: 0, databases: 0 };
        let folder = self.root.data(app);
        if extent.has_data() && folder.is_dir() {
            stage(report, format!("Reading {folder}"));
            let data =
                Data { folder: &folder, copies: &copies, sqlite: sqlite::Copier::find(&self.surroundings) };
            let written = data.write(&mut out, report)?;
            backed_up.files = written.files;
            backed_up.bytes = written.bytes;
            backed_up.databases = written.databases;
        }
        out.finish()?;
        Ok(backed_up)
    }

    /// Reads the parts that belong together, and writes the bundle of the repository into `scratch`.
    fn small_parts(
        &self,
        app: &AppName,
        extent: Extent,
        scratch: &Scratch,
    ) -> Result<(Manifest, Texts), Error> {
        let (root, repo) = (&self.root, self.root.repo(app));
        let live = store::live(root, app)?;
        let certificate = shelf::load(root, app, CertificateOrigin::Own)?;
        let mut parts = Vec::new();
        for part in Part::ALL.into_iter().filter(|part| extent.has(*part)) {
            let text = match part {
                Part::Settings => files::read(&root.stored_settings(app))?,
                Part::Scaling => files::read(&root.scaling(app))?,
                Part::Persisted => files::read(&root.persisted(app))?,
                Part::Users => files::read(&root.users(app))?,
                Part::Certificate => certificate.as_ref().map(|kept| kept.pair.to_pem().into_bytes()),
                Part::Repository => None,
            };
            parts.extend(text.map(|text| (part, text)));
        }
        if let Some(live) = &live {
            // Without this ref, which a crash may have cost, nothing would hold the commit.
            git::record_release(&repo, live.number, &live.commit)?;
            git::program(&self.surroundings).bundle(
                &repo,
                live.number,
                &scratch.at(Part::Repository.name()),
            )?;
        }
        let head = files::read_text(&repo.join("HEAD"))?;
        let head = head.and_then(|text| Some(text.trim().strip_prefix("ref: ")?.to_owned()));
        let manifest = Manifest {
            format: FORMAT,
            app: app.clone(),
            piku: env!("CARGO_PKG_VERSION").to_owned(),
            made: wait::now(),
            commit: live.map(|live| live.commit),
            head,
            data: extent.has_data(),
        };
        Ok((manifest, parts))
    }
}

/// The bundle of a release that is gone can't be made.
impl From<piku_git::Error> for BackupError {
    fn from(source: piku_git::Error) -> Self {
        HostError::from(source).into()
    }
}
