//! PHP: a `composer.json`, by composer; without one, nothing is built.

use serde_json::{Map, Value};

use crate::draft::{Draft, Missing, WORK};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, DetectError, Detection, PlanError, RuntimeName, SourceTree, Toolbox, Wishes, Word,
};

const MANIFEST: &str = "composer.json";
const LOCK: &str = "composer.lock";

/// Finds the file that marks a PHP app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &[MANIFEST])
}

/// Detects a PHP app; composer checks which PHP the packages need.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    found.version = toolbox.version("php");
    match (manifest(tree), tree.read(LOCK)) {
        (None, Some(_)) => return Err(DetectError::LockAlone { lock: LOCK, manifest: MANIFEST }),
        (None, None) => return Ok(found),
        (Some(_), Some(_)) => found.because(LOCK, "locks the packages"),
        (Some(file), None) => found.because(file, "lists the packages"),
    }
    read(tree).map_err(|source| DetectError::BadJson { file: MANIFEST, source })?;
    Ok(found)
}

/// Installs from `composer.lock`, without development packages.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(file) = manifest(tree) else { return Ok(None) };
    let mut draft = Draft::new(RuntimeName::Php, tree, toolbox);
    let composer = draft.tool(
        &["composer"],
        Missing("composer", file, "install it on the host: `apt install composer php-cli unzip`"),
    )?;
    draft.decided_by_version("php");
    let locked = tree.read(LOCK).is_some();
    let whole = needs_the_tree(&read(tree).unwrap_or_default());
    if whole {
        draft.copy_tree(wishes);
    } else {
        draft.copy_files(&[MANIFEST, LOCK, "auth.json"]);
        draft.decided_by_settings(wishes, &["COMPOSER"]);
    }
    if !locked {
        draft.warn_not_locked(MANIFEST, LOCK, "composer update");
    }
    let what = if locked { LOCK } else { MANIFEST };
    draft.in_work(
        Command::new(composer, format!("installing the packages of {what} with composer"))
            .args([
                "install",
                "--no-dev",
                "--no-interaction",
                "--no-progress",
                "--prefer-dist",
                "--optimize-autoloader",
            ])
            .env("COMPOSER_CACHE_DIR", Word::shared("composer")),
    );
    if whole {
        draft.in_tree(WORK, "");
    } else {
        draft.in_tree(&format!("{WORK}/vendor"), "vendor");
    }
    Ok(Some(draft.finish()))
}

/// Whether composer reads more than its own files, or writes outside `vendor`.
fn needs_the_tree(composer: &Map<String, Value>) -> bool {
    let filled = |value: Option<&Value>| match value {
        Some(Value::Object(entries)) => !entries.is_empty(),
        Some(Value::Array(entries)) => !entries.is_empty(),
        _ => false,
    };
    let repositories = composer.get("repositories").map(Value::to_string).unwrap_or_default();
    let config = composer.get("config");
    filled(composer.get("scripts"))
        || filled(composer.get("autoload").and_then(|autoload| autoload.get("classmap")))
        || repositories.contains("\"path\"")
        || repositories.contains("\"artifact\"")
        || ["vendor-dir", "bin-dir"].iter().any(|key| config.is_some_and(|config| config.get(key).is_some()))
        || filled(composer.get("extra"))
}

fn read(tree: &dyn SourceTree) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_slice(&tree.read(MANIFEST).unwrap_or_default())
}
