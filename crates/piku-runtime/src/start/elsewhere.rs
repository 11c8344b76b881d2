//! The commands that an author wrote down for another platform.

use serde_json::Value;

use super::guess::{Start, text, value_of};
use crate::SourceTree;

/// The start command in the files of Render, Fly, Railway, Nixpacks, and Heroku.
pub(super) fn command(tree: &dyn SourceTree) -> Option<Start> {
    let found = |file: &str, key: &str, after: &str| {
        let text = text(tree, file);
        let rest = if after.is_empty() { text.as_str() } else { text.split_once(after)?.1 };
        let command = value_of(rest, key)?;
        plain(&command).then(|| Start::new(format!("web: {command}"), format!("what {file} starts")))
    };
    found("render.yaml", "startCommand", "")
        .or_else(|| found("fly.toml", "app", "[processes]"))
        .or_else(|| found("fly.toml", "web", "[processes]"))
        .or_else(|| found("railway.toml", "startCommand", ""))
        .or_else(|| found("nixpacks.toml", "cmd", "[start]"))
        .or_else(|| found("heroku.yml", "web", "run:"))
        .or_else(|| railway_json(tree))
}

fn railway_json(tree: &dyn SourceTree) -> Option<Start> {
    let json: Value = serde_json::from_slice(&tree.read("railway.json")?).ok()?;
    let command = json.get("deploy")?.get("startCommand")?.as_str()?.trim();
    plain(command).then(|| Start::new(format!("web: {command}"), "what railway.json starts"))
}

/// The command of a `Dockerfile`, which is not built.
pub(super) fn dockerfile(tree: &dyn SourceTree) -> Option<Start> {
    let text = text(tree, "Dockerfile");
    let of = |word: &str| text.lines().rev().find_map(|line| words(line.trim().strip_prefix(word)?.trim()));
    let command = match (of("ENTRYPOINT "), of("CMD ")) {
        (Some(entry), Some(words)) => format!("{entry} {words}"),
        (entry, words) => entry.or(words)?,
    };
    let what = "what the Dockerfile starts (piku builds no images)";
    plain(&command).then(|| Start::new(format!("web: {command}"), what))
}

/// A command of a Dockerfile: a list of words as JSON, or a line for a shell.
fn words(text: &str) -> Option<String> {
    if !text.starts_with('[') {
        return (!text.is_empty()).then(|| text.to_owned());
    }
    let words: Vec<String> = serde_json::from_str(text).ok()?;
    match words.as_slice() {
        [shell, option, line] if shell.ends_with("sh") && option == "-c" => Some(line.clone()),
        [] => None,
        words => shlex::try_join(words.iter().map(String::as_str)).ok(),
    }
}

/// Whether a command can stand in a Procfile as it is.
fn plain(command: &str) -> bool {
    !command.is_empty() && !command.starts_with(['|', '>', '[', '{', '&', '*']) && !command.ends_with('\\')
}
