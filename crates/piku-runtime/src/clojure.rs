//! Clojure: `deps.edn` by the Clojure tools, `project.clj` by Leiningen.

use crate::draft::{Draft, Missing, WORK};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, DetectError, Detection, PlanError, RuntimeName, SourceTree, Toolbox, Wishes, Word,
    java,
};

/// Finds the file that marks a Clojure app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["deps.edn", "project.clj"])
}

/// Detects a Clojure app, and checks the JDK as for Java.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    if let Some(file) = manifest(tree) {
        found.because(file, "describes the project");
    }
    java::jdk(tree, toolbox, found)
}

/// Builds with `build.clj` or Leiningen, in a copy of the tree; without either, fetches the dependencies.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(file) = manifest(tree) else { return Ok(None) };
    let mut draft = Draft::new(RuntimeName::Clojure, tree, toolbox);
    draft.tool(&["java", "javac"], Missing("a JDK", file, java::JDK))?;
    draft.decided_by_version("javac");
    if file == "project.clj" {
        let missing = Missing("Leiningen", file, "install it on the host: `apt install leiningen`");
        let lein = draft.tool(&["lein"], missing)?;
        draft.copy_tree(wishes);
        draft.in_work(
            Command::new(lein, "building project.clj with Leiningen")
                .arg("uberjar")
                .env("LEIN_HOME", Word::shared("lein"))
                .env("LEIN_NON_INTERACTIVE", "1"),
        );
        draft.in_tree(&format!("{WORK}/target"), "target");
        return Ok(Some(draft.finish()));
    }
    let help = "install the Clojure tools on the host, as https://clojure.org/guides/install_clojure shows";
    let clojure = draft.tool(&["clojure"], Missing("the Clojure tools", file, help))?;
    draft.env("GITLIBS", Word::shared("gitlibs"));
    if let Some(function) = build_function(tree) {
        draft.copy_tree(wishes);
        draft.in_work(
            Command::new(clojure, "building with build.clj")
                .args(["-T:build", function])
                .env("GITLIBS", Word::shared("gitlibs")),
        );
        draft.in_tree(WORK, "");
        return Ok(Some(draft.finish()));
    }
    let local = String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).contains(":local/root");
    if local {
        draft.decided_by_tree();
    }
    draft.decided_by_files(&[file]);
    draft.decided_by_settings(wishes, &["CLJ_"]);
    draft.step(
        Command::new(clojure, "fetching the dependencies of deps.edn")
            .arg("-P")
            .env("GITLIBS", Word::shared("gitlibs"))
            .env("CLJ_CACHE", Word::build("classpaths")),
    );
    draft.env("CLJ_CACHE", Word::build("classpaths"));
    Ok(Some(draft.finish()))
}

/// Finds the build function of `build.clj`: `release`, piku's convention, or `uber`, that of the tools' guide.
fn build_function(tree: &dyn SourceTree) -> Option<&'static str> {
    let bytes = tree.read("build.clj")?;
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text.split_whitespace().collect();
    let defines = |name: &str| words.windows(2).any(|pair| pair[0].ends_with("(defn") && pair[1] == name);
    Some(if !defines("release") && defines("uber") { "uber" } else { "release" })
}
