//! Rust: a `Cargo.toml`, by cargo in release mode.

use crate::draft::{Draft, Missing};
use crate::tree::first_of;
use crate::{BuildPlan, Command, Detection, PlanError, RuntimeName, SourceTree, Step, Toolbox, Wishes, Word};

const MANIFEST: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";

/// Finds the file that marks a Rust app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &[MANIFEST])
}

/// Detects a Rust app; cargo checks which Rust it needs.
pub(crate) fn detect(tree: &dyn SourceTree, toolbox: &Toolbox, mut found: Detection) -> Detection {
    found.version = toolbox.version("cargo");
    if tree.read(LOCK).is_some() {
        found.because(LOCK, "locks the packages");
    } else if let Some(file) = manifest(tree) {
        found.because(file, "describes the project");
    }
    found
}

/// Builds every program into `bin`, which is linked into the tree as `target/release`.
///
/// Cargo's cache belongs to the app and stays between releases, so only changes are compiled. Programs of an earlier
/// build are removed first; cargo puts those of this build back, compiled again or not.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(file) = manifest(tree) else { return Ok(None) };
    let mut draft = Draft::new(RuntimeName::Rust, tree, toolbox);
    let cargo = draft.tool(
        &["cargo"],
        Missing(
            "cargo",
            file,
            "install it on the host: `apt install cargo`, or a newer one as https://rustup.rs shows",
        ),
    )?;
    let locked = tree.read(LOCK).is_some();
    let mut build = Command::new(cargo, "building the programs with cargo")
        .args(["build", "--release"])
        .env("CARGO_HOME", Word::shared("cargo"))
        .env("CARGO_TARGET_DIR", Word::AppCache("target".into()));
    // Another target has its own folder.
    let named = |target: &&str| target.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let output = match wishes.setting("CARGO_BUILD_TARGET").filter(named) {
        Some(target) => format!("target/{target}/release"),
        None => "target/release".to_owned(),
    };
    let output = Word::AppCache(output.into());
    if locked {
        draft.decided_by_everything(wishes);
        build = build.arg("--locked");
    } else {
        // Otherwise cargo would write its lock file into the tree.
        draft.warn_not_locked(MANIFEST, LOCK, "cargo generate-lockfile");
        draft.copy_tree(wishes);
    }
    draft.step(Step::Clear { folder: output.clone() });
    if locked {
        draft.step(build);
    } else {
        draft.in_work(build);
    }
    draft.step(Step::Collect { from: output, to: Word::build("bin") });
    draft.path(Word::build("bin"));
    draft.in_tree("bin", "target/release");
    Ok(Some(draft.finish()))
}
