//! The steps of a build.

use std::fmt;

use camino::Utf8PathBuf;

use crate::{Command, Word};

/// One step of a build.
///
/// Whoever carries out a plan must know every kind of step, so a new one is a new version of this crate that the compiler
/// tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Runs a command.
    Run(Command),
    /// Copies from the tree to a new folder. The copy shares nothing with the tree, because later steps may write
    /// into it.
    Copy {
        /// What is copied.
        what: Copied,
        /// The destination.
        to: Word,
    },
    /// Copies a file or folder of the packages that a build starts from. The copy shares nothing with them, because
    /// later steps may write into it. What is not there is skipped.
    Take {
        /// The source.
        from: Word,
        /// The destination, which is new.
        to: Word,
    },
    /// Writes a file.
    Write {
        /// The file.
        to: Word,
        /// Its contents.
        contents: Vec<u8>,
    },
    /// Removes the files directly in a folder, but not its subfolders; an absent folder is fine.
    Clear {
        /// The folder.
        folder: Word,
    },
    /// Copies the executable files directly in a folder to a new folder, without links and subfolders.
    Collect {
        /// The source.
        from: Word,
        /// The destination.
        to: Word,
    },
}

/// What a build copies from the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// Everything but `.git`, links as links.
    Tree,
    /// These files, at the same paths.
    Files(Vec<Utf8PathBuf>),
}

/// A file or folder of a build that an app expects in its tree.
///
/// It is hard-linked file by file into new folders: a link to the whole folder would be faster, but the tools of
/// Node.js follow it and take the build for the project (piku issue 411). So a release costs one link per file and no
/// copy, and the next release can use the build too. A file already in the tree stays if it is the same, and is
/// replaced if the build has changed it. What the build does not have is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placement {
    /// Where it is, relative to the folder of the build.
    pub from: Utf8PathBuf,
    /// Where it belongs, relative to the top of the tree; empty for the top itself.
    pub to: Utf8PathBuf,
}

impl Step {
    /// Returns the progress line; empty for steps that take almost no time.
    pub fn says(&self) -> &str {
        match self {
            Self::Run(command) => &command.says,
            _ => "",
        }
    }

    /// Returns every word that decides what the step does; the path of a tool does not.
    pub(crate) fn words(&self) -> Vec<String> {
        match self {
            Self::Run(command) => {
                let env = command.env.iter().map(|(name, value)| format!("{name}={value}"));
                command.args.iter().map(ToString::to_string).chain(env).collect()
            }
            Self::Write { to, contents } => {
                vec![to.to_string(), String::from_utf8_lossy(contents).into_owned()]
            }
            other => vec![other.to_string()],
        }
    }
}

impl From<Command> for Step {
    fn from(command: Command) -> Self {
        Self::Run(command)
    }
}

impl fmt::Display for Step {
    /// Shows the step on one line: for people, not for a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(command) => command.fmt(f),
            Self::Copy { what: Copied::Tree, to } => write!(f, "(copy the tree to {to})"),
            Self::Copy { what: Copied::Files(files), to } if files.is_empty() => write!(f, "(make {to})"),
            Self::Copy { what: Copied::Files(files), to } => {
                let files: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
                write!(f, "(copy {} to {to})", files.join(" "))
            }
            Self::Take { from, to } => write!(f, "(copy {from} to {to})"),
            Self::Write { to, .. } => write!(f, "(write {to})"),
            Self::Clear { folder } => write!(f, "(remove the files in {folder})"),
            Self::Collect { from, to } => write!(f, "(copy the programs in {from} to {to})"),
        }
    }
}
