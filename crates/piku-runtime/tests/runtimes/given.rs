//! Trees, hosts, and settings for tests.

use piku_runtime::{
    BuildPlan, DetectError, Detection, Interpreter, MemoryTree, PlanError, Planner, Source, SourceTree,
    Toolbox, Wishes,
};

/// Paths and contents.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

pub(crate) fn tree(files: Files<'_>) -> MemoryTree {
    files.iter().fold(MemoryTree::new("4f2a90c"), |tree, (path, text)| tree.with(*path, *text))
}

pub(crate) fn settings(pairs: &[(&str, &str)]) -> Wishes {
    let settings = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    wishing(|it| it.settings = settings.collect())
}

pub(crate) fn wishing(change: impl FnOnce(&mut Wishes)) -> Wishes {
    let mut wishes = Wishes::default();
    change(&mut wishes);
    wishes
}

/// A host with the system's Python 3.11.2, as on Debian 12, three other Pythons, and the versions of all other tools.
pub(crate) fn versions() -> Toolbox {
    let python = |version: &str, path: &str, source, has_venv| {
        Interpreter::new(version.parse().unwrap(), path, source, has_venv)
    };
    let mut host = Toolbox::new("linux-x86_64-glibc")
        .with_interpreter(python("3.13.1", "/uv/3.13.1/bin/python3.13", Source::Uv, true))
        .with_interpreter(python("3.12.4", "/pyenv/3.12.4/bin/python3.12", Source::Pyenv, true))
        .with_interpreter(python("3.12.7", "/uv/3.12.7/bin/python3.12", Source::Uv, true))
        .with_interpreter(python("3.11.2", "/usr/bin/python3.11", Source::System, true))
        .with_interpreter(python("3.11.2", "/pyenv/3.11.2/bin/python3.11", Source::Pyenv, true));
    host.default_python = Some("3.11.2".parse().unwrap());
    let versions = [
        ("ruby", "3.1.2"),
        ("php", "8.2.7"),
        ("go", "1.19.8"),
        ("cargo", "1.75.0"),
        ("javac", "17.0.15"),
        ("deno", "2.1.4"),
        ("bun", "1.1.38"),
        ("node", "20.19.2"),
    ];
    versions.into_iter().fold(host, |host, (tool, version)| host.with_version(tool, version.parse().unwrap()))
}

/// A host with every tool but corepack, nodeenv, uv, and Gradle.
pub(crate) fn equipped() -> Toolbox {
    let tools = [
        "bun", "bundle", "cargo", "clojure", "composer", "deno", "go", "java", "javac", "lein", "mvn",
        "node", "npm", "php", "pnpm", "ruby", "yarnpkg",
    ];
    let host = Toolbox::new("linux-x86_64-glibc");
    let host = tools.into_iter().fold(host, |host, tool| host.with_tool(tool, format!("/usr/bin/{tool}")));
    let versions =
        [("node", "20.19.2"), ("go", "1.22.1"), ("ruby", "3.1.2"), ("cargo", "1.75.0"), ("javac", "17.0.15")];
    versions.into_iter().fold(host, |host, (tool, version)| host.with_version(tool, version.parse().unwrap()))
}

pub(crate) fn with(tool: &str) -> Toolbox {
    equipped().with_tool(tool, format!("/usr/bin/{tool}"))
}

pub(crate) fn look(files: Files<'_>, wishes: &Wishes) -> Result<Detection, DetectError> {
    detect(&tree(files), &versions(), wishes)
}

pub(crate) fn detect(
    tree: &dyn SourceTree,
    host: &Toolbox,
    wishes: &Wishes,
) -> Result<Detection, DetectError> {
    Planner::new(tree, host.clone(), wishes.clone()).detect()
}

pub(crate) fn planned(
    tree: &MemoryTree,
    host: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let planner = Planner::new(tree, host.clone(), wishes.clone());
    planner.plan(&planner.detect().unwrap())
}

/// Shows the steps, those of the packages first, what the app gets, and for which trees the result can be used.
pub(crate) fn shown_with(files: Files<'_>, host: &Toolbox, pairs: &[(&str, &str)]) -> String {
    let plan = planned(&tree(files), host, &settings(pairs)).unwrap().unwrap();
    let mut lines: Vec<String> = Vec::new();
    if let Some(packages) = &plan.packages {
        lines.push("packages:".to_owned());
        lines.extend(steps(packages).into_iter().map(|line| format!("  {line}")));
    }
    lines.extend(steps(&plan));
    lines.extend(plan.provides.path.iter().map(|folder| format!("PATH {folder}")));
    lines.extend(plan.provides.env.iter().map(|(name, value)| format!("set {name}={value}")));
    let place = |it: &piku_runtime::Placement| format!("place $BUILD/{} in $TREE/{}", it.from, it.to);
    lines.extend(plan.provides.in_tree.iter().map(place));
    lines.extend(plan.warnings.iter().map(|warning| format!("! {}", warning.message)));
    lines.push(format!("{:?}", plan.reuse));
    lines.join("\n")
}

fn steps(plan: &BuildPlan) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for step in &plan.steps {
        if !step.says().is_empty() {
            lines.push(format!("# {}", step.says()));
        }
        lines.push(step.to_string());
    }
    lines
}

pub(crate) fn shown(files: Files<'_>) -> String {
    shown_with(files, &equipped(), &[])
}
