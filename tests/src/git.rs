//! Git on the side of the user who pushes.

use std::fs;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

/// A folder in which git runs, independent of the configuration of the machine's user.
///
/// Commits get a fixed author and a clock of their own, so that the same files give the same ids.
#[derive(Debug)]
pub struct Git {
    folder: Utf8PathBuf,
    ssh: String,
    configuration: Utf8PathBuf,
    commits: AtomicU32,
}

impl Git {
    pub(crate) fn new(folder: Utf8PathBuf, ssh: String) -> Self {
        // Beside the folder, because git looks for a repository in it. Tests also run git in folders that now belong
        // to the server's user.
        let configuration = Utf8PathBuf::from(format!("{folder}.gitconfig"));
        fs::write(&configuration, "[safe]\n\tdirectory = *\n")
            .expect("a file can be written beside a new folder");
        Self { folder, ssh, configuration, commits: AtomicU32::new(0) }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// A git command that has not started.
    #[must_use]
    pub fn command<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.folder).args([
            "-c",
            "protocol.file.allow=always",
            "-c",
            "init.defaultBranch=main",
        ]);
        command.args(words.into_iter().map(|word| word.as_ref().to_owned()));
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_QUARANTINE_PATH"] {
            command.env_remove(name);
        }
        let date = format!("{} +0000", 1_700_000_000 + self.commits.load(Ordering::Relaxed));
        command
            .env("GIT_CONFIG_GLOBAL", &self.configuration)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_SSH_COMMAND", &self.ssh)
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs git, whatever its exit status.
    ///
    /// # Panics
    ///
    /// When git is missing.
    pub fn output<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Output {
        self.command(words).output().expect("git starts")
    }

    /// Runs git and returns its output, trimmed.
    ///
    /// # Panics
    ///
    /// When git exits with a status other than 0.
    #[track_caller]
    pub fn run<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> String {
        let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let output = self.output(&words);
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits everything in the folder, even if nothing changed, and returns the id.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.run(["add", "--all"]);
        self.run(["commit", "--quiet", "--allow-empty", "--message", message]);
        self.run(["rev-parse", "HEAD"])
    }

    /// Whether there is something to commit, or no commit yet.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.run(["status", "--porcelain"]).is_empty()
            || !self.output(["rev-parse", "--verify", "--quiet", "HEAD"]).status.success()
    }
}
