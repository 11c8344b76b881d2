//! Runs a program to completion and reports its output line by line.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Pid, Signal};

pub(crate) use piku_launch::Status;

use super::HostError;
use super::build_log::BuildLog;
use super::listening::{self, FIRST_SILENCE, Output};
use super::wait::Since;
use crate::cancel::Cancel;
use crate::event::{Event, Report, stage};

/// The number of output lines that an error includes.
const LAST_LINES: usize = 40;

/// A program to run, as words: never a command line for a shell.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The folder it runs in.
    pub cwd: Utf8PathBuf,
    /// Its complete environment; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// The launcher that supervises it, if any.
    pub launcher: Option<Utf8PathBuf>,
    /// Cancels it.
    pub cancel: Cancel,
}

impl Invocation {
    /// A program with its arguments. It runs in `/` with an empty environment.
    #[must_use]
    pub(crate) fn new(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            cwd: "/".into(),
            env: BTreeMap::new(),
            launcher: None,
            cancel: Cancel::default(),
        }
    }

    /// Runs in `folder`.
    #[must_use]
    pub(crate) fn in_folder(mut self, folder: &Utf8Path) -> Self {
        folder.clone_into(&mut self.cwd);
        self
    }

    /// Runs with exactly this environment.
    #[must_use]
    pub(crate) fn with_env(mut self, env: &BTreeMap<String, String>) -> Self {
        env.clone_into(&mut self.env);
        self
    }

    /// Runs the program under `launcher`, so that no process it starts outlives it or piku.
    ///
    /// Killing a shell leaves its children running; the launcher ends them too (see [`piku_launch::supervise()`]).
    #[must_use]
    pub(crate) fn supervised(mut self, launcher: &Utf8Path) -> Self {
        self.launcher = Some(launcher.to_owned());
        self
    }

    /// Sends SIGTERM to the program on cancellation. A launcher then ends everything it supervises.
    #[must_use]
    pub(crate) fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// The command as typed in a shell.
    #[must_use]
    pub(crate) fn line(&self) -> String {
        let words = self.words.iter().map(String::as_str);
        shlex::try_join(words).unwrap_or_else(|_| self.words.join(" "))
    }

    fn command(&self) -> Command {
        let supervisor = self.launcher.iter().flat_map(|launcher| [launcher.as_str(), "--supervise"]);
        let mut words = supervisor.chain(self.words.iter().map(String::as_str));
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(&self.cwd).env_clear().envs(&self.env);
        command
    }

    /// Runs the program to completion. `on_line` receives each line of both outputs, in order.
    ///
    /// # Errors
    /// [`HostError::Start`] if it can't be started. A program that fails is not an error: check the status.
    pub(crate) fn run(&self, on_line: &mut dyn FnMut(&str)) -> Result<Status, HostError> {
        self.listen(&mut |output| {
            if let Output::Line(line) = output {
                on_line(line);
            }
        })
    }

    fn listen(&self, emit: &mut dyn FnMut(Output<'_>)) -> Result<Status, HostError> {
        let failed = || {
            let program = self.words.first().cloned().unwrap_or_default();
            move |source| HostError::Start { program, source }
        };
        let (output, input) = std::io::pipe().map_err(failed())?;
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(input.try_clone().map_err(failed())?).stderr(input);
        let mut child = command.spawn().map_err(failed())?;
        // The command holds the writing ends, and reading ends only when they are closed.
        drop(command);
        let mut asked = false;
        let mut cancelled = || {
            if self.cancel.is_cancelled() && !asked {
                asked = true;
                // Ignore the error if the process has ended meanwhile.
                let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let _ = pid.map(|pid| rustix::process::kill_process(pid, Signal::TERM));
            }
        };
        listening::listen(output, FIRST_SILENCE, &mut cancelled, emit);
        Ok(child.wait().map_err(failed())?.into())
    }

    /// Runs the program and fails unless it succeeds.
    ///
    /// # Errors
    /// As for [`Invocation::run`]; [`HostError::Failed`] with the last lines of output if it fails.
    pub(crate) fn check(&self, on_line: &mut dyn FnMut(&str)) -> Result<(), HostError> {
        self.check_listening(&mut |output| {
            if let Output::Line(line) = output {
                on_line(line);
            }
        })
    }

    /// Like [`Invocation::check`], but reports each line as it is written, and that `what` is still running when there
    /// is no output for a while.
    ///
    /// # Errors
    /// As for [`Invocation::check`].
    pub(crate) fn follow(&self, what: &str, report: &mut Report<'_>) -> Result<(), HostError> {
        self.check_listening(&mut |output| match output {
            Output::Line(line) => report(Event::Output(line)),
            Output::Silence { running } => {
                stage(report, format!("Still running after {} s: {what}", running.as_secs()));
            }
        })
    }

    /// Like [`Invocation::follow`], for a tool of a build: its output also goes to `log`, and its beginning and end are
    /// reported. `kept`: whether the log stays if the build fails.
    ///
    /// # Errors
    /// As for [`Invocation::check`].
    pub(crate) fn follow_tool(
        &self,
        what: &str,
        (log, kept): (&mut BuildLog, bool),
        report: &mut Report<'_>,
    ) -> Result<(), HostError> {
        let begin = Since::now();
        report(Event::ToolStarted { command: what });
        log.line(&format!("$ {what}"));
        let outcome = self.check_listening(&mut |output| match output {
            Output::Line(line) => {
                log.line(line);
                report(Event::Output(line));
            }
            Output::Silence { running } => {
                stage(report, format!("Still running after {} s: {what}", running.as_secs()));
            }
        });
        let (took, succeeded) = (begin.elapsed(), outcome.is_ok());
        let log = kept.then(|| log.path().as_str());
        report(Event::ToolEnded { command: what, took, succeeded, log });
        outcome
    }

    fn check_listening(&self, emit: &mut dyn FnMut(Output<'_>)) -> Result<(), HostError> {
        let mut output = Vec::new();
        let status = self.listen(&mut |what| {
            emit(what);
            let Output::Line(line) = what else { return };
            if output.len() == LAST_LINES {
                output.remove(0);
            }
            output.push(line.to_owned());
        })?;
        if status.is_success() {
            return Ok(());
        }
        Err(HostError::Failed { program: self.line(), status, output })
    }

    /// Runs the program and returns what it wrote to standard output.
    ///
    /// # Errors
    /// As for [`Invocation::check`], with the lines of standard error.
    pub(crate) fn read(&self) -> Result<Vec<u8>, HostError> {
        let program = self.words.first().cloned().unwrap_or_default();
        let output = self
            .command()
            .stdin(Stdio::null())
            .output()
            .map_err(|source| HostError::Start { program, source })?;
        let status = Status::from(output.status);
        if status.is_success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
        Err(HostError::Failed { program: self.line(), status, output: said })
    }
}

/// Runs a program with the input, outputs, and environment of this process; `env` overrides variables.
pub(crate) fn run_attached(words: &[String], env: &BTreeMap<String, String>) -> Result<Status, HostError> {
    let (program, rest) = words.split_first().map_or(("", words), |(first, rest)| (first.as_str(), rest));
    let status = Command::new(program).args(rest).envs(env).status();
    status.map(Into::into).map_err(|source| HostError::Start { program: program.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Invocation {
        Invocation::new(["/bin/sh", "-c", line])
    }

    #[test]
    fn both_outputs_are_read_in_order() {
        let mut lines = Vec::new();
        let status = shell("echo one; echo two >&2; printf '10%%\\r100%%\\n'; exit 7")
            .run(&mut |line| lines.push(line.to_owned()))
            .unwrap();
        assert_eq!(lines, ["one", "two", "100%"]);
        assert_eq!(status, Status::Code(7));
    }

    #[test]
    fn a_failure_carries_the_last_lines_and_how_it_ended() {
        let error = shell("echo why; kill -9 $$").check(&mut |_| {}).unwrap_err();
        let HostError::Failed { status, output, .. } = error else { panic!("{error}") };
        assert_eq!((status, status.code()), (Status::Signal(9), 137));
        assert_eq!(output, ["why"]);
    }

    #[test]
    fn nothing_of_our_environment_is_inherited() {
        let env = BTreeMap::from([("A".to_owned(), "$(id) 'x'".to_owned())]);
        let seen = Invocation::new(["/usr/bin/env"]).with_env(&env).read().unwrap();
        assert_eq!(String::from_utf8(seen).unwrap(), "A=$(id) 'x'\n");
    }
}
