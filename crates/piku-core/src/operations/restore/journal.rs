//! What a restore has to put back if it fails or is interrupted: `restoring/<app>`.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::error::Error;
use crate::host::{HostError, files, wait};
use crate::piku::Piku;
use crate::release::store;
use crate::root::Root;

/// The file that says what there was before. While it exists, the restore is to be undone.
const STATE: &str = "before.json";

/// What there was before.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    /// Whether there was such an app.
    existed: bool,
    /// The live release.
    release: Option<u32>,
    /// Whether the app was stopped.
    stopped: bool,
    /// Where the data of before is meanwhile.
    aside: Option<Utf8PathBuf>,
    /// Whether the data is replaced.
    replaces_data: bool,
}

/// The files that a restore writes, with the names under which they are kept meanwhile.
fn written(root: &Root, app: &AppName) -> [(&'static str, Utf8PathBuf); 5] {
    [
        ("ENV", root.stored_settings(app)),
        ("SCALING", root.scaling(app)),
        ("PERSISTED", root.persisted(app)),
        ("users", root.users(app)),
        ("own.pem", root.certificates(app).join("own.pem")),
    ]
}

impl Piku {
    /// Keeps what is about to change. Returns where the data of before will be, if there is any to be replaced.
    pub(super) fn begin_restore(
        &self,
        app: &AppName,
        existed: bool,
        replaces_data: bool,
    ) -> Result<Option<Utf8PathBuf>, Error> {
        let (root, folder) = (&self.root, self.root.restoring(app));
        files::remove_folder(&folder)?;
        files::make_folder(&folder, 0o700)?;
        for (name, path) in written(root, app) {
            if let Some(text) = files::read(&path)? {
                files::write(&folder.join(name), &text, 0o600)?;
            }
        }
        let has_data = replaces_data && !files::names(&root.data(app))?.is_empty();
        // No app name contains `@`.
        let aside = has_data.then(|| {
            let time = wait::now().strftime("%Y-%m-%dT%H-%M-%S.%3fZ");
            root.all_data().join(format!("{app}@{time}"))
        });
        let before = Before {
            existed,
            release: store::live_number(root, app),
            stopped: store::is_stopped(root, app),
            aside: aside.clone(),
            replaces_data,
        };
        let path = folder.join(STATE);
        let text = serde_json::to_vec(&before)
            .map_err(|source| HostError::Damaged { path: path.clone(), source })?;
        files::write(&path, &text, 0o600)?;
        Ok(aside)
    }

    /// Forgets what there was before: the restored version is live.
    pub(super) fn end_restore(&self, app: &AppName) -> Result<(), Error> {
        let folder = self.root.restoring(app);
        files::remove(&folder.join(STATE))?;
        Ok(files::remove_folder(&folder)?)
    }

    /// Puts back what a restore has changed that failed or was interrupted, if one has. `repair` starts the processes.
    pub(crate) fn undo_restore(&self, app: &AppName) -> Result<(), Error> {
        let (root, folder) = (&self.root, self.root.restoring(app));
        let path = folder.join(STATE);
        let Some(text) = files::read(&path)? else { return Ok(()) };
        let before: Before =
            serde_json::from_slice(&text).map_err(|source| HostError::Damaged { path, source })?;
        if store::live_number(root, app) != before.release {
            // It went live, and was interrupted behind that.
            return self.end_restore(app);
        }
        match &before.aside {
            Some(aside) if files::exists(aside) => {
                files::remove_folder(&root.data(app))?;
                files::rename(aside, &root.data(app))?;
            }
            // There was none before.
            None if before.replaces_data => files::remove_folder(&root.data(app))?,
            _ => {}
        }
        for (name, path) in written(root, app) {
            match files::read(&folder.join(name))? {
                // nginx's group may read the file of users, so its mode stays.
                Some(text) if files::read(&path)?.as_ref() != Some(&text) => {
                    files::write(&path, &text, files::mode(&path).unwrap_or(0o600))?;
                }
                Some(_) => {}
                None => files::remove(&path)?,
            }
        }
        if before.existed {
            if files::exists(&root.releases(app)) {
                store::set_stopped(root, app, before.stopped)?;
            }
        } else {
            for path in
                [root.releases(app), root.env(app), root.logs(app), root.repo(app), root.certificates(app)]
            {
                files::remove_folder(&path)?;
            }
        }
        self.end_restore(app)
    }
}
