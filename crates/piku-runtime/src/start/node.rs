//! Node.js, Bun, and Deno: the `start` script, the main file, or the files that a build makes.

use serde_json::Value;

use super::guess::{Start, has, text};
use crate::SourceTree;

/// Servers for development: what they show is built into a folder to serve instead.
const DEVELOPMENT: [(&str, &str); 9] = [
    ("react-scripts", "build"),
    ("vite", "dist"),
    ("vue-cli-service", "dist"),
    ("parcel", "dist"),
    ("astro", "dist"),
    ("gatsby", "public"),
    ("webpack-dev-server", "dist"),
    ("webpack", "dist"),
    ("@11ty/eleventy", "_site"),
];

/// An app of `package.json` or `deno.json`.
pub(super) fn start(tree: &dyn SourceTree) -> Option<Start> {
    let bytes = tree.read("package.json")?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let package: Value = serde_json::from_slice(bytes).ok()?;
    let script = |name: &str| package.get("scripts")?.get(name)?.as_str();
    if let Some(found) = built(&package, script("start"), script("build").is_some()) {
        return Some(found);
    }
    if script("start").is_some() {
        let tool = tool(tree);
        return Some(Start::new(
            format!("web: {tool} start"),
            "a Node.js app with a script `start` (package.json)",
        ));
    }
    if package.get("dependencies").and_then(|all| all.get("next")).is_some() {
        return Some(Start::new(
            "web: npx next start -p $PORT -H $BIND_ADDRESS",
            "a Next.js app (package.json)",
        ));
    }
    let main = package.get("main").and_then(Value::as_str).map(|main| main.trim_start_matches("./"));
    let files =
        main.into_iter().chain(["server.js", "app.js", "index.js", "main.js", "server.mjs", "index.mjs"]);
    let file = files.into_iter().find(|file| has(tree, file))?;
    Some(Start::new(format!("web: node {file}"), format!("a Node.js program ({file})")))
}

/// A site that a build writes as files, whose `start` is missing or only for development.
fn built(package: &Value, start: Option<&str>, has_build: bool) -> Option<Start> {
    let lists = ["dependencies", "devDependencies"];
    let uses =
        |tool: &str| lists.iter().any(|list| package.get(list).is_some_and(|list| list.get(tool).is_some()));
    let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let develops = |tool: &str| start.is_none_or(|line| first(line) == tool || first(line) == "ng");
    let (tool, folder) =
        DEVELOPMENT.into_iter().find(|(tool, _)| uses(tool) && develops(tool) && has_build)?;
    Some(Start::new(format!("static: {folder}"), format!("a site built by {tool} (package.json)")))
}

fn tool(tree: &dyn SourceTree) -> &'static str {
    let of_lock = [
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun run"),
        ("bun.lockb", "bun run"),
    ];
    of_lock.into_iter().find(|(lock, _)| has(tree, lock)).map_or("npm", |(_, tool)| tool)
}

/// A Deno app, by its tasks or its main file.
pub(super) fn deno(tree: &dyn SourceTree) -> Option<Start> {
    let file = ["deno.json", "deno.jsonc"].into_iter().find(|file| has(tree, file))?;
    if text(tree, file).contains("\"start\"") {
        return Some(Start::new("web: deno task start", format!("a Deno app with a task `start` ({file})")));
    }
    let main = ["main.ts", "server.ts", "mod.ts", "main.js"].into_iter().find(|file| has(tree, file))?;
    Some(Start::new(format!("web: deno run --allow-net --allow-env {main}"), format!("a Deno app ({main})")))
}
