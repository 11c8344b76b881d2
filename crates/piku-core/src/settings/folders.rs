//! The folders of an app that its settings may name.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

/// The folders of an app that its settings may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppFolders {
    /// The tree of the release.
    pub(crate) tree: Utf8PathBuf,
    /// `$DATA_ROOT`.
    pub(crate) data: Utf8PathBuf,
    /// The folder of its cache.
    pub(crate) cache: Utf8PathBuf,
}

impl AppFolders {
    /// The folders of the app with these variables; `None` if it is not known where they will be.
    pub(crate) fn known(variables: &BTreeMap<String, String>) -> Option<Self> {
        let data = Utf8PathBuf::from(variables.get("DATA_ROOT")?);
        let cache = data.parent()?.with_file_name("cache").join(data.file_name()?);
        let tree =
            variables.get("PWD").map_or_else(|| Utf8Path::new("/piku/tree").to_owned(), Utf8PathBuf::from);
        Some(Self { tree, data, cache })
    }
}
