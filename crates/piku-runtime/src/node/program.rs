//! Finds the program of a package manager.

use camino::{Utf8Component, Utf8Path};

use super::choice::AskedManager;
use super::{NodeChoice, NodeSource, PackageManager};
use crate::draft::{Draft, Missing, WORK};
use crate::{Command, PlanError, SourceTree, Toolbox, Version, VersionRequest, Warning, Word};

/// A package manager's program, and the words that go before all others.
#[derive(Clone)]
pub(crate) struct Program {
    program: Word,
    before: Vec<Word>,
    corepack: bool,
}

impl Program {
    /// The same program for a build that starts from packages, which have the Node.js that was fetched.
    pub(crate) fn of_packages(&self) -> Self {
        Self { program: in_packages(&self.program), ..self.clone() }
    }

    /// Begins a command.
    pub(crate) fn command(&self, says: String) -> Command {
        let command = Command::new(self.program.clone(), says).args(self.before.clone());
        if self.corepack {
            command.env("COREPACK_HOME", Word::shared("corepack")).env("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0")
        } else {
            command
        }
    }
}

/// Finds the program: the one in the tree, then the host's if it has the version that is asked for, then corepack if
/// that version is exact, then the host's, then any that corepack has.
pub(crate) fn program(
    choice: &NodeChoice,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    draft: &mut Draft<'_>,
) -> Result<Program, PlanError> {
    let manager = choice.manager;
    let fetched = matches!(choice.node, NodeSource::Nodeenv(_));
    let plain = |program: Word| Program { program, before: Vec::new(), corepack: false };
    if manager == PackageManager::YarnBerry
        && let Some(script) = yarn_path(tree)
    {
        let node = if fetched { Word::build("node/bin/node") } else { host_node(toolbox) };
        let before = vec![Word::BuildDir(Utf8Path::new(WORK).join(script))];
        return Ok(Program { program: node, before, corepack: false });
    }
    if manager == PackageManager::Npm && fetched {
        return Ok(plain(Word::build("node/bin/npm")));
    }
    let names = manager.programs();
    let missing = missing(choice);
    let version = names.iter().find_map(|name| toolbox.version(name));
    let fits = |asked: &AskedManager| {
        let request = asked.version.parse::<VersionRequest>();
        version.zip(request.ok()).is_some_and(|(has, request)| request.accepts(&has))
    };
    let asked = choice.asked.as_ref();
    let installed = names.iter().find_map(|name| toolbox.tool(name));
    // Yarn 1, the only one in Debian, can't read the newer lock file.
    let readable = |_: &&Utf8Path| manager != PackageManager::YarnBerry || asked.is_some_and(fits);
    let installed = installed.filter(readable);
    let corepack = toolbox.tool("corepack").filter(|_| manager != PackageManager::Bun);
    let pinned = asked.is_some_and(|asked| is_exact(&asked.version) && !fits(asked));
    match corepack {
        Some(corepack) if pinned || installed.is_none() => {
            draft.decided_by("tool", "corepack");
            let name = match asked {
                // Corepack itself reads the version in `package.json`.
                Some(asked) if asked.origin != "package.json" => {
                    format!("{}@{}", manager.program(), asked.version)
                }
                _ => manager.program().to_owned(),
            };
            Ok(Program { program: corepack.into(), before: vec![name.into()], corepack: true })
        }
        _ if installed.is_none() => {
            let Missing(tool, file, help) = missing;
            Err(PlanError::NoTool { tool, file, help })
        }
        _ => {
            if let Some((asked, has)) = asked.filter(|asked| !fits(asked)).zip(version) {
                draft.warn(another(manager, asked, has));
            }
            draft.tool(names, missing).map(|program| plain(program.into()))
        }
    }
}

/// Whether a version has all its parts, as corepack requires.
fn is_exact(version: &str) -> bool {
    version.split(['-', '+']).next().is_some_and(|numbers| numbers.split('.').count() == 3)
}

/// Warns that another version is used than the one that is asked for.
fn another(manager: PackageManager, asked: &AskedManager, has: Version) -> Warning {
    let AskedManager { version, origin } = asked;
    let get = match manager {
        PackageManager::Bun => format!("install Bun {version} on the host"),
        _ if is_exact(version) => {
            "install corepack on the host, which fetches it: `npm install -g corepack`".to_owned()
        }
        _ => format!("ask for an exact version, which corepack fetches where it is installed; or for {has}"),
    };
    Warning {
        code: "node::other-manager",
        message: format!("`{origin}` asks for {manager} {version}, and {has} is used"),
        help: Some(get),
        file: Some((*origin).to_owned()),
    }
}

fn missing(choice: &NodeChoice) -> Missing {
    let lock = choice.lock.unwrap_or("package.json");
    match choice.manager {
        PackageManager::Npm => Missing("npm", "package.json", "install it on the host: `apt install npm`"),
        PackageManager::Pnpm => {
            let help = "install it on the host: `npm install -g pnpm`, or corepack, which fetches it: `npm install -g corepack`";
            Missing("pnpm", lock, help)
        }
        PackageManager::YarnClassic => Missing("Yarn", lock, "install it on the host: `apt install yarnpkg`"),
        PackageManager::YarnBerry => {
            let help = "install corepack on the host, which fetches it: `npm install -g corepack`";
            Missing("Yarn 2 or newer", lock, help)
        }
        PackageManager::Bun => Missing("Bun", lock, "install it on the host, as https://bun.sh shows"),
    }
}

/// Where a fetched Node.js is, seen from a build that starts from packages.
pub(crate) fn in_packages(word: &Word) -> Word {
    match word {
        Word::BuildDir(path) if path.starts_with("node") => Word::Packages(path.clone()),
        other => other.clone(),
    }
}

fn host_node(toolbox: &Toolbox) -> Word {
    let node = toolbox.tool("node").or_else(|| toolbox.tool("nodejs"));
    node.unwrap_or(Utf8Path::new("/usr/bin/node")).into()
}

/// Reads the line `yarnPath: .yarn/releases/yarn-4.5.0.cjs` of `.yarnrc.yml`; `None` if it leaves the tree.
pub(crate) fn yarn_path(tree: &dyn SourceTree) -> Option<String> {
    let bytes = tree.read(".yarnrc.yml")?;
    let text = String::from_utf8_lossy(&bytes);
    let value = text.lines().find_map(|line| line.strip_prefix("yarnPath:"))?;
    let path = value.trim().trim_matches(['"', '\'']);
    let within = Utf8Path::new(path)
        .components()
        .all(|part| matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir));
    (within && tree.read(path).is_some()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_yarn_is_one_of_the_tree_or_none(
            path in "(/|\\.\\./|\\./|[a-z.]{1,3}/)?[a-z.-]{1,8}", quote in "['\"]?", blank in " ?",
        ) {
            let text = format!("nodeLinker: pnp\nyarnPath:{blank}{quote}{path}{quote}\n");
            let tree = MemoryTree::new("c").with(".yarnrc.yml", text).with(path.clone(), "");
            let found = yarn_path(&tree);
            let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
            prop_assert_eq!(found, (!leaves).then_some(path));
        }

        #[test]
        fn reading_never_panics(text in "(yarnPath:)?(\\PC|\n)*") {
            let _ = yarn_path(&MemoryTree::new("c").with(".yarnrc.yml", text));
        }
    }
}
