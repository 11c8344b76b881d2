//! The commands of package managers.

use super::PackageManager;
use super::program::Program;
use crate::{Command, Word};

/// Makes the commands of one package manager.
pub(super) struct Commands {
    pub(super) manager: PackageManager,
    pub(super) program: Program,
    /// The folders of a Node.js that was fetched.
    pub(super) path: Vec<Word>,
    /// Whether the packages are installed where the app's files are not, so that those of all apps may share a cache.
    pub(super) alone: bool,
}

impl Commands {
    /// Makes the command with these arguments.
    pub(super) fn of(&self, says: String, args: &[&str]) -> Command {
        let manager = self.manager;
        let command = self.program.command(says).args(args.iter().copied()).path(&self.path);
        let command = command.env(words(manager).cache, Word::shared(manager.program()));
        match manager {
            PackageManager::YarnBerry => {
                let shared = if self.alone { "true" } else { "false" };
                command.env("YARN_ENABLE_GLOBAL_CACHE", shared).env("YARN_ENABLE_TELEMETRY", "0")
            }
            // The packages were just installed; pnpm 11 would do it again before each script.
            PackageManager::Pnpm if args.first() == Some(&"run") => {
                command.env("npm_config_verify_deps_before_run", "false")
            }
            _ => command,
        }
    }

    /// Makes the command that runs a script of `package.json`.
    pub(super) fn script(&self, name: &str) -> Command {
        self.of(format!("running the script `{name}` of package.json"), &["run", name])
    }
}

/// The arguments of a package manager.
pub(super) struct Words {
    /// Installs from the lock file, and fails if `package.json` has changed since.
    pub(super) frozen: &'static [&'static str],
    /// Installs what `package.json` lists, and leaves no lock file.
    pub(super) unlocked: &'static [&'static str],
    /// Leaves out development packages.
    pub(super) without_dev: &'static [&'static str],
    /// Installs development packages too, whatever `NODE_ENV` says.
    pub(super) with_dev: &'static [&'static str],
    /// Removes development packages; empty if the package manager can't.
    pub(super) prune: &'static [&'static str],
    /// The command that makes the lock file.
    pub(super) lock: &'static str,
    /// The variable that names its cache.
    pub(super) cache: &'static str,
}

/// Returns the arguments of a package manager.
pub(super) fn words(manager: PackageManager) -> Words {
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
