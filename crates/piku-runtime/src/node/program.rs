use camino::{Utf8Component, Utf8Path};

use super::{NodeChoice, NodeSource, PackageManager};
use crate::draft::{Draft, Missing, WORK};
use crate::{Command, PlanError, SourceTree, Toolbox, Word};

/// A package manager's program, with the words that go before all others.
pub(crate) struct Program {
    program: Word,
    before: Vec<Word>,
    corepack: bool,
}

impl Program {
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

/// Finds the program: the one that the tree brings, then corepack for a version that is asked for, then the host's, then
/// whatever corepack has.
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
    let yarn: &[&str] = &["yarn", "yarnpkg"];
    let (names, missing): (&[&str], _) = match manager {
        PackageManager::Npm => {
            (&["npm"], Missing("npm", "package.json", "install it on the host: `apt install npm`"))
        }
        PackageManager::Pnpm => {
            let help = "install it on the host: `npm install -g pnpm`, or corepack, which fetches it: `npm install -g corepack`";
            (&["pnpm"], Missing("pnpm", choice.lock.unwrap_or("package.json"), help))
        }
        PackageManager::YarnClassic => (
            yarn,
            Missing(
                "Yarn",
                choice.lock.unwrap_or("package.json"),
                "install it on the host: `apt install yarnpkg`",
            ),
        ),
        PackageManager::YarnBerry => {
            let help = "install corepack on the host, which fetches it: `npm install -g corepack`";
            (yarn, Missing("Yarn 2 or newer", choice.lock.unwrap_or("package.json"), help))
        }
        PackageManager::Bun => {
            let help = "install it on the host, as https://bun.sh shows";
            (&["bun"], Missing("Bun", choice.lock.unwrap_or("package.json"), help))
        }
    };
    let corepack =
        toolbox.tool("corepack").filter(|_| !matches!(manager, PackageManager::Npm | PackageManager::Bun));
    let installed = names.iter().find_map(|name| toolbox.tool(name));
    // Yarn 1, which is all that Debian has, does not read what the newer one writes.
    let installed = installed.filter(|_| manager != PackageManager::YarnBerry);
    match corepack {
        Some(corepack) if choice.pinned || installed.is_none() => {
            draft.decided_by("tool", "corepack");
            Ok(Program { program: corepack.into(), before: vec![manager.program().into()], corepack: true })
        }
        _ if manager == PackageManager::YarnBerry => {
            let Missing(tool, file, help) = missing;
            Err(PlanError::NoTool { tool, file, help })
        }
        _ => draft.tool(names, missing).map(|program| plain(program.into())),
    }
}

fn host_node(toolbox: &Toolbox) -> Word {
    let node = toolbox.tool("node").or_else(|| toolbox.tool("nodejs"));
    node.unwrap_or(Utf8Path::new("/usr/bin/node")).into()
}

/// Reads the line `yarnPath: .yarn/releases/yarn-4.5.0.cjs` of `.yarnrc.yml`; ignores paths that leave the tree.
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
