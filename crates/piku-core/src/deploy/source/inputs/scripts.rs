//! Files of the tree that commands of the Procfile start, and what keeps them from starting.
//!
//! On Windows a file has no mode, and an editor or git may write `\r\n`. The system then says "Permission denied", or
//! that the script itself is not found.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use piku_procfile::{Diagnostic, Entry, Kind, Procfile};

use crate::deploy::source::procfile_path::is_inside;
use crate::script::ScriptFile;

/// Shells that read a script line by line; other interpreters accept `\r\n`.
const SHELLS: [&str; 6] = ["sh", "ash", "bash", "dash", "ksh", "zsh"];

/// A file that a command starts.
struct Use<'a> {
    entry: &'a Entry,
    /// The path as written.
    word: String,
    /// Whether a shell is given the file, instead of the system.
    by_shell: bool,
}

impl<'a> Use<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        let command = match &entry.kind {
            Kind::Web | Kind::Worker | Kind::Preflight | Kind::Release => &entry.command,
            Kind::Cron(job) => &job.command,
            _ => return None,
        };
        let words = shlex::split(command)?;
        let is_assignment = |word: &String| {
            let name = word.split_once('=').map_or("", |(name, _)| name);
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let mut words = words.into_iter().skip_while(|word| is_assignment(word) || word == "exec");
        let first = words.next()?;
        let by_shell = SHELLS.contains(&first.rsplit('/').next().unwrap_or(&first));
        let word = if by_shell {
            let options = |word: &String| word.starts_with('-') && word != "-c";
            words.find(|word| !options(word)).filter(|word| word != "-c")?
        } else {
            first
        };
        let word = word.trim_end_matches([';', '&']).to_owned();
        let fits = is_inside(&word) && !word.is_empty() && !word.contains(['$', '`', '*', '~']);
        fits.then_some(Self { entry, word, by_shell })
    }

    /// The path below the tree.
    fn path(&self) -> &str {
        self.word.trim_start_matches("./")
    }
}

/// The paths of all files that commands may start.
pub(super) fn named(procfile: &Procfile) -> BTreeSet<String> {
    procfile.entries().iter().filter_map(Use::of).map(|one| one.path().to_owned()).collect()
}

/// What keeps the files from starting. `text` is the text of the Procfile.
pub(super) fn mistakes(
    text: &[u8],
    procfile: &Procfile,
    files: &BTreeMap<String, ScriptFile>,
) -> Vec<Diagnostic> {
    let uses = procfile.entries().iter().filter_map(Use::of);
    uses.filter_map(|one| Some((files.get(one.path())?, one)))
        .flat_map(|(file, one)| {
            let span = span(text, &one);
            let certain = !may_be_mended(procfile, one.entry);
            of_use(&one, file, &span).into_iter().map(move |mut found| {
                if !certain {
                    found.severity = piku_procfile::Severity::Warning;
                }
                found
            })
        })
        .collect()
}

fn of_use(one: &Use<'_>, file: &ScriptFile, span: &Range<usize>) -> Vec<Diagnostic> {
    let (word, path, name) = (&one.word, one.path(), &one.entry.name);
    let mut found = Vec::new();
    let mut refuse = |code, message: String, help: String| {
        found.push(Diagnostic::error(code, span.clone(), message).with_help(help));
    };
    let stray = file.shebang().is_some_and(|line| line.ends_with(b"\r")) && !one.by_shell;
    if stray || one.by_shell && file.has_windows_lines() {
        refuse(
            "procfile::windows-lines",
            format!("`{path}` has the line ends of Windows, so `{name}` can't run it"),
            format!(
                "add the line `{} text eol=lf` to the file `.gitattributes`, then run `git add --renormalize .`, commit, \
                 and push again",
                pattern(path)
            ),
        );
    }
    if one.by_shell {
        return found;
    }
    if !word.contains('/') {
        let message =
            format!("`{word}` is a file of the app, but a command without a `/` is looked for in PATH");
        let help = format!("write `./{word}` if that file is meant");
        found.push(Diagnostic::warning("procfile::not-in-path", span.clone(), message).with_help(help));
        return found;
    }
    if !file.executable {
        let quoted = shlex::try_quote(path).unwrap_or(path.into());
        refuse(
            "procfile::not-executable",
            format!("`{path}` is not executable, so `{name}` can't start it"),
            format!("run `git update-index --chmod=+x {quoted}`, commit, and push again"),
        );
    }
    if let Some(interpreter) = file.lacks.as_ref().filter(|_| !stray) {
        let program = interpreter.rsplit('/').next().unwrap_or(interpreter);
        refuse(
            "procfile::no-interpreter",
            format!("`{path}` asks for `{interpreter}`, which is not on this machine"),
            format!("let its first line be `#!/usr/bin/env {program}`, or install `{program}` on the server"),
        );
    }
    found
}

/// Whether a command that runs before this one might change the file.
fn may_be_mended(procfile: &Procfile, entry: &Entry) -> bool {
    procfile.entries().iter().any(|other| match other.kind {
        Kind::Preflight => entry.kind != Kind::Preflight,
        Kind::Release => !matches!(entry.kind, Kind::Preflight | Kind::Release),
        _ => false,
    })
}

/// What `.gitattributes` calls this file and those like it.
fn pattern(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("*.{ending}"),
        _ => name.to_owned(),
    }
}

/// Where the file stands in the Procfile, or the line if it can't be found.
fn span(text: &[u8], one: &Use<'_>) -> Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        if line[..colon].trim_ascii() == one.entry.name.as_str().as_bytes() {
            let word = one.word.as_bytes();
            let at = line[colon..].windows(word.len()).position(|part| part == word);
            return at.map_or(start..start + colon, |at| start + colon + at..start + colon + at + word.len());
        }
        start += line.len();
    }
    0..0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(head: &str, executable: bool) -> ScriptFile {
        ScriptFile { executable, head: head.into(), lacks: None }
    }

    /// What is found, one line each: severity, code, and the text that is marked.
    fn found(procfile: &str, files: &[(&str, ScriptFile)]) -> Vec<String> {
        let parsed = piku_procfile::parse(procfile.as_bytes()).procfile.unwrap();
        let files = files.iter().map(|(path, file)| ((*path).to_owned(), file.clone())).collect();
        let found = mistakes(procfile.as_bytes(), &parsed, &files);
        let marked = |one: &Diagnostic| procfile[one.span.clone()].to_owned();
        found.iter().map(|one| format!("{:?} {} {}", one.severity, one.code, marked(one))).collect()
    }

    #[test]
    fn scripts_as_windows_writes_them_are_found_wherever_they_are_started() {
        let script = ("start.sh", file("#!/bin/sh\r\nexec x\r\n", true));
        let of = |procfile: &str| found(procfile, std::slice::from_ref(&script)).join(", ");
        let refused = |word: &str| format!("Error procfile::windows-lines {word}");
        assert_eq!(of("web: ./start.sh\n"), refused("./start.sh"));
        assert_eq!(of("worker: A=1 exec ./start.sh --fast\n"), refused("./start.sh"));
        assert_eq!(of("cron-x: 0 4 * * * ./start.sh; true\n"), refused("./start.sh"));
        assert_eq!(of("x: a\nrelease: bash -e start.sh\n"), refused("start.sh"));
        assert_eq!(
            of("web: start.sh\n"),
            format!("{}, Warning procfile::not-in-path start.sh", refused("start.sh"))
        );
        for fine in [
            "web: sh -c ./start.sh\n",
            "web: cd x && ./start.sh\n",
            "web: ./other.sh\n",
            "web: $X/start.sh\n",
        ] {
            assert_eq!(of(fine), "", "{fine}");
        }
        let python = [("run.py", file("#!/usr/bin/env python3\nprint()\r\n", true))];
        assert_eq!(found("web: ./run.py\nx: python3 run.py\n", &python), [""; 0]);
    }

    #[test]
    fn a_missing_mode_or_interpreter_is_found_and_what_may_mend_it_is_waited_for() {
        let files = [
            ("run", file("\u{7f}ELF", false)),
            ("old", ScriptFile { lacks: Some("/opt/bin/bash".into()), ..file("#!/opt/bin/bash\n", true) }),
        ];
        assert_eq!(
            found("web: ./run\nworker: ./old\n", &files),
            ["Error procfile::not-executable ./run", "Error procfile::no-interpreter ./old"]
        );
        assert_eq!(
            found("preflight: ./old\nrelease: ./run\n", &files),
            ["Error procfile::no-interpreter ./old", "Warning procfile::not-executable ./run"]
        );
    }

    #[test]
    fn a_person_is_told_the_commands_that_mend_it() {
        let parsed = piku_procfile::parse(b"web: ./bin/start it.sh\nx: './bin/my run'\n").procfile.unwrap();
        let files = [("bin/start", "#!/bin/sh\r\n"), ("bin/my run", "x")]
            .map(|(path, head)| (path.to_owned(), file(head, false)));
        let found = mistakes(b"web: ./bin/start\n", &parsed, &files.into());
        let lines: Vec<String> =
            found.iter().map(|one| format!("{}\n  {}", one.message, one.help.as_deref().unwrap())).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        `bin/start` has the line ends of Windows, so `web` can't run it
          add the line `start text eol=lf` to the file `.gitattributes`, then run `git add --renormalize .`, commit, and push again
        `bin/start` is not executable, so `web` can't start it
          run `git update-index --chmod=+x bin/start`, commit, and push again
        `bin/my run` is not executable, so `x` can't start it
          run `git update-index --chmod=+x 'bin/my run'`, commit, and push again
        ");
    }
}
