//! Looks at files that commands start.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;

use super::{HostError, files};
use crate::script::{HEAD, ScriptFile, interpreter};

/// Looks at those of the files that exist in `tree`.
pub(crate) fn all(
    tree: &Utf8Path,
    paths: &BTreeSet<String>,
) -> Result<BTreeMap<String, ScriptFile>, HostError> {
    let mut found = BTreeMap::new();
    for path in paths {
        found.extend(look(tree, path)?.map(|file| (path.clone(), file)));
    }
    Ok(found)
}

/// Looks at a file in `tree`; `None` if there is no such file, or a link leads out of the tree.
fn look(tree: &Utf8Path, path: &str) -> Result<Option<ScriptFile>, HostError> {
    let Some(head) = files::read_within(tree, path, HEAD)? else { return Ok(None) };
    let mode = tree.join(path).metadata().map_err(HostError::file("look at", tree.join(path)))?;
    let asked = interpreter(&head).filter(|program| program.starts_with('/'));
    let lacks = asked.filter(|program| !Utf8Path::new(program).exists()).map(str::to_owned);
    Ok(Some(ScriptFile { executable: mode.permissions().mode() & 0o111 != 0, lacks, head }))
}
