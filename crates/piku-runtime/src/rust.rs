//! Rust: a `Cargo.toml`, by cargo in release mode.

use crate::draft::{Draft, Missing};
use crate::tree::first_of;
use crate::{BuildPlan, Command, Detection, PlanError, RuntimeName, SourceTree, Step, Toolbox, Wishes, Word};

const MANIFEST: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";

/// Finds the file that speaks for Rust.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &[MANIFEST])
}

/// Reads the tree as one of Rust; which Rust it needs is for cargo to check.
pub(crate) fn detect(tree: &dyn SourceTree, toolbox: &Toolbox, mut found: Detection) -> Detection {
    found.version = toolbox.version("cargo");
    if tree.read(LOCK).is_some() {
        found.because(LOCK, "locks the packages");
    } else if let Some(file) = manifest(tree) {
        found.because(file, "describes the project");
    }
    found
}

/// Builds every program into `bin`, which the tree has as `target/release`.
///
/// What cargo keeps is the app's alone and stays between releases, so only what has changed is compiled. The programs that
/// lie there from an earlier build are removed before, and cargo puts those of this one back, compiled or not.
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
    // Another target has a folder of its own.
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
        // Cargo would write its lock file into the tree.
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
