//! The commands of a build, with folders that the caller fills in.

use std::collections::BTreeMap;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

/// A word of a command, in which the caller fills in the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Word {
    /// Literal text.
    Text(String),
    /// A path in the folder of the build; empty for the folder itself.
    BuildDir(Utf8PathBuf),
    /// A path in the folder of the packages that the build starts from; empty for the folder itself.
    Packages(Utf8PathBuf),
    /// A path in the source tree; empty for its top.
    Tree(Utf8PathBuf),
    /// A path in the cache of the app.
    AppCache(Utf8PathBuf),
    /// A path in the cache of all apps.
    SharedCache(Utf8PathBuf),
    /// Text followed by a path, as in `-Dmaven.repo.local=$CACHE/maven`.
    Joined(String, Box<Word>),
}

/// The folders that the caller fills in; all absolute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places<'a> {
    /// The folder of the build, where its result stays.
    pub build: &'a Utf8Path,
    /// The folder of the [packages](crate::BuildPlan::packages) that the build starts from; any, where it has none.
    pub packages: &'a Utf8Path,
    /// The top of the source tree.
    pub tree: &'a Utf8Path,
    /// What compilers keep between the releases of one app. Only one build at a time uses it, and it can be removed
    /// when none does.
    pub app_cache: &'a Utf8Path,
    /// What package managers have downloaded, for all apps; they do their own locking. A program that compiles when
    /// it starts (`go run`) also looks here.
    pub shared_cache: &'a Utf8Path,
}

/// A command of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Command {
    /// The program, never looked up in `PATH`.
    pub program: Word,
    /// The arguments, each passed on as it is.
    pub args: Vec<Word>,
    /// Variables set in addition to the environment that the caller gives every step.
    pub env: BTreeMap<String, Word>,
    /// Folders to put before the `PATH` of that environment.
    pub path: Vec<Word>,
    /// The working directory: the top of the tree, unless the command writes to it.
    pub dir: Word,
    /// One progress line for the user, such as "creating a virtual environment with Python 3.11.2".
    pub says: String,
}

/// A command with all paths filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedCommand {
    /// The program, never looked up in `PATH`.
    pub program: Utf8PathBuf,
    /// The arguments.
    pub args: Vec<String>,
    /// Variables set in addition to the environment that the caller gives every step.
    pub env: BTreeMap<String, String>,
    /// Folders to put before the `PATH` of that environment.
    pub path: Vec<Utf8PathBuf>,
    /// The working directory.
    pub dir: Utf8PathBuf,
}

impl Word {
    /// Fills in the folders.
    pub fn resolve(&self, places: &Places<'_>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::BuildDir(path) => below(places.build, path),
            Self::Packages(path) => below(places.packages, path),
            Self::Tree(path) => below(places.tree, path),
            Self::AppCache(path) => below(places.app_cache, path),
            Self::SharedCache(path) => below(places.shared_cache, path),
            Self::Joined(text, word) => format!("{text}{}", word.resolve(places)),
        }
    }

    /// Makes a path in the folder of the build.
    pub(crate) fn build(path: &str) -> Self {
        Self::BuildDir(path.into())
    }

    /// Makes a path in the folder of the packages.
    pub(crate) fn packages(path: &str) -> Self {
        Self::Packages(path.into())
    }

    /// Makes a path in the cache of all apps.
    pub(crate) fn shared(path: &str) -> Self {
        Self::SharedCache(path.into())
    }
}

impl Command {
    /// Makes a command from a program and its progress line.
    pub(crate) fn new(program: impl Into<Word>, says: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            path: Vec::new(),
            dir: Word::Tree("".into()),
            says: says.into(),
        }
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

    /// Puts folders before `PATH`.
    pub(crate) fn path(mut self, folders: &[Word]) -> Self {
        self.path.extend_from_slice(folders);
        self
    }

    /// Sets the working directory.
    pub(crate) fn dir(self, dir: Word) -> Self {
        Self { dir, ..self }
    }

    /// Fills in the folders.
    pub fn resolve(&self, places: &Places<'_>) -> ResolvedCommand {
        let word = |word: &Word| word.resolve(places);
        ResolvedCommand {
            program: word(&self.program).into(),
            args: self.args.iter().map(word).collect(),
            env: self.env.iter().map(|(name, value)| (name.clone(), word(value))).collect(),
            path: self.path.iter().map(|folder| word(folder).into()).collect(),
            dir: word(&self.dir).into(),
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
    /// Shows the open folders as `$BUILD`, `$PACKAGES`, `$TREE`, `$APP_CACHE`, and `$CACHE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resolve(&Places {
            build: "$BUILD".into(),
            packages: "$PACKAGES".into(),
            tree: "$TREE".into(),
            app_cache: "$APP_CACHE".into(),
            shared_cache: "$CACHE".into(),
        }))
    }
}

impl fmt::Display for Command {
    /// Shows the working directory, unless it is the tree, then variables, program, and arguments on one line,
    /// unquoted: for people, not for a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dir != Word::Tree("".into()) {
            write!(f, "[{}] ", self.dir)?;
        }
        if !self.path.is_empty() {
            self.path
                .iter()
                .enumerate()
                .try_for_each(|(at, folder)| write!(f, "{}{folder}", if at == 0 { "PATH=" } else { ":" }))?;
            write!(f, ":$PATH ")?;
        }
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

    fn places() -> Places<'static> {
        Places {
            build: "/builds/1".into(),
            packages: "/builds/packages-1".into(),
            tree: "/trees/2".into(),
            app_cache: "/kept/blog".into(),
            shared_cache: "/cache".into(),
        }
    }

    #[test]
    fn the_folders_are_filled_in_everywhere_and_the_tree_is_the_working_directory() {
        let command = Command::new(Word::build("bin/python"), "installing")
            .args(["-m", "pip"])
            .arg(Word::Tree("".into()))
            .arg(Word::Joined("--cache=".to_owned(), Box::new(Word::shared("pip"))))
            .env("VIRTUAL_ENV", Word::build(""));
        assert_eq!(
            command.to_string(),
            "VIRTUAL_ENV=$BUILD $BUILD/bin/python -m pip $TREE --cache=$CACHE/pip"
        );

        let resolved = command.resolve(&places());
        assert_eq!(resolved.program, "/builds/1/bin/python");
        assert_eq!(resolved.args, ["-m", "pip", "/trees/2", "--cache=/cache/pip"]);
        assert_eq!(resolved.env["VIRTUAL_ENV"], "/builds/1");
        assert_eq!(resolved.dir, "/trees/2");
    }

    #[test]
    fn another_working_directory_and_folders_before_path_are_shown() {
        let command = Command::new("/usr/bin/npm", "installing")
            .arg("ci")
            .dir(Word::build("app"))
            .path(&[Word::build("node/bin"), Word::AppCache("bin".into())]);
        assert_eq!(
            command.to_string(),
            "[$BUILD/app] PATH=$BUILD/node/bin:$APP_CACHE/bin:$PATH /usr/bin/npm ci"
        );
        let resolved = command.resolve(&places());
        assert_eq!(resolved.dir, "/builds/1/app");
        assert_eq!(resolved.path, ["/builds/1/node/bin", "/kept/blog/bin"]);
    }
}
