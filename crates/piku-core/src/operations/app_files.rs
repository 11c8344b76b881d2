//! Single files of an app, read and written from afar.

use std::io::Read;

use camino::{Utf8Component, Utf8Path};

use crate::app::AppName;
use crate::app_file::AppFileError;
use crate::error::Error;
use crate::host::bounded::{Bounds, Unopened};
use crate::piku::Piku;

/// Which of an app's folders a path is below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppFolder {
    /// The tree of the live release.
    Tree,
    /// Its data, `$DATA_ROOT`.
    Data,
}

impl Piku {
    /// Opens a file of the live release or of the app's data. Links are followed between the two, and no further.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`], [`Error::AppFile`].
    pub fn open_file(
        &self,
        app: &AppName,
        folder: AppFolder,
        path: &Utf8Path,
    ) -> Result<Box<dyn Read>, Error> {
        let opened = self.bounds(app, folder, path)?.open(path);
        opened.map(|file| Box::new(file) as Box<dyn Read>).map_err(|why| refused(why, app, path))
    }

    /// Writes a file of the live release or of the app's data, whose folder must exist. It appears when all `bytes` have
    /// come, and keeps the mode of a file that it replaces.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`], [`Error::AppFile`].
    pub fn write_file(
        &self,
        app: &AppName,
        folder: AppFolder,
        path: &Utf8Path,
        bytes: u64,
        from: &mut dyn Read,
    ) -> Result<(), Error> {
        let bounds = self.bounds(app, folder, path)?;
        let came = bounds.write(path, bytes, from).map_err(|why| refused(why, app, path))?;
        if came < bytes {
            return Err(AppFileError::Incomplete { path: path.to_owned(), came, wanted: bytes }.into());
        }
        Ok(())
    }

    /// Where the path may lead.
    fn bounds(&self, app: &AppName, folder: AppFolder, path: &Utf8Path) -> Result<Bounds, Error> {
        self.live(app)?;
        let plain =
            |part: Utf8Component<'_>| matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir);
        if path.as_str().is_empty() || !path.components().all(plain) {
            return Err(AppFileError::Outside { app: app.clone(), path: path.to_owned() }.into());
        }
        let (tree, data) = (self.root.app(app), self.root.data(app));
        let base = if folder == AppFolder::Tree { tree.clone() } else { data.clone() };
        Ok(Bounds { base, within: [tree, data] })
    }
}

fn refused(why: Unopened, app: &AppName, path: &Utf8Path) -> Error {
    let (app, path) = (app.clone(), path.to_owned());
    match why {
        Unopened::Missing => AppFileError::Missing { app, path }.into(),
        Unopened::Outside => AppFileError::Outside { app, path }.into(),
        Unopened::NotAFile => AppFileError::NotAFile { path }.into(),
        Unopened::Host(error) => error.into(),
    }
}
