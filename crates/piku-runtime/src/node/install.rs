//! Plans the build of a Node.js or Bun app, in a folder of its own, whose files are then linked into the tree.
//!
//! Packages are decided by few files: `package.json` without its scripts, the lock file, the configuration. They are
//! installed where only these are, and the tree gets `node_modules`: an app with unchanged packages needs no build.
//! Scripts may read the whole tree and write anywhere: a `build` script, the app's install scripts, and those of
//! packages that look at the app. They run in a copy of the tree that starts from the packages, and the tree gets every
//! new file.

use super::commands::{Commands, words};
use super::package::Package;
use super::program::{in_packages, program, yarn_path};
use super::scripts::Scripts;
use super::{NodeChoice, NodeSource, PackageManager, yarnrc};
use crate::draft::{Draft, Missing, WORK};
use crate::{BuildPlan, Command, PlanError, RuntimeName, SourceTree, Step, Toolbox, Wishes, Word};

/// Files that package managers read in addition to `package.json` and the lock file.
const READ: [&str; 6] =
    [".npmrc", ".yarnrc", ".pnpmfile.cjs", "pnpm-workspace.yaml", "bunfig.toml", ".tool-versions"];

/// Settings that decide what is installed.
const SETTINGS: [&str; 6] = ["NPM_CONFIG_", "NODE_", "PNPM_", "YARN_", "BUN_", "COREPACK_"];

/// What installing the packages reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Only files of the package manager.
    OwnFiles,
    /// The same, but scripts of the app or of its packages read the tree.
    Scripts,
    /// Anything, at any time.
    Tree,
}

/// Plans the build of what [`detect`](crate::Planner::detect) chose.
///
/// Installs development packages unless `NODE_ENV` is `production`, as all package managers do. Scripts of the app
/// always get them; they are removed after the `build` script.
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
    let scripts = Scripts::of(tree, &package, choice.manager, choice.lock);
    let reads = reads(tree, &package, choice, &scripts);
    let built = package.has_script("build");
    let path = node(choice, toolbox, &mut draft)?;
    let program = program(choice, tree, toolbox, &mut draft)?;
    let alone = reads != Reads::Tree;
    let commands = Commands { manager: choice.manager, program, path, alone };

    if alone {
        copy_own_files(&mut draft, tree, &package, choice);
        draft.decided_by_settings(wishes, &SETTINGS);
    } else {
        draft.copy_tree(wishes);
    }
    let production = wishes.is("NODE_ENV", "production");
    let in_tree = built || reads == Reads::Scripts;
    install(&mut draft, choice, &commands, (production && !in_tree, reads == Reads::Scripts));
    if reads == Reads::Scripts && !scripts.alone.is_empty() {
        draft.in_work(rebuild(&commands, &scripts.alone));
    }
    if alone && !in_tree {
        let path = commands.path;
        provide(&mut draft, &path);
        draft.in_tree(&format!("{WORK}/node_modules"), "node_modules");
        return Ok(draft.finish());
    }
    let mut commands = commands;
    if alone {
        let packages = draft.finish();
        draft = Draft::new(runtime, tree, toolbox);
        draft.starts_from(packages);
        draft.copy_tree(wishes);
        draft.take("node_modules");
        if choice.manager == PackageManager::YarnBerry {
            draft.take(".yarn/install-state.gz");
        }
        commands.program = commands.program.of_packages();
        commands.path = commands.path.iter().map(in_packages).collect();
    }
    if reads == Reads::Scripts {
        if !scripts.of_the_app.is_empty() {
            draft.in_work(rebuild(&commands, &scripts.of_the_app));
        }
        for script in package.install_scripts() {
            draft.in_work(commands.script(script));
        }
    }
    if built {
        draft.in_work(commands.script("build"));
    }
    let prune = words(choice.manager).prune;
    if production && in_tree && !prune.is_empty() {
        draft.in_work(commands.of("removing the packages for development".to_owned(), prune));
    }
    provide(&mut draft, &commands.path);
    draft.in_tree(WORK, "");
    Ok(draft.finish())
}

/// Decides what installing reads.
fn reads(tree: &dyn SourceTree, package: &Package, choice: &NodeChoice, scripts: &Scripts) -> Reads {
    let manager = choice.manager;
    let text = |file: &str| String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned();
    let workspace = text("pnpm-workspace.yaml");
    let members = ["packages", "patchedDependencies"];
    let local = ["link:", "file:", "workspace:"];
    let whole = package.reads_the_tree()
        // Yarn's own files suffice if its packages go into `node_modules`; otherwise it writes among the sources.
        || manager == PackageManager::YarnBerry && !yarnrc::packages_alone(tree)
        || workspace.lines().any(|line| members.iter().any(|key| line.starts_with(key)))
        || local.iter().any(|word| workspace.contains(word))
        || package.archives().iter().any(|path| tree.read(path).is_none())
        || tree.read("binding.gyp").is_some();
    let of_app = !package.install_scripts().is_empty() || !scripts.of_the_app.is_empty();
    match (whole, of_app) {
        (true, _) => Reads::Tree,
        (false, false) => Reads::OwnFiles,
        // Only npm can run the scripts of single packages later. It would not forgive those of optional ones.
        (false, true)
            if manager == PackageManager::Npm
                && !scripts.optional
                && !text(".npmrc").contains("ignore-scripts") =>
        {
            Reads::Scripts
        }
        (false, true) => Reads::Tree,
    }
}

fn copy_own_files(draft: &mut Draft<'_>, tree: &dyn SourceTree, package: &Package, choice: &NodeChoice) {
    let manager = choice.manager;
    let berry = manager == PackageManager::YarnBerry;
    let release = yarn_path(tree).filter(|_| berry);
    let locks = manager.locks().iter().copied();
    let berrys = [".yarnrc.yml"].into_iter().filter(|_| berry).chain(release.as_deref());
    let files: Vec<&str> = READ.into_iter().chain(locks).chain(berrys).chain(package.archives()).collect();
    draft.copy_files(&files);
    let to = Word::build(&format!("{WORK}/package.json"));
    draft.step(Step::Write { to, contents: package.without_scripts() });
}

/// Installs the packages; `without` is whether development packages and whether scripts are left out.
fn install(
    draft: &mut Draft<'_>,
    choice: &NodeChoice,
    commands: &Commands,
    (without_dev, without_scripts): (bool, bool),
) {
    let manager = choice.manager;
    let words = words(manager);
    let (file, args) = match choice.lock {
        Some(lock) => (lock, words.frozen),
        None => {
            draft.warn_not_locked("package.json", manager.locks().last().unwrap_or(&""), words.lock);
            ("package.json", words.unlocked)
        }
    };
    let install = commands.of(format!("installing the packages of {file} with {manager}"), args);
    let dev = if without_dev { words.without_dev } else { words.with_dev };
    let scripts = without_scripts.then_some("--ignore-scripts");
    draft.in_work(install.args(dev.iter().copied()).args(scripts));
}

/// Runs the install scripts of these packages.
fn rebuild(commands: &Commands, packages: &[String]) -> Command {
    let names = packages.iter().map(String::as_str);
    let says = format!("running the install scripts of {}", packages.join(", "));
    commands.of(says, &["rebuild"]).arg("--").args(names)
}

/// Puts the programs of the packages, and a Node.js that was fetched, before `PATH`.
fn provide(draft: &mut Draft<'_>, path: &[Word]) {
    for folder in path {
        draft.path(folder.clone());
    }
    draft.path(Word::Tree("node_modules/.bin".into()));
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
