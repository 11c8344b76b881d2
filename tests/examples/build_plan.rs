//! Plans the build of a folder and prints it, without building: `cargo run --example build_plan -- FOLDER`.
//!
//! `piku-runtime` decides and plans; its feature `fs` reads the folder and finds the tools on `PATH`. The one thing
//! left to the program is to ask the tools of the runtime for their versions.

use std::error::Error;
use std::fmt::Write;
use std::process::Command;

use piku_runtime::{FolderTree, Planner, Toolbox, Version, Wishes};

/// Describes the build of `folder` by the tools in the folders of `path`; `commit` is what is in it.
///
/// # Errors
///
/// When the runtime can't be decided on, or a tool is missing.
pub(crate) fn described(folder: &str, commit: &str, path: &str) -> Result<String, Box<dyn Error>> {
    let tree = FolderTree::new(folder, commit);
    let mut planner = Planner::new(&tree, Toolbox::discover(path), Wishes::default());
    for question in planner.version_questions()? {
        let Some(tool) = planner.toolbox.tool(question.tool) else { continue };
        #[expect(clippy::disallowed_methods, reason = "a program may start others")]
        let answer = Command::new(tool).args(question.args).output()?;
        let answer = String::from_utf8([answer.stdout, answer.stderr].concat())?;
        if let Some(version) = Version::first_in(&answer) {
            planner.toolbox.versions.insert(question.tool.to_owned(), version);
        }
    }

    let detection = planner.detect()?;
    let mut text = format!("{}\n", detection.runtime.title());
    for evidence in &detection.evidence {
        writeln!(text, "  because {evidence}")?;
    }
    let Some(plan) = planner.plan(&detection)? else { return Ok(text + "nothing to build\n") };
    for warning in detection.warnings.iter().chain(&plan.warnings) {
        writeln!(text, "  warning[{}]: {}", warning.code, warning.message)?;
    }
    if let Some(packages) = &plan.packages {
        writeln!(text, "packages, key {}, unless they are there", packages.key)?;
        for step in &packages.steps {
            writeln!(text, "  {step}")?;
        }
    }
    for step in &plan.steps {
        writeln!(text, "{step}")?;
    }
    for folder in &plan.provides.path {
        writeln!(text, "then PATH begins with {folder}")?;
    }
    writeln!(text, "key {}", plan.key)?;
    Ok(text)
}

#[allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its environment and prints; the test of this example has a `main` of its own"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: build_plan FOLDER")?;
    print!("{}", described(&folder, "not committed", &std::env::var("PATH")?)?);
    Ok(())
}
