//! The `git` program: runs it in an environment of its own and reports its output line by line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use crate::Error;
use crate::git_folder::git_folder;

/// How many of the last lines an error contains.
const LAST_LINES: usize = 40;
/// The longest line that is passed on, in bytes; the rest of a longer one follows as another line.
const LONGEST_LINE: u64 = 4096;

/// The `git` program, and what it needs to know about its user.
///
/// It runs in an environment of its own: nothing is inherited, in particular not the variables of a hook that is
/// calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    /// The home folder, in which git finds the user's configuration.
    home: Utf8PathBuf,
    /// Folders with programs, separated by colons, to find `git` and what it starts.
    search_path: String,
}

impl Git {
    /// Describes the program; nothing is started or looked for.
    #[must_use]
    pub fn new(home: impl Into<Utf8PathBuf>, search_path: impl Into<String>) -> Self {
        Self { home: home.into(), search_path: search_path.into() }
    }

    /// The whole environment in which the program runs.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        [
            ("HOME", self.home.to_string()),
            ("PATH", self.search_path.clone()),
            ("GIT_TERMINAL_PROMPT", "0".to_owned()),
            ("LC_ALL", "C".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// `git` with these words, to run in `folder`.
    pub(crate) fn command<'a>(&self, folder: &Utf8Path, words: impl IntoIterator<Item = &'a str>) -> Run {
        let words = ["git"].into_iter().chain(words).map(str::to_owned).collect();
        Run { words, folder: folder.to_owned(), environment: self.environment() }
    }

    /// `git` with these words, to work on the clone in `tree` with the git folder beside it. No configuration, hook, or
    /// monitor of the tree has a say.
    pub(crate) fn beside<'a>(&self, tree: &Utf8Path, words: impl IntoIterator<Item = &'a str>) -> Run {
        let places = [format!("--git-dir={}", git_folder(tree)), format!("--work-tree={tree}")];
        let first = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"].into_iter();
        let words: Vec<&str> = words.into_iter().collect();
        self.command(tree, first.chain(places.iter().map(String::as_str)).chain(words))
    }
}

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Run {
    words: Vec<String>,
    folder: Utf8PathBuf,
    environment: BTreeMap<String, String>,
}

impl Run {
    /// Adds variables to the environment.
    pub(crate) fn with_env(mut self, more: &BTreeMap<String, String>) -> Self {
        self.environment.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
        self
    }

    /// Runs to the end and returns an error unless it succeeds; `heard` gets each line of both outputs, in order.
    pub(crate) fn check(&self, heard: &mut dyn FnMut(&str)) -> Result<(), Error> {
        let (output, input) = std::io::pipe().map_err(self.not_started())?;
        let mut command = self.command();
        command.stdout(input.try_clone().map_err(self.not_started())?).stderr(input);
        let mut child = command.spawn().map_err(self.not_started())?;
        // The command holds the write ends; the pipe ends only when they are closed.
        drop(command);
        let mut last = Vec::new();
        listen(output, &mut |line| {
            heard(line);
            if last.len() == LAST_LINES {
                last.remove(0);
            }
            last.push(line.to_owned());
        });
        let status = child.wait().map_err(self.not_started())?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Failed { program: self.line(), status, output: last })
    }

    /// Runs to the end and returns its standard output.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        let output = self.command().output().map_err(self.not_started())?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
        Err(Error::Failed { program: self.line(), status: output.status, output: said })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).current_dir(&self.folder).stdin(Stdio::null());
        command.env_clear().envs(&self.environment);
        command
    }

    /// The command as a person would type it.
    fn line(&self) -> String {
        let words = self.words.iter().map(String::as_str);
        shlex::try_join(words).unwrap_or_else(|_| self.words.join(" "))
    }

    fn not_started(&self) -> impl FnOnce(std::io::Error) -> Error + use<> {
        let program = self.words[0].clone();
        move |source| Error::Start { program, source }
    }
}

/// Reads lines until every write end of the pipe is closed. Of a line that overwrites itself with `\r`, only the
/// final text is reported.
fn listen(stream: PipeReader, heard: &mut dyn FnMut(&str)) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        heard(text.rsplit('\r').next().unwrap_or(text));
        line.clear();
    }
}
