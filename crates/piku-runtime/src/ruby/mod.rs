//! Ruby: a `Gemfile`, by bundler in deployment mode; then the assets of [`rails`].

mod lock;
mod rails;

use self::lock::LOCK;
use crate::asked::asked;
use crate::draft::{Draft, Missing, WORK};
use crate::tree::first_of;
use crate::{
    BuildPlan, Command, DetectError, Detection, PlanError, RuntimeName, SourceTree, Toolbox, Wishes, Word,
};

const RUBY: RuntimeName = RuntimeName::Ruby;

/// Finds the file that marks a Ruby app.
pub(crate) fn manifest(tree: &dyn SourceTree) -> Option<&'static str> {
    first_of(tree, &["Gemfile"])
}

/// Detects a Ruby app, and checks the version it asks for.
///
/// Gems are compiled for a minor version, so another patch will do; bundler itself checks the `ruby` line of a
/// `Gemfile`.
pub(crate) fn detect(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    mut found: Detection,
) -> Result<Detection, DetectError> {
    if tree.read(LOCK).is_some() {
        if manifest(tree).is_none() {
            return Err(DetectError::LockAlone { lock: LOCK, manifest: "Gemfile" });
        }
        found.because(LOCK, "locks the packages");
    } else if let Some(file) = manifest(tree) {
        found.because(file, "lists the packages");
    }
    found.version = toolbox.version("ruby");
    let Some(asked) = asked(tree, None, &[".ruby-version"], &["ruby"]) else { return Ok(found) };
    let request = asked.request(RUBY)?;
    found.because(asked.origin, format!("asks for Ruby {request}"));
    match found.version {
        Some(has) if request.accepts(&has) => Ok(found),
        Some(has) if (has.major, has.minor) == (request.major, request.minor.unwrap_or(has.minor)) => {
            found.warn(asked.accept(RUBY, has));
            Ok(found)
        }
        Some(has) => Err(asked.refuse(RUBY, has)),
        None => Ok(found),
    }
}

/// Installs from `Gemfile.lock`, and fails if `Gemfile` has changed since. Without a lock file, installs what
/// `Gemfile` lists, and the app gets the new lock file.
pub(crate) fn plan(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    let Some(gemfile) = manifest(tree) else { return Ok(None) };
    let mut draft = Draft::new(RUBY, tree, toolbox);
    let bundle = draft.tool(
        &["bundle", "bundler"],
        Missing(
            "bundler",
            gemfile,
            "install it on the host: `apt install ruby-bundler ruby-dev build-essential`",
        ),
    )?;
    let bundle: Word = bundle.into();
    draft.decided_by_version("ruby");
    draft.decided_by_files(&[gemfile, LOCK, ".ruby-version", ".tool-versions"]);
    draft.decided_by_settings(wishes, &["BUNDLE_", "RACK_ENV", "RAILS_ENV"]);
    let locked = tree.read(LOCK).is_some();
    let file = if locked { LOCK } else { gemfile };
    let install = Command::new(bundle.clone(), format!("installing the gems of {file} with bundler"))
        .arg("install")
        .env("BUNDLE_PATH", Word::build("gems"))
        .env("BUNDLE_USER_CACHE", Word::shared("bundler"))
        .env("BUNDLE_GLOBAL_GEM_CACHE", "true");
    // An app's own choice of groups takes precedence.
    let develops = wishes.is("RACK_ENV", "development") || wishes.is("RAILS_ENV", "development");
    let speaks_of_groups =
        ["BUNDLE_WITHOUT", "BUNDLE_WITH", "BUNDLE_ONLY"].iter().any(|it| wishes.setting(it).is_some());
    let install = if develops || speaks_of_groups {
        install
    } else {
        draft.env("BUNDLE_WITHOUT", "development:test");
        install.env("BUNDLE_WITHOUT", "development:test")
    };
    if locked {
        draft
            .step(install.env("BUNDLE_DEPLOYMENT", "true").env("BUNDLE_GEMFILE", Word::Tree(gemfile.into())));
    } else {
        draft.warn_not_locked(gemfile, LOCK, "bundle lock");
        if reads_more(tree, gemfile) {
            draft.copy_tree(wishes);
        } else {
            draft.copy_files(&[gemfile, ".ruby-version", ".tool-versions"]);
        }
        draft.in_work(install.env("BUNDLE_GEMFILE", Word::BuildDir(format!("{WORK}/{gemfile}").into())));
        draft.in_tree(&format!("{WORK}/{LOCK}"), LOCK);
    }
    draft.env("BUNDLE_PATH", Word::build("gems"));
    draft.env("BUNDLE_FROZEN", "true");
    if rails::is_rails(tree)
        && let Some(environment) = rails::environment(wishes)
    {
        draft.env("RAILS_ENV", environment);
    }
    let gems = draft.finish();
    Ok(Some(match rails::task(tree, wishes) {
        Some(task) => rails::with_assets(gems, tree, toolbox, wishes, (bundle, task)),
        None => gems,
    }))
}

/// Whether a `Gemfile` refers to other files. It is a program, so this is a guess from its words.
fn reads_more(tree: &dyn SourceTree, gemfile: &str) -> bool {
    let bytes = tree.read(gemfile).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    ["gemspec", "path", "eval_gemfile", "File.", "file:", "require_relative"]
        .iter()
        .any(|word| text.contains(word))
}
