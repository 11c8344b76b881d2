//! Rust: a `Cargo.toml`, by cargo in release mode.

use camino::Utf8Path;

use crate::asked::Asked;
use crate::draft::{Draft, Missing};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, Detection, PlanError, RuntimeName, SourceTree, Step, Toolbox, Version,
    VersionRequest, Warning, Wishes, Word,
};

const MANIFEST: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";

/// Finds the file that marks a Rust app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &[MANIFEST])
}

/// Detects a Rust app; cargo checks which Rust it needs, and rustup provides the toolchain that the app asks for.
pub(crate) fn detect(tree: &dyn SourceTree, toolbox: &Toolbox, mut found: Detection) -> Detection {
    found.version = toolbox.version("cargo");
    if tree.read(LOCK).is_some() {
        found.because(LOCK, "locks the packages");
    } else if let Some(file) = manifest(tree) {
        found.because(file, "describes the project");
    }
    let Some(asked) = toolchain(tree) else { return found };
    found.because(asked.origin, format!("asks for Rust {}", asked.text));
    let request = asked.text.parse::<VersionRequest>().ok();
    if toolbox.tool("rustup").is_some() {
        let exact = |it: VersionRequest| Some(Version { major: it.major, minor: it.minor?, patch: it.patch });
        found.version = request.and_then(exact);
    } else if let Some(has) = found.version
        && asked.text != "stable"
        && request.is_none_or(|request| !request.accepts(&has))
    {
        let help =
            "install rustup on the host, as https://rustup.rs shows: it provides the one that is asked for";
        found.warn(Warning { help: Some(help.to_owned()), ..asked.accept(RuntimeName::Rust, has) });
    }
    found
}

/// Reads the toolchain that the app asks for: the line `channel = "1.80"` of `rust-toolchain.toml`, or of the older
/// file, which may hold the channel alone. Of `1.80-x86_64-unknown-linux-gnu`, only the first part counts.
fn toolchain(tree: &dyn SourceTree) -> Option<Asked> {
    let origin = first_of(tree, &["rust-toolchain", "rust-toolchain.toml"])?;
    let bytes = tree.read(origin)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = || text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let channel = |line: &str| {
        let value = line.strip_prefix("channel")?.trim_start().strip_prefix('=')?;
        Some(value.trim().trim_matches(['"', '\'']).to_owned())
    };
    let alone = || {
        let mut lines = lines().filter(|line| !line.is_empty());
        lines.next().filter(|line| !line.contains(['[', '='])).map(str::to_owned)
    };
    let text = lines().find_map(channel).or_else(alone)?;
    let text = text.split('-').next().unwrap_or(&text).to_owned();
    (!text.is_empty()).then_some(Asked { text, origin, line: None })
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
    let says = "building the programs with cargo";
    // The cargo beside rustup reads which toolchain the app asks for; the first in `PATH` may be another.
    let rustups = toolbox.tool("rustup").and_then(Utf8Path::parent).filter(|_| toolchain(tree).is_some());
    let build = match rustups {
        Some(folder) => Command::new(folder.join("cargo").as_path(), says).path(&[folder.into()]),
        None => Command::new(cargo, says),
    };
    let mut build = build
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
