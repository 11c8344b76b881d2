//! Java: a Maven or a Gradle project, by its wrapper if it has one.

use crate::asked::{Asked, asked};
use crate::draft::{Draft, Missing, WORK};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, DetectError, Detection, InvalidVersion, PlanError, RuntimeName, SourceTree, Toolbox,
    Version, Wishes, Word,
};

/// How to get a JDK.
pub(crate) const JDK: &str = "install it on the host: `apt install default-jdk-headless`";

/// Finds the file that marks a Java app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["pom.xml", "build.gradle", "build.gradle.kts"])
}

/// Detects a Java app, and checks that the JDK is not older than the one asked for.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    if let Some(file) = manifest(tree) {
        found.because(file, "describes the project");
    }
    jdk(tree, toolbox, found)
}

/// Checks the JDK against `.java-version`, `.tool-versions`, and `system.properties`.
pub(crate) fn jdk(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    found.version = toolbox.version("javac");
    let asked = asked(tree, None, &[".java-version"], &["java"]).or_else(|| of_system_properties(tree));
    let Some(asked) = asked else { return Ok(found) };
    let Some(wanted) = Version::first_in(&asked.text).map(feature) else {
        let source = InvalidVersion(asked.text);
        return Err(DetectError::BadVersion { runtime: RuntimeName::Java, origin: asked.origin, source });
    };
    found.because(asked.origin, format!("asks for Java {wanted}"));
    match found.version {
        Some(has) if feature(has) < wanted => Err(asked.refuse(RuntimeName::Java, has)),
        _ => Ok(found),
    }
}

/// Builds the packages without running their tests, in a copy of the tree; the app gets every new file.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(file) = manifest(tree) else { return Ok(None) };
    let mut draft = Draft::new(RuntimeName::Java, tree, toolbox);
    draft.tool(&["javac"], Missing("a JDK", file, JDK))?;
    let maven = file == "pom.xml";
    let (tool, wrapper, missing) = if maven {
        let help =
            "install it on the host (`apt install maven`), or commit Maven's wrapper (`mvn wrapper:wrapper`)";
        ("mvn", "mvnw", Missing("Maven", "pom.xml", help))
    } else {
        let help =
            "commit Gradle's wrapper (`gradle wrapper`), or install it on the host (`apt install gradle`)";
        ("gradle", "gradlew", Missing("Gradle", file, help))
    };
    let name = if maven { "Maven" } else { "Gradle" };
    let says = format!("building {file} with {name}");
    // The wrapper may have been committed without the execute bit.
    let command = if tree.read(wrapper).is_some() {
        Command::new("/bin/sh", says).arg(Word::BuildDir(format!("{WORK}/{wrapper}").into()))
    } else {
        Command::new(draft.tool(&[tool], missing)?, says)
    };
    draft.copy_tree(wishes);
    draft.in_work(if maven {
        let repository =
            Word::Joined("-Dmaven.repo.local=".to_owned(), Box::new(Word::shared("maven/repository")));
        command
            .args(["--batch-mode", "--no-transfer-progress", "-DskipTests"])
            .args([repository, "package".into()])
            .env("MAVEN_USER_HOME", Word::shared("maven"))
    } else {
        command
            .args(["--no-daemon", "--console=plain", "--build-cache", "assemble"])
            .env("GRADLE_USER_HOME", Word::shared("gradle"))
    });
    draft.in_tree(WORK, "");
    Ok(Some(draft.finish()))
}

/// Reads `java.runtime.version=17`, Heroku's convention.
fn of_system_properties(tree: &dyn SourceTree) -> Option<Asked> {
    let bytes = tree.read("system.properties")?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "java.runtime.version").then(|| value.trim().to_owned())
    };
    text.lines().find_map(value).map(|text| Asked { text, origin: "system.properties", line: None })
}

/// Returns the number a Java version is known by: 8 for 1.8.
fn feature(version: Version) -> u32 {
    if version.major == 1 { version.minor } else { version.major }
}
