//! Sends a command of the server's over ssh, with its input, output, exit status, and a terminal where there is one.

use std::io::{IsTerminal, Write};
use std::process::{Command, ExitStatus, Stdio};

use super::connection::{Connection, Form};
use super::error::LaptopError;
use super::exit_code;
use super::line::line;

/// The status by which ssh says that it failed itself.
pub(super) const FAILED: i32 = 255;

/// The command whose exit status is that of a program, which may be any.
const RUN: &str = "run";

/// Runs the command and returns its exit status. It reads `input` if there is one, and else what this process reads.
pub(super) fn forward(
    connection: &Connection,
    words: &[String],
    input: Option<&[u8]>,
) -> Result<i32, LaptopError> {
    let form = if input.is_none() && is_terminal() { Form::Terminal } else { Form::Data };
    let mut command = command(connection, form, words)?;
    let status = match input {
        None => command.status().map_err(LaptopError::start("ssh"))?,
        Some(bytes) => fed(&mut command, bytes)?,
    };
    match exit_code::of(status) {
        FAILED if words.first().is_none_or(|word| word != RUN) => {
            Err(LaptopError::Unreached(connection.server()))
        }
        code => Ok(code),
    }
}

/// The call of ssh that sends the words.
pub(super) fn command(connection: &Connection, form: Form, words: &[String]) -> Result<Command, LaptopError> {
    let line = line(words.iter().map(String::as_str)).ok_or(LaptopError::NotText)?;
    Ok(connection.command(form, &line))
}

/// Whether a person is at this end, for whom the other end gets a terminal.
fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Runs a command that reads these bytes.
fn fed(command: &mut Command, bytes: &[u8]) -> Result<ExitStatus, LaptopError> {
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(LaptopError::start("ssh"))?;
    // A server that refuses reads nothing, and says why itself.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(bytes));
    drop(written);
    child.wait().map_err(LaptopError::start("ssh"))
}
