//! Checks on paths in a Procfile.

use camino::{Utf8Component, Utf8Path};

/// Whether a path stays inside the app's folder.
pub(crate) fn is_inside(path: &str) -> bool {
    Utf8Path::new(path)
        .components()
        .all(|part| matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir))
}

/// Whether a path is the app's folder itself.
pub(crate) fn is_top(path: &Utf8Path) -> bool {
    path.components().all(|part| part == Utf8Component::CurDir)
}
