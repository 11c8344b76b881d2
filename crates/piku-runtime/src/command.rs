use std::collections::BTreeMap;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

/// A piece of a command, with the two folders that only the caller knows left open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Text as it is.
    Text(String),
    /// A path in the folder of the build; empty for the folder itself.
    BuildDir(Utf8PathBuf),
    /// A path in the source tree; empty for its top.
    Tree(Utf8PathBuf),
}

/// One step of a build; it runs with the top of the source tree as its working directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program, never looked up in `PATH`.
    pub program: Word,
    /// The arguments, each passed on as it is.
    pub args: Vec<Word>,
    /// What is set besides the environment that the caller gives to every step.
    pub env: BTreeMap<String, Word>,
    /// One line for the person who waits, such as "creating a virtual environment with Python 3.11.2".
    pub says: String,
}

/// A command whose paths are all known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedCommand {
    /// The program, never looked up in `PATH`.
    pub program: Utf8PathBuf,
    /// The arguments.
    pub args: Vec<String>,
    /// What is set besides the environment that the caller gives to every step.
    pub env: BTreeMap<String, String>,
    /// The working directory: the top of the source tree.
    pub dir: Utf8PathBuf,
}

impl Word {
    /// Fills in the folder of the build and the top of the source tree.
    pub fn resolve(&self, build_dir: &Utf8Path, tree: &Utf8Path) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::BuildDir(path) => below(build_dir, path),
            Self::Tree(path) => below(tree, path),
        }
    }
}

impl Command {
    /// Makes a command of a program and what it tells the person who waits.
    pub(crate) fn new(program: impl Into<Word>, says: impl Into<String>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: BTreeMap::new(), says: says.into() }
    }

    /// Adds arguments.
    pub(crate) fn args<W: Into<Word>>(mut self, args: impl IntoIterator<Item = W>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds an argument.
    pub(crate) fn arg(self, arg: impl Into<Word>) -> Self {
        self.args([arg])
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<Word>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Fills in the folder of the build and the top of the source tree; both are to be absolute.
    pub fn resolve(&self, build_dir: &Utf8Path, tree: &Utf8Path) -> ResolvedCommand {
        let word = |word: &Word| word.resolve(build_dir, tree);
        ResolvedCommand {
            program: word(&self.program).into(),
            args: self.args.iter().map(word).collect(),
            env: self.env.iter().map(|(name, value)| (name.clone(), word(value))).collect(),
            dir: tree.to_owned(),
        }
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&Utf8Path> for Word {
    fn from(path: &Utf8Path) -> Self {
        Self::Text(path.as_str().to_owned())
    }
}

impl fmt::Display for Word {
    /// Shows the open folders as `$BUILD` and `$TREE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resolve(Utf8Path::new("$BUILD"), Utf8Path::new("$TREE")))
    }
}

impl fmt::Display for Command {
    /// Shows variables, program, and arguments on one line, unquoted: to be read, not to be run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={value} ")?;
        }
        write!(f, "{}", self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))
    }
}

fn below(folder: &Utf8Path, path: &Utf8Path) -> String {
    if path.as_str().is_empty() { folder.to_string() } else { folder.join(path).into_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_folders_are_filled_in_everywhere_and_the_tree_is_the_working_directory() {
        let command = Command::new(Word::BuildDir("bin/python".into()), "installing")
            .args(["-m", "pip"])
            .arg(Word::Tree("".into()))
            .env("VIRTUAL_ENV", Word::BuildDir("".into()));
        assert_eq!(command.to_string(), "VIRTUAL_ENV=$BUILD $BUILD/bin/python -m pip $TREE");

        let resolved = command.resolve("/builds/1".into(), "/trees/2".into());
        assert_eq!(resolved.program, "/builds/1/bin/python");
        assert_eq!(resolved.args, ["-m", "pip", "/trees/2"]);
        assert_eq!(resolved.env["VIRTUAL_ENV"], "/builds/1");
        assert_eq!(resolved.dir, "/trees/2");
    }
}
