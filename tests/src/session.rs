//! Commands of the remote user, run to their end or left running.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;

use camino::Utf8PathBuf;

/// Runs a command to its end, with `input` on its stdin.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?} can't be started: {error}"));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let (mut out, mut err) =
        (child.stdout.take().expect("stdout is a pipe"), child.stderr.take().expect("stderr is a pipe"));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        // A command that does not read its input closes it, which is not a failure.
        scope.spawn(move || drop(stdin.write_all(input)));
        scope.spawn(|| drop(out.read_to_end(&mut stdout)));
        drop(err.read_to_end(&mut stderr));
    });
    let status = child.wait().expect("a child can be waited for");
    Output { status, stdout, stderr }
}

/// A command in the background, killed when this is dropped.
#[derive(Debug)]
pub struct Session {
    child: Child,
    output: Utf8PathBuf,
}

impl Session {
    /// Starts it, with its output in the file `output`.
    pub(crate) fn start(command: &mut Command, output: Utf8PathBuf) -> Self {
        let file = File::create(&output).expect("a file can be made in the server's home");
        let both = file.try_clone().expect("an open file can be opened twice");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(both).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?} can't be started: {error}")), output }
    }

    /// Its output so far, stdout and stderr.
    #[must_use]
    pub fn output(&self) -> String {
        fs::read(&self.output).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Whether it is still running.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it has been waited for elsewhere.
    #[must_use]
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("a child can be waited for")
    }

    /// Sends a signal, such as `STOP` or `CONT`, to its children and then to itself.
    ///
    /// # Panics
    ///
    /// When there is no `kill` or `pkill`.
    pub fn signal(&self, signal: &str) {
        let (signal, pid) = (format!("-{signal}"), self.child.id().to_string());
        for (program, words) in [("pkill", [&signal, "-P", &pid].as_slice()), ("kill", &[&signal, &pid])] {
            Command::new(program).args(words).status().unwrap_or_else(|error| panic!("{program}: {error}"));
        }
    }

    /// Sends it a signal, `TERM` or `KILL`, and waits for its end; `TERM` also reaches its children.
    ///
    /// Ctrl-C would send `INT`, which a shell without job control makes its background commands ignore, and so this
    /// test and its children.
    ///
    /// # Panics
    ///
    /// When there is no `kill` or `pkill`.
    pub fn end_with(&mut self, signal: &str) {
        let (signal, pid) = (format!("-{signal}"), self.child.id().to_string());
        let run = |program: &str, words: &[&str]| {
            Command::new(program).args(words).status().unwrap_or_else(|error| panic!("{program}: {error}"));
        };
        if signal == "-TERM" {
            run("pkill", &[&signal, "-P", &pid]);
        }
        run("kill", &[&signal, &pid]);
        drop(self.child.wait());
    }

    /// Kills it, as closing the terminal does.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.kill();
    }
}
