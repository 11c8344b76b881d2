//! Rails: its assets are compiled in the build, as Heroku does.

use super::lock::LOCK;
use crate::draft::{Draft, WORK};
use crate::{BuildPlan, Command, RuntimeName, SourceTree, Toolbox, Wishes, Word};

/// Gems that compile assets in the task `assets:precompile`.
const PIPELINES: [&str; 7] =
    ["propshaft", "shakapacker", "sprockets", "sprockets-rails", "vite_rails", "vite_ruby", "webpacker"];
/// Turns the compilation off.
const OFF: &str = "DISABLE_ASSETS_PRECOMPILE";
/// Who names the environment: Rails itself, then Rack.
const ENVIRONMENTS: [&str; 2] = ["RAILS_ENV", "RACK_ENV"];

/// Whether the locked gems of an app include Rails.
pub(super) fn is_rails(tree: &dyn SourceTree) -> bool {
    locks(tree, &["railties"])
}

/// Returns the environment that a Rails app runs in if its settings name none.
pub(super) fn environment(wishes: &Wishes) -> Option<&'static str> {
    ENVIRONMENTS.iter().all(|name| wishes.setting(name).is_none()).then_some("production")
}

/// Returns the program with the task `assets:precompile`; `None` if there is nothing to compile.
pub(super) fn task(tree: &dyn SourceTree, wishes: &Wishes) -> Option<&'static [&'static str]> {
    let off = wishes.setting(OFF).is_some_and(|value| !matches!(value, "0" | "false" | "no"));
    // Propshaft's list of compiled assets: the app brings them.
    let brought = tree.read("public/assets/.manifest.json").is_some();
    if off || brought || !is_rails(tree) || !locks(tree, &PIPELINES) {
        return None;
    }
    if tree.read("bin/rails").is_some() {
        // It may have been committed without the execute bit.
        return Some(&["exec", "ruby", "bin/rails", "assets:precompile"]);
    }
    tree.read("Rakefile").map(|_| ["exec", "rake", "assets:precompile"].as_slice())
}

/// Compiles the assets in a copy of the tree that starts from the gems; the tree gets what is new below `public`.
pub(super) fn with_assets(
    gems: BuildPlan,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
    (bundle, task): (Word, &[&str]),
) -> BuildPlan {
    let mut draft = Draft::new(RuntimeName::Ruby, tree, toolbox);
    let gemfile = Word::BuildDir(format!("{WORK}/Gemfile").into());
    let provided = gems.provides.clone();
    let lock = provided.in_tree.iter().find(|placed| placed.to == LOCK).cloned();
    draft.starts_from(gems);
    draft.copy_tree(wishes);
    if lock.is_some() {
        draft.take(LOCK);
    }
    let mut compile = Command::new(bundle, "compiling the assets with Rails")
        .args(task.iter().copied())
        .env("BUNDLE_GEMFILE", gemfile);
    for (name, value) in &provided.env {
        let value = in_packages(value);
        draft.env(name, value.clone());
        compile = compile.env(name, value);
    }
    if let Some(environment) = environment(wishes) {
        compile = compile.env("RAILS_ENV", environment);
    }
    // Compiling needs no secret; Rails before 7.1 does not know that.
    compile = compile.env("SECRET_KEY_BASE_DUMMY", "1");
    if wishes.setting("SECRET_KEY_BASE").is_none() {
        compile = compile.env("SECRET_KEY_BASE", "only-to-compile-assets");
    }
    draft.in_work(compile);
    if lock.is_some() {
        draft.in_tree(&format!("{WORK}/{}", LOCK), LOCK);
    }
    draft.in_tree(&format!("{WORK}/public"), "public");
    draft.finish()
}

fn in_packages(word: &Word) -> Word {
    match word {
        Word::BuildDir(path) => Word::Packages(path.clone()),
        other => other.clone(),
    }
}

/// Whether the lock file lists one of these gems as installed, which it indents by four.
fn locks(tree: &dyn SourceTree, gems: &[&str]) -> bool {
    let bytes = tree.read(LOCK).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut names = text.lines().filter_map(|line| line.strip_prefix("    ")?.split(" (").next());
    names.any(|name| gems.contains(&name))
}
