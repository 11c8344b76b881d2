//! What is read from standard input or from files: the value of `KEY=-` of `config:set`, the password of `auth:add`,
//! certificates.

use std::io::{BufRead, IsTerminal, Read, Write};

use piku_core::settings::MAX_VALUE;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::error::CliError;
use crate::session::Session;

/// How long to wait in silence for a value.
const SILENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Reads the value of `key`, without the line end that `echo` adds. A terminal does not show what is typed.
pub(super) fn value(key: &str, session: &Session) -> Result<String, CliError> {
    let read = match std::io::stdin().is_terminal() {
        true => typed(&format!("Value of {key} (not shown): ")),
        false => piped(&format!("the value of `{key}`"), session),
    };
    let bytes = read.map_err(unread)?;
    let value = without_line_end(&bytes);
    if value.is_empty() {
        return Err(CliError::NoValue(key.to_owned()));
    }
    let value = std::str::from_utf8(value).map_err(|_| CliError::NotText(key.to_owned()))?;
    session.ui.done(format_args!("Read `{key}`: {} bytes", value.len()));
    Ok(value.to_owned())
}

/// The longest file with certificates that anybody has, in bytes.
const MOST_PEM: u64 = 1024 * 1024;

/// Reads a file with certificates or a key; `-` is standard input.
pub(super) fn pem(file: &str) -> Result<Vec<u8>, CliError> {
    let failed = |source| CliError::Input { name: file.to_owned(), source };
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().lock().take(MOST_PEM).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MOST_PEM).read_to_end(&mut bytes))
    };
    read.map(|_| bytes).map_err(failed)
}

/// Reads the password of `user`, twice on a terminal, which does not show it.
pub(super) fn password(user: &str, session: &Session) -> Result<String, CliError> {
    let terminal = std::io::stdin().is_terminal();
    let read = match terminal {
        true => typed(&format!("Password of {user} (not shown): ")),
        false => piped(&format!("the password of `{user}`"), session),
    };
    let bytes = read.map_err(unread)?;
    if terminal && typed("The same once more: ").map_err(unread)? != bytes {
        return Err(CliError::PasswordsDiffer);
    }
    let password = std::str::from_utf8(without_line_end(&bytes));
    password.map(str::to_owned).map_err(|_| CliError::NotText("the password".to_owned()))
}

fn unread(source: std::io::Error) -> CliError {
    CliError::Input { name: "standard input".to_owned(), source }
}

fn piped(what: &str, session: &Session) -> std::io::Result<Vec<u8>> {
    let stdin = std::io::stdin();
    let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
    if matches!(poll(&mut asked, Some(&SILENCE)), Ok(0)) {
        session.ui.done(format_args!("Waiting for {what} on standard input, up to its end (Ctrl-D)"));
    }
    let mut bytes = Vec::new();
    // More than the longest value and a line end is refused as too long.
    stdin.lock().take(MAX_VALUE as u64 + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn typed(prompt: &str) -> std::io::Result<Vec<u8>> {
    drop(write!(std::io::stderr(), "{prompt}"));
    let _hidden = Hidden::begin()?;
    let mut line = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut line)?;
    drop(writeln!(std::io::stderr()));
    Ok(line)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> std::io::Result<Self> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin, OptionalActions::Flush, &modes)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nothing to do about a terminal that is gone.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.0);
    }
}

/// The bytes without one line end.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if line.len() < bytes.len() { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
}

#[cfg(test)]
mod tests {
    use super::without_line_end;

    #[test]
    fn one_line_end_is_not_part_of_a_value() {
        for (read, value) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\r", "a\r"), ("\n", "")]
        {
            assert_eq!(without_line_end(read.as_bytes()), value.as_bytes(), "{read:?}");
        }
    }
}
