//! Whole copies of SQLite databases that may be written meanwhile, with SQLite's own online backup.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;

use super::command::Status;
use super::{HostError, Surroundings, processes, search_path, wait};

/// Copies a database in one step, during which others can read it, and write it too if it keeps a write-ahead log. What
/// is being written when it begins is waited for.
const PYTHON: &str = "\
import sqlite3, sys
source = sqlite3.connect(sys.argv[1], timeout=20)
target = sqlite3.connect(sys.argv[2])
source.backup(target, sleep=0.05)
target.execute('pragma journal_mode=delete')
target.close()
source.close()
";

/// How long a copy may take at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// Makes copies of databases, with the first program that there is: `python3`, or `sqlite3`.
#[derive(Clone, Debug)]
pub(crate) struct Copier {
    python: Option<Utf8PathBuf>,
    sqlite: Option<Utf8PathBuf>,
}

/// Why a database was not copied.
#[derive(Debug)]
pub(crate) enum NotCopied {
    /// Neither program is there, and the database is in use.
    NoProgram,
    /// The program failed.
    Failed(HostError),
}

impl Copier {
    /// Looks for the programs.
    pub(crate) fn find(surroundings: &Surroundings) -> Self {
        let path = surroundings.search_path();
        let found = |name| search_path::program(&path, name);
        Self { python: found("python3"), sqlite: found("sqlite3") }
    }

    /// Copies the database `from` to `to`, which does not exist. False if no program is there and nobody has the
    /// database open, so that the file itself can be read.
    pub(crate) fn copy(&self, from: &Path, to: &Path) -> Result<bool, NotCopied> {
        let mut command = match (&self.python, &self.sqlite) {
            (Some(python), _) => {
                let mut command = Command::new(python);
                command.args(["-I", "-c", PYTHON]).args([from, to]);
                command
            }
            (None, Some(sqlite)) => {
                let mut command = Command::new(sqlite);
                // The shell of SQLite reads the name of the copy by its own rules: give it one without any.
                command.args(["-batch", "-cmd", ".timeout 20000"]).arg(from);
                command.arg(format!(".backup {}", to.file_name().unwrap_or_default().to_string_lossy()));
                command.current_dir(to.parent().unwrap_or(to));
                command
            }
            (None, None) => {
                let files = [from.to_owned()].into_iter().chain(beside(from)).collect::<Vec<PathBuf>>();
                let is_whole = beside(from).iter().all(|path| !path.exists());
                return match processes::writer_of(&files) {
                    None if is_whole => Ok(false),
                    _ => Err(NotCopied::NoProgram),
                };
            }
        };
        run(&mut command).map_err(NotCopied::Failed)?;
        Ok(true)
    }
}

/// The journals that a database may have.
fn beside(database: &Path) -> [PathBuf; 2] {
    ["-wal", "-journal"].map(|end| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

fn run(command: &mut Command) -> Result<(), HostError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = || {
        let program = program.clone();
        move |source| HostError::Start { program, source }
    };
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed())?;
    if wait::until(PATIENCE, || child.try_wait().transpose()).is_none() {
        child.kill().map_err(failed())?;
    }
    let output = child.wait_with_output().map_err(failed())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // The last line of Python's is the error.
    let last = said.lines().last().unwrap_or_default();
    Err(HostError::Failed { program, status: Status::from(output.status), output: vec![last.to_owned()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_nobody_has_open_needs_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.db"), folder.path().join("copy"));
        std::fs::write(&from, "SQLite format 3\0").unwrap();
        let copier = Copier { python: None, sqlite: None };
        assert!(matches!(copier.copy(&from, &to), Ok(false)));
        let open = std::fs::OpenOptions::new().append(true).open(&from).unwrap();
        assert!(matches!(copier.copy(&from, &to), Err(NotCopied::NoProgram)), "somebody may be writing");
        drop(open);
        std::fs::write(folder.path().join("a.db-wal"), "x").unwrap();
        assert!(matches!(copier.copy(&from, &to), Err(NotCopied::NoProgram)), "the file alone is not whole");
    }
}
