use std::fmt;

use camino::Utf8PathBuf;

use crate::{Command, Word};

/// One step of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Runs a command.
    Run(Command),
    /// Copies from the tree to a folder that is made for it. The copy shares nothing with the tree, as what comes next
    /// may write into it.
    Copy {
        /// What is copied.
        what: Copied,
        /// Where to.
        to: Word,
    },
    /// Removes the files directly in a folder, not what is in folders below; a folder that is absent is fine.
    Clear {
        /// The folder.
        folder: Word,
    },
    /// Copies the executable files directly in a folder to a folder that is made for them; links and folders stay.
    Collect {
        /// The folder that has them.
        from: Word,
        /// Where to.
        to: Word,
    },
}

/// What a build takes of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// Everything but `.git`, links as links.
    Tree,
    /// These files, at the same paths.
    Files(Vec<Utf8PathBuf>),
}

/// A file or folder of a build that an app expects in its tree.
///
/// It gets there as hard links to the build's files, in folders of its own: a link to the whole folder would be quicker,
/// but the tools of Node.js follow it, and then take the build for the project (piku issue 411). So a release costs
/// one link a file, no copy, and the build serves the next release too. What the tree has already stays where it is the
/// same, and gives way where the build has changed it. What is not in the build is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Where it is, relative to the folder of the build.
    pub from: Utf8PathBuf,
    /// Where it belongs, relative to the top of the tree; empty for the top itself.
    pub to: Utf8PathBuf,
}

impl Step {
    /// Gives one line for the person who waits; empty for steps that take no time to speak of.
    pub fn says(&self) -> &str {
        match self {
            Self::Run(command) => &command.says,
            _ => "",
        }
    }

    /// Gives every word that decides what the step does; a tool that has merely moved changes nothing.
    pub(crate) fn words(&self) -> Vec<String> {
        match self {
            Self::Run(command) => {
                let env = command.env.iter().map(|(name, value)| format!("{name}={value}"));
                command.args.iter().map(ToString::to_string).chain(env).collect()
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
    /// Shows the step on one line: to be read, not to be run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(command) => command.fmt(f),
            Self::Copy { what: Copied::Tree, to } => write!(f, "(copy the tree to {to})"),
            Self::Copy { what: Copied::Files(files), to } => {
                let files: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
                write!(f, "(copy {} to {to})", files.join(" "))
            }
            Self::Clear { folder } => write!(f, "(remove the files in {folder})"),
            Self::Collect { from, to } => write!(f, "(copy the programs in {from} to {to})"),
        }
    }
}
