//! The output and the exit status of a command.

use std::fmt;
use std::process::Output;

use camino::Utf8Path;

/// The output of a command as the user saw it; snapshots show placeholders for everything that changes between runs.
///
/// Paths below the server are `$PIKU` and `$HOME`, ports `$PORT`, commit ids `$COMMIT`, durations and dates `$TIME`.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its stdout.
    pub stdout: String,
    /// Its stderr; for a push, with the `remote:` lines.
    pub stderr: String,
    /// Its exit status; 128 plus the number of the signal that ended it.
    pub status: i32,
    replacements: Vec<(String, &'static str)>,
}

impl Outcome {
    /// Makes an outcome from the output of a command of the server with this home.
    pub(crate) fn new(output: &Output, home: &Utf8Path, more: &[(String, &'static str)]) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default());
        let mut replacements = vec![(format!("{home}/.piku"), "$PIKU"), (home.to_string(), "$HOME")];
        replacements.extend_from_slice(more);
        Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status,
            replacements,
        }
    }

    /// Requires exit status 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// Requires this exit status.
    #[track_caller]
    pub fn ends_with(self, status: i32) -> Self {
        assert!(self.status == status, "exit status {status} was expected, not:\n{self}");
        self
    }

    /// Requires that the push or command was refused: any status but 0, and no crash. Git itself exits with 128 if a
    /// server refuses a repository.
    #[track_caller]
    pub fn is_refused(self) -> Self {
        assert!((1..=128).contains(&self.status), "this should have been refused:\n{self}");
        assert!(!self.stderr.contains("panicked at"), "this is a crash, not a refusal:\n{self}");
        self
    }

    /// Requires `text` somewhere in the output.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "`{text}` was expected in:\n{self}"
        );
        self
    }

    /// Requires that `text` is nowhere in the output.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "`{text}` was not expected in:\n{self}"
        );
        self
    }

    /// Requires `text` among the last `lines` lines from the server, which stay on the screen.
    #[track_caller]
    pub fn ends_saying(self, lines: usize, text: &str) -> Self {
        let remote = self.remote();
        let last = &remote[remote.len().saturating_sub(lines)..];
        assert!(
            last.iter().any(|line| line.contains(text)),
            "`{text}` was expected in the last {lines} lines of:\n{self}"
        );
        self
    }

    /// The server's output during a push, without the `remote:` before each line.
    #[must_use]
    pub fn remote(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter_map(|line| line.strip_prefix("remote:"))
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// Parses the output as JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON ({error}):\n{self}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}")?;
            }
            for line in text
                .split('\n')
                .flat_map(|line| line.trim_end_matches('\r').rsplit('\r').next())
                .collect::<Vec<_>>()
                .join("\n")
                .trim_end()
                .lines()
            {
                writeln!(
                    f,
                    "{}",
                    normalise(line.trim_end().trim_end_matches("\u{1b}[K"), &self.replacements).trim_end()
                )?;
            }
        }
        write!(f, "[exit status: {}]", self.status)
    }
}

/// Replaces what changes between runs.
fn normalise(line: &str, replacements: &[(String, &'static str)]) -> String {
    let line = replacements.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
    split_words(&line).into_iter().map(shown).collect()
}

/// Splits a line into runs of word characters and the text between them.
fn split_words(line: &str) -> Vec<&str> {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == ':' || c == '-';
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut before = None;
    for (at, c) in line.char_indices() {
        if before.is_some_and(|before| before != part_of_word(c)) {
            pieces.push(&line[begin..at]);
            begin = at;
        }
        before = Some(part_of_word(c));
    }
    pieces.push(&line[begin..]);
    pieces
}

fn shown(word: &str) -> String {
    let core = word.trim_end_matches(['.', ':', '-']);
    let end = &word[core.len()..];
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let mixed =
        core.bytes().any(|byte| byte.is_ascii_digit()) && core.bytes().any(|byte| byte.is_ascii_lowercase());
    if (7..=40).contains(&core.len()) && hex(core) && mixed {
        return format!("$COMMIT{end}");
    }
    if let Some((old, new)) = core.split_once("..")
        && old.len() >= 7
        && hex(old)
        && hex(new)
    {
        return format!("$COMMIT..$COMMIT{end}");
    }
    if let Some((host, port)) = core.rsplit_once(':')
        && host.ends_with("127.0.0.1")
        && port.len() >= 4
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return format!("{host}:$PORT{end}");
    }
    if is_time(core) { format!("$TIME{end}") } else { word.to_owned() }
}

/// Whether this is a time: `0.35s`, `12ms`, `2026-11-23T01:02:03Z`, `2026-11-23`, `01:02:03`.
fn is_time(word: &str) -> bool {
    let number =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    word.strip_suffix("ms").or_else(|| word.strip_suffix('s')).is_some_and(number)
        || shape.starts_with("0000-00-00")
        || shape.starts_with("00:00:00")
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn what_changes_from_run_to_run_is_replaced() {
        let replacements = [("/tmp/pk-x/.piku".to_owned(), "$PIKU"), ("/tmp/pk-x".to_owned(), "$HOME")];
        for (line, shown) in [
            ("release 3 of 1a2b3c4 is live", "release 3 of $COMMIT is live"),
            ("   1a2b3c4..9f8e7d6  main -> main", "   $COMMIT..$COMMIT  main -> main"),
            ("took 0.35s, 12ms.", "took $TIME, $TIME."),
            ("at /tmp/pk-x/.piku/apps and /tmp/pk-x/w", "at $PIKU/apps and $HOME/w"),
            ("on 127.0.0.1:40123: ready", "on 127.0.0.1:$PORT: ready"),
            ("since 2026-11-23T01:02:03Z", "since $TIME"),
            ("Procfile:2:1: web without colon", "Procfile:2:1: web without colon"),
            (
                "deadbeef is only letters, 1234567 only digits",
                "deadbeef is only letters, 1234567 only digits",
            ),
        ] {
            assert_eq!(normalise(line, &replacements), shown);
        }
    }
}
