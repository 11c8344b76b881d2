//! The code blocks of a Markdown document, as its reader uses them.
//!
//! A `console` block is typed: a line that begins with `# ` by root on the server, one with `$ ` on the laptop; a
//! trailing `\` continues it. The lines below a command are its output, in which `…` stands for any text, and a line
//! with only `…` for any number of lines. If an output line begins with `error`, the command must fail.
//!
//! A block with a title, such as `` ```python title="app.py" ``, is a file. A block below `<!-- not run: why -->` is
//! only read.

use std::fmt;

/// Matches any text.
const ANYTHING: &str = "…";

/// Prefix of a build's progress lines, which depend on the machine and are in no document.
const SLOW: &str = "-----> Still running after ";

/// A fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of its opening fence, from 1.
    pub line: usize,
    /// What the reader does with it.
    pub work: Work,
}

/// What the reader of a document does with a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Types commands.
    Type(Vec<Typed>),
    /// Writes a file.
    Write {
        /// Its path.
        path: String,
        /// Its whole text.
        text: String,
    },
    /// Reads it only.
    Read {
        /// Why it is not run; `None` if the document gives no reason.
        reason: Option<String>,
    },
}

/// Who types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Root on the server.
    Root,
    /// The developer, on another machine.
    Laptop,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "#",
            Self::Laptop => "$",
        })
    }
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Who types it.
    pub person: Person,
    /// The command, with its continuation lines.
    pub command: String,
    /// The output in the document; empty if it shows none.
    pub shown: Vec<String>,
}

impl Typed {
    /// Whether the document shows that the command fails: a line begins with `error`.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.shown.iter().any(|line| line.starts_with("error"))
    }

    /// Whether this output matches the document.
    #[must_use]
    pub fn shows(&self, output: &str) -> bool {
        let is_told = |line: &String| !line.is_empty() && !line.contains(SLOW);
        let said: Vec<String> = output.lines().map(plain).filter(is_told).collect();
        let shown: Vec<String> = self.shown.iter().map(|line| plain(line)).filter(is_told).collect();
        shown.is_empty() || lines_match(&shown, &said)
    }
}

/// A line as a terminal shows it, without colors. Git clears the rest of a `remote:` line, or pads it with blanks.
fn plain(line: &str) -> String {
    let mut pieces = line.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(
            piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default(),
        );
    }
    plain.trim_end().to_owned()
}

fn lines_match(shown: &[String], said: &[String]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first == ANYTHING => {
            (0..=said.len()).any(|skipped| lines_match(rest, &said[skipped..]))
        }
        Some((first, rest)) => said
            .split_first()
            .is_some_and(|(line, more)| line_matches(first, line) && lines_match(rest, more)),
    }
}

fn line_matches(shown: &str, said: &str) -> bool {
    match shown.split_once(ANYTHING) {
        None => shown == said,
        Some((begin, rest)) => said.strip_prefix(begin).is_some_and(|said| {
            let mut ends = said.char_indices().map(|(at, _)| at).chain([said.len()]);
            ends.any(|at| line_matches(rest, &said[at..]))
        }),
    }
}

/// Reads every block of a document.
#[must_use]
pub fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut reason = None;
    let mut lines = document.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        let Some(info) = line.strip_prefix("```") else {
            match not_run(line) {
                Some(why) => reason = Some(why.to_owned()),
                None if line.is_empty() => {}
                None => reason = None,
            }
            continue;
        };
        let text: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
        blocks.push(Block { line: number + 1, work: work(info, &text, reason.take()) });
    }
    blocks
}

fn not_run(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- not run:")?.strip_suffix("-->").map(str::trim).filter(|why| !why.is_empty())
}

fn work(info: &str, text: &[&str], reason: Option<String>) -> Work {
    let title =
        info.split_once("title=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(title, _)| title);
    match title {
        _ if reason.is_some() => Work::Read { reason },
        Some(path) => Work::Write { path: path.to_owned(), text: text.join("\n") + "\n" },
        None if info == "console" => Work::Type(typed(text)),
        None => Work::Read { reason },
    }
}

fn typed(text: &[&str]) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    let mut goes_on = false;
    for line in text {
        let prompt = [("# ", Person::Root), ("$ ", Person::Laptop)];
        let command =
            prompt.into_iter().find_map(|(prompt, person)| Some((person, line.strip_prefix(prompt)?)));
        match (command, all.last_mut()) {
            (_, Some(last)) if goes_on => last.command.extend(["\n", line]),
            (Some((person, command)), _) => {
                all.push(Typed { person, command: command.to_owned(), shown: Vec::new() });
            }
            (None, Some(last)) => {
                last.shown.push((*line).to_owned());
                continue;
            }
            (None, None) => continue,
        }
        goes_on = line.ends_with('\\');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"# Title

```console
# apt install ./it.deb
$ git push \
    piku main
…
remote: live: …
```

```python title="app.py"
pass
```

<!-- not run: it takes a year -->

```console
$ wait
```

<!-- not run: -->
```ini
[Unit]
```
"#;

    #[test]
    fn blocks_are_typed_written_or_read() {
        let typed = |person, command: &str, shown: &[&str]| Typed {
            person,
            command: command.to_owned(),
            shown: shown.iter().map(|&line| line.to_owned()).collect(),
        };
        let commands = vec![
            typed(Person::Root, "apt install ./it.deb", &[]),
            typed(Person::Laptop, "git push \\\n    piku main", &["…", "remote: live: …"]),
        ];
        let read = |reason: Option<&str>| Work::Read { reason: reason.map(ToOwned::to_owned) };
        assert_eq!(
            blocks(DOCUMENT),
            [
                Block { line: 3, work: Work::Type(commands) },
                Block {
                    line: 11,
                    work: Work::Write { path: "app.py".to_owned(), text: "pass\n".to_owned() }
                },
                Block { line: 17, work: read(Some("it takes a year")) },
                Block { line: 22, work: read(None) },
            ]
        );
    }

    #[test]
    fn what_is_shown_is_compared_whole_but_for_what_varies() {
        let shows = |shown: &str, said: &str| {
            let shown = shown.lines().map(ToOwned::to_owned).collect();
            Typed { person: Person::Root, command: String::new(), shown }.shows(said)
        };
        assert!(shows("", "anything\n"));
        assert!(shows("a\n", "a  \u{1b}[K\n") && shows("--> a\n", "\u{1b}[1;32m-->\u{1b}[0m a\r\n"));
        assert!(!shows("a\n", "a\nb\n"));
        assert!(shows("a\n", "remote: -----> Still running after 10 s: b\na\n"));
        assert!(shows("…\nb\n", "a\na\nb\n") && shows("…\nb", "b"));
        assert!(!shows("…\nb\n", "b\na\n"));
        assert!(shows("a … c, …", "a b c, d") && !shows("a … c", "a b d"));
    }
}
