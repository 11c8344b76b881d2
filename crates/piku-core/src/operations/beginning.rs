//! What a folder can begin with that was never pushed: a Procfile for what is in it.

use camino::Utf8Path;
use piku_runtime::FolderTree;

use crate::deploy::source::inputs::Instead;

/// What a folder without a Procfile has instead of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Beginning {
    /// A file whose name is nearly right.
    pub misnamed: Option<String>,
    /// The text of a Procfile that probably starts the app.
    pub procfile: Option<String>,
    /// What that was guessed from, phrased to follow "for": `a Django project (manage.py)`.
    pub what: Option<String>,
}

/// Looks at the files of a folder, runs nothing, and changes nothing.
#[must_use]
pub fn beginning(folder: &Utf8Path) -> Beginning {
    let Instead { misnamed, start, .. } = Instead::of(&FolderTree::new(folder, ""));
    let text = |start: &piku_runtime::Start| {
        let lines = std::iter::once(&start.line).chain(&start.release);
        lines.map(|line| format!("{line}\n")).collect()
    };
    Beginning { misnamed, procfile: start.as_ref().map(text), what: start.map(|start| start.what) }
}
