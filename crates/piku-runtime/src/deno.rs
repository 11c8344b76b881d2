//! Deno: a configuration file or a lock file.

use crate::draft::{Draft, Missing, WORK};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, DetectError, Detection, PlanError, RuntimeName, SourceTree, Toolbox, Wishes, Word,
};

const LOCK: &str = "deno.lock";

/// Finds the file that marks a Deno app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["deno.json", "deno.jsonc", LOCK])
}

/// Detects a Deno app; Deno 1 has no command that installs.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    found.version = toolbox.version("deno");
    let Some(file) = manifest(tree) else { return Ok(found) };
    found.because(file, if file == LOCK { "locks the packages" } else { "describes the project" });
    match found.version {
        Some(has) if has.major < 2 => {
            let (runtime, request) = (RuntimeName::Deno, "2 or newer".to_owned());
            Err(DetectError::OtherVersion { runtime, origin: file, request, has })
        }
        _ => Ok(found),
    }
}

/// Downloads what the configuration names into the folder of the build, so a running app needs no shared cache.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(file) = manifest(tree) else { return Ok(None) };
    let mut draft = Draft::new(RuntimeName::Deno, tree, toolbox);
    let deno = draft.tool(
        &["deno"],
        Missing("Deno", file, "install it on the host, as https://docs.deno.com/runtime shows"),
    )?;
    draft.env("DENO_DIR", Word::build("deno"));
    if file == LOCK && tree.read("package.json").is_none() {
        // Only the programs say what they import; they download it when they start.
        return Ok(Some(draft.finish()));
    }
    let text = String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned();
    let whole =
        ["\"workspace\"", "\"links\"", "\"patch\"", "\"importMap\""].iter().any(|key| text.contains(key));
    let locked = tree.read(LOCK).is_some();
    if whole {
        draft.copy_tree(wishes);
    } else {
        draft.copy_files(&["deno.json", "deno.jsonc", LOCK, "package.json", ".npmrc"]);
        draft.decided_by_settings(wishes, &["DENO_", "NPM_", "JSR_"]);
    }
    if !locked {
        draft.warn_not_locked(file, LOCK, "deno install");
    }
    let what = if locked { LOCK } else { file };
    draft.in_work(
        Command::new(deno, format!("installing the packages of {what} with Deno"))
            .args(["install"].into_iter().chain(locked.then_some("--frozen")))
            .env("DENO_DIR", Word::build("deno"))
            .env("DENO_NO_UPDATE_CHECK", "1"),
    );
    if whole {
        draft.in_tree(WORK, "");
    } else {
        draft.in_tree(&format!("{WORK}/node_modules"), "node_modules");
    }
    Ok(Some(draft.finish()))
}
