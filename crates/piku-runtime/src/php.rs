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
    let needs = needs(tree, &read(tree).unwrap_or_default());
    if needs == Needs::Tree {
        draft.copy_tree(wishes);
    } else {
        draft.copy_files(&[MANIFEST, LOCK, "auth.json"]);
        draft.decided_by_settings(wishes, &["COMPOSER"]);
    }
    if !locked {
        draft.warn_not_locked(MANIFEST, LOCK, "composer update");
    }
    let what = if locked { LOCK } else { MANIFEST };
    let command = |says: String| {
        Command::new(composer, says)
            .args(["install", "--no-dev", "--no-interaction", "--no-progress", "--prefer-dist"])
            .env("COMPOSER_CACHE_DIR", Word::shared("composer"))
    };
    let install = command(format!("installing the packages of {what} with composer"));
    if needs != Needs::Scripts {
        draft.in_work(install.arg("--optimize-autoloader"));
        match needs {
            Needs::Tree => draft.in_tree(WORK, ""),
            _ => draft.in_tree(&format!("{WORK}/vendor"), "vendor"),
        }
        return Ok(Some(draft.finish()));
    }
    draft.in_work(install.args(["--no-scripts", "--no-autoloader"]));
    let packages = draft.finish();
    let mut draft = Draft::new(RuntimeName::Php, tree, toolbox);
    draft.starts_from(packages);
    draft.copy_tree(wishes);
    draft.take("vendor");
    if !locked {
        draft.take(LOCK);
    }
    let finish = command("making the autoloader and running the scripts of composer.json".to_owned());
    draft.in_work(finish.arg("--optimize-autoloader"));
    draft.in_tree(WORK, "");
    Ok(Some(draft.finish()))
}

/// Packages that put others outside `vendor`, or change them by files of the app.
const PLACERS: [&str; 3] =
    ["composer/installers", "cweagans/composer-patches", "oomphinc/composer-installers-extender"];

/// What composer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Its own files; it writes `vendor`.
    OwnFiles,
    /// The same for the packages; scripts and the list of classes need the tree.
    Scripts,
    /// Anything; it may write outside `vendor`.
    Tree,
}

/// Keys of `extra` that decide nothing about where packages go.
const HARMLESS: [&str; 4] = ["branch-alias", "laravel", "symfony", "thanks"];

fn needs(tree: &dyn SourceTree, composer: &Map<String, Value>) -> Needs {
    let filled = |value: Option<&Value>| match value {
        Some(Value::Object(entries)) => !entries.is_empty(),
        Some(Value::Array(entries)) => !entries.is_empty(),
        _ => false,
    };
    let repositories = composer.get("repositories").map(Value::to_string).unwrap_or_default();
    let config = composer.get("config");
    let extra = composer.get("extra").and_then(Value::as_object);
    let text = |file: &str| String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned();
    let names = [text(MANIFEST), text(LOCK)].concat();
    let whole = PLACERS.iter().any(|name| names.contains(&format!("\"{name}\"")))
        || repositories.contains("\"path\"")
        || repositories.contains("\"artifact\"")
        || ["vendor-dir", "bin-dir"].iter().any(|key| config.is_some_and(|config| config.get(key).is_some()))
        || extra.is_some_and(|extra| extra.keys().any(|key| !HARMLESS.contains(&key.as_str())));
    let scripts = filled(composer.get("scripts"))
        || filled(composer.get("autoload").and_then(|autoload| autoload.get("classmap")));
    match (whole, scripts) {
        (true, _) => Needs::Tree,
        (false, true) => Needs::Scripts,
        (false, false) => Needs::OwnFiles,
    }
}

fn read(tree: &dyn SourceTree) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_slice(&tree.read(MANIFEST).unwrap_or_default())
}
