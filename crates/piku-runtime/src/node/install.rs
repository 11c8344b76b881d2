//! Plans the build of a Node.js or Bun app, in a folder of its own, whose files are then linked into the tree.
//!
//! Without a `build` script, that folder holds `package.json` and the lock file, and the tree gets `node_modules`: an
//! app with unchanged packages needs no build. With one, it holds a copy of the tree, because such a script may write
//! anywhere, and the tree gets every new file.

use super::package::Package;
use super::program::{program, yarn_path};
use super::{NodeChoice, NodeSource, PackageManager, yarnrc};
use crate::draft::{Draft, Missing, WORK};
use crate::{BuildPlan, Command, PlanError, RuntimeName, SourceTree, Toolbox, Wishes, Word};

/// Files that package managers read in addition to the lock file.
const READ: [&str; 7] = [
    "package.json",
    ".npmrc",
    ".yarnrc",
    ".pnpmfile.cjs",
    "pnpm-workspace.yaml",
    "bunfig.toml",
    ".tool-versions",
];

/// The arguments of a package manager.
struct Words {
    /// Installs from the lock file, and fails if `package.json` has changed since.
    frozen: &'static [&'static str],
    /// Installs what `package.json` lists, and leaves no lock file.
    unlocked: &'static [&'static str],
    /// Leaves out development packages.
    without_dev: &'static [&'static str],
    /// Installs development packages too, whatever `NODE_ENV` says.
    with_dev: &'static [&'static str],
    /// Removes development packages; empty if the package manager can't.
    prune: &'static [&'static str],
    /// The command that makes the lock file.
    lock: &'static str,
    /// The variable that names its cache.
    cache: &'static str,
}

fn words(manager: PackageManager) -> Words {
    match manager {
        PackageManager::Npm => Words {
            frozen: &["ci", "--no-audit", "--no-fund"],
            unlocked: &["install", "--no-package-lock", "--no-audit", "--no-fund"],
            without_dev: &["--omit=dev"],
            with_dev: &["--include=dev"],
            prune: &["prune", "--omit=dev", "--no-audit", "--no-fund"],
            lock: "npm install --package-lock-only",
            cache: "npm_config_cache",
        },
        PackageManager::Pnpm => Words {
            frozen: &["install", "--frozen-lockfile", "--reporter=append-only"],
            unlocked: &["install", "--no-lockfile", "--reporter=append-only"],
            without_dev: &["--prod"],
            with_dev: &["--prod=false"],
            prune: &["prune", "--prod"],
            lock: "pnpm install --lockfile-only",
            cache: "npm_config_store_dir",
        },
        PackageManager::YarnClassic => Words {
            frozen: &["install", "--frozen-lockfile", "--non-interactive", "--no-progress"],
            unlocked: &["install", "--no-lockfile", "--non-interactive", "--no-progress"],
            without_dev: &["--production=true"],
            with_dev: &["--production=false"],
            prune: &[
                "install",
                "--frozen-lockfile",
                "--non-interactive",
                "--no-progress",
                "--production=true",
                "--ignore-scripts",
                "--prefer-offline",
            ],
            lock: "yarn install",
            cache: "YARN_CACHE_FOLDER",
        },
        // Development packages stay: not every version can leave them out.
        PackageManager::YarnBerry => Words {
            frozen: &["install", "--immutable"],
            unlocked: &["install", "--no-immutable"],
            without_dev: &[],
            with_dev: &[],
            prune: &[],
            lock: "yarn install --mode=update-lockfile",
            cache: "YARN_GLOBAL_FOLDER",
        },
        PackageManager::Bun => Words {
            frozen: &["install", "--frozen-lockfile"],
            unlocked: &["install", "--no-save"],
            without_dev: &["--production"],
            with_dev: &[],
            prune: &[],
            lock: "bun install --lockfile-only",
            cache: "BUN_INSTALL_CACHE_DIR",
        },
    }
}

/// Plans the build of what [`detect`](crate::Planner::detect) chose.
///
/// Installs development packages unless `NODE_ENV` is `production`, as all package managers do. A `build` script
/// always gets them; they are removed after it.
pub(crate) fn plan(
    runtime: RuntimeName,
    choice: &NodeChoice,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<BuildPlan, PlanError> {
    let mut draft = Draft::new(runtime, tree, toolbox);
    // `detect` has already read it.
    let Ok(package) = Package::of(tree) else { return Ok(draft.finish()) };
    let manager = choice.manager;
    let words = words(manager);
    let path = node(choice, toolbox, &mut draft)?;
    let program = program(choice, tree, toolbox, &mut draft)?;

    let built = package.has_script("build");
    let berry = manager == PackageManager::YarnBerry;
    // Yarn's own files suffice if its packages go into `node_modules`; otherwise it writes among the sources.
    let whole = built
        || berry && !yarnrc::packages_alone(tree)
        || package.reads_the_tree()
        || ["pnpm-workspace.yaml", "binding.gyp"].iter().any(|file| tree.read(file).is_some());
    if whole {
        draft.copy_tree(wishes);
    } else {
        let locks = manager.locks().iter().copied();
        let release = yarn_path(tree).filter(|_| berry);
        let berrys = [".yarnrc.yml"].into_iter().filter(|_| berry).chain(release.as_deref());
        draft.copy_files(&READ.into_iter().chain(locks).chain(berrys).collect::<Vec<_>>());
        draft.decided_by_settings(wishes, &["NPM_CONFIG_", "NODE_", "PNPM_", "YARN_", "BUN_", "COREPACK_"]);
    }

    let command = |says: String, args: &[&str]| {
        let command = program.command(says).args(args.iter().copied()).path(&path);
        let command = command.env(words.cache, Word::shared(manager.program()));
        if berry {
            let shared = if whole { "false" } else { "true" };
            command.env("YARN_ENABLE_GLOBAL_CACHE", shared).env("YARN_ENABLE_TELEMETRY", "0")
        } else {
            command
        }
    };
    let production = wishes.is("NODE_ENV", "production");
    let dev = if production && !built { words.without_dev } else { words.with_dev };
    let install = match choice.lock {
        Some(lock) => command(format!("installing the packages of {lock} with {manager}"), words.frozen),
        None => {
            draft.warn_not_locked("package.json", manager.locks().last().unwrap_or(&""), words.lock);
            command(format!("installing the packages of package.json with {manager}"), words.unlocked)
        }
    };
    draft.in_work(install.args(dev.iter().copied()));
    if built {
        draft.in_work(command("running the script `build` of package.json".to_owned(), &["run", "build"]));
        if production && !words.prune.is_empty() {
            draft.in_work(command("removing the packages for development".to_owned(), words.prune));
        }
    }

    for folder in path {
        draft.path(folder);
    }
    draft.path(Word::Tree("node_modules/.bin".into()));
    if whole {
        draft.in_tree(WORK, "");
    } else {
        draft.in_tree(&format!("{WORK}/node_modules"), "node_modules");
    }
    Ok(draft.finish())
}

/// Provides Node.js itself; returns the folders to find it in, if it is not the host's.
fn node(choice: &NodeChoice, toolbox: &Toolbox, draft: &mut Draft<'_>) -> Result<Vec<Word>, PlanError> {
    match &choice.node {
        NodeSource::NotNeeded => Ok(Vec::new()),
        NodeSource::Host => {
            let help = "install it on the host: `apt install nodejs npm`, or a newer one as https://nodejs.org shows";
            // Node.js has two names.
            let name = if toolbox.tool("node").is_some() { "node" } else { "nodejs" };
            draft.decided_by_version("node");
            draft.tool(&[name], Missing("Node.js", "package.json", help)).map(|_| Vec::new())
        }
        NodeSource::Nodeenv(version) => {
            let help = "install it on the host: `apt install nodeenv`";
            let nodeenv = draft.tool(&["nodeenv"], Missing("nodeenv", "package.json", help))?;
            draft.step(
                Command::new(nodeenv, format!("fetching Node.js {version} with nodeenv"))
                    .args(["--prebuilt", "--clean-src"])
                    .arg(format!("--node={version}"))
                    .arg(Word::build("node")),
            );
            Ok(vec![Word::build("node/bin")])
        }
    }
}
