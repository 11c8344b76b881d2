//! From the bytes of a file to entries and diagnostics, line by line.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::encoding;
use crate::entry::{Entry, entry};
use crate::kind::{SERVERS, is_cron, is_fixed};
use crate::line::{Line, lines};
use crate::name::ProcessName;
use crate::piece::Piece;
use crate::procfile::Procfile;

/// What [`parse`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The entries; `None` when any diagnostic is an error.
    pub procfile: Option<Procfile>,
    /// All diagnostics, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the bytes of a Procfile and collects every mistake in them.
///
/// Each mistake is reported once. What follows from it is not, such as the rest of a command that was continued on a
/// second line, or the two sides of a merge conflict that both have a `web`.
#[must_use]
pub fn parse(bytes: &[u8]) -> Parsed {
    if let Some(foreign) = encoding::foreign(bytes) {
        return Parsed { procfile: None, diagnostics: vec![foreign] };
    }
    let mark = encoding::mark(bytes);
    let skipped = mark.as_ref().map_or(0, |mark| mark.span.end);
    let mut reading = Reading { diagnostics: mark.into_iter().collect(), ..Reading::default() };
    lines(bytes, skipped).for_each(|line| reading.line(&line));
    reading.finish()
}

/// The state between two lines.
#[derive(Default)]
struct Reading {
    diagnostics: Vec<Diagnostic>,
    /// Each entry with the span of its name.
    entries: Vec<(std::ops::Range<usize>, Entry)>,
    seen: BTreeMap<ProcessName, Seen>,
    conflict: Option<Side>,
    conflicts: usize,
    /// Whether the line before ended in `\`.
    continued: bool,
}

/// Where a name occurs first.
struct Seen {
    line: usize,
    side: Option<Side>,
}

/// One side of a merge conflict.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Side {
    conflict: usize,
    side: usize,
}

impl Reading {
    fn line(&mut self, line: &Line<'_>) {
        let continued = std::mem::take(&mut self.continued);
        let whole = match encoding::text(line) {
            Ok(text) => text,
            Err(flaws) => {
                self.diagnostics.extend(flaws);
                self.see_damaged(line);
                return;
            }
        };
        let text = whole.trim();
        if text.is_empty() || text.text.starts_with('#') {
            return;
        }
        if let Some(marker) = conflict_marker(whole.text) {
            self.marker(Piece { text: marker, ..whole });
            return;
        }
        self.continued = text.text.ends_with('\\');
        if continued && !has_name(text) {
            return;
        }
        if self.continued {
            let end = text.span().end;
            self.diagnostics.push(
                Diagnostic::error(
                    "procfile::continuation",
                    end - 1..end,
                    "a command can't be continued on the next line",
                )
                .with_help("write the whole command on one line, or put it into a script"),
            );
        }
        self.entry(line, text);
    }

    fn entry(&mut self, line: &Line<'_>, text: Piece<'_>) {
        let Some((head, command)) = text.split_once(':') else {
            if !self.continued {
                self.diagnostics.push(missing_colon(text));
            }
            return;
        };
        let colon = head.span().end..command.start;
        if let Some(found) = forgotten_colon(head, command) {
            self.diagnostics.push(found);
            return;
        }
        let (head, command) = (head.trim(), command.trim());
        let name = match head.text.parse::<ProcessName>() {
            Ok(name) => {
                self.see(line, &name, head);
                Some(name)
            }
            Err(found) => {
                let mut found = found.moved(head.start);
                if found.span.is_empty() {
                    found.span = colon.clone();
                }
                self.diagnostics.push(found);
                None
            }
        };
        if command.is_empty() && !head.is_empty() {
            let help = match &name {
                Some(name) => format!("write a command after the colon, or remove `{name}`"),
                None => "write a command after the colon".to_owned(),
            };
            let empty = Diagnostic::error("procfile::empty-command", colon, "the command is missing");
            self.diagnostics.push(empty.with_help(help));
        } else if let Some(name) = name
            && !self.continued
            && let Some(entry) = entry(name, command, &mut self.diagnostics)
        {
            self.entries.push((head.span(), entry));
        }
    }

    /// Records a name, and reports it if it is already taken.
    fn see(&mut self, line: &Line<'_>, name: &ProcessName, place: Piece<'_>) {
        let Some(first) = self.seen.get(name) else {
            self.seen.insert(name.clone(), Seen { line: line.number, side: self.conflict });
            return;
        };
        if let (Some(then), Some(now)) = (first.side, self.conflict)
            && then.conflict == now.conflict
            && then.side != now.side
        {
            return;
        }
        let message = format!("`{name}` is on line {} and again on line {}", first.line, line.number);
        let help = if is_fixed(name.as_str()) {
            "remove one of them".to_owned()
        } else if is_cron(name.as_str()) {
            "give it a name of its own that begins with `cron`, such as `cron-nightly`".to_owned()
        } else {
            "rename or remove one of them".to_owned()
        };
        self.diagnostics
            .push(Diagnostic::error("procfile::duplicate-name", place.span(), message).with_help(help));
    }

    /// Records the name of a line whose bytes are not text.
    fn see_damaged(&mut self, line: &Line<'_>) {
        let head =
            line.bytes.split(|byte| *byte == b':').next().and_then(|head| std::str::from_utf8(head).ok());
        let Some(head) = head.filter(|head| head.len() < line.bytes.len()) else { return };
        let head = Piece { text: head, start: line.start }.trim();
        if let Ok(name) = head.text.parse() {
            self.see(line, &name, head);
        }
    }

    fn marker(&mut self, marker: Piece<'_>) {
        match marker.text.as_bytes()[0] {
            b'<' => {
                self.conflicts += 1;
                self.conflict = Some(Side { conflict: self.conflicts, side: 0 });
            }
            b'>' => self.conflict = None,
            _ => self.conflict = self.conflict.map(|side| Side { side: side.side + 1, ..side }),
        }
        let message = format!("`{}` is what a merge conflict left", marker.text);
        self.diagnostics.push(
            Diagnostic::error("procfile::merge-conflict", marker.span(), message)
                .with_help("choose what should stay, and remove the markers"),
        );
    }

    fn finish(mut self) -> Parsed {
        self.drop_web();
        if self.entries.is_empty() && !self.diagnostics.iter().any(Diagnostic::is_error) {
            self.diagnostics.push(
                Diagnostic::error("procfile::no-process", 0..0, "there is no process in the file")
                    .with_help("add a line such as `web: python app.py`"),
            );
        }
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        let entries = self.entries.into_iter().map(|(_, entry)| entry).collect();
        let usable = !self.diagnostics.iter().any(Diagnostic::is_error);
        Parsed { procfile: usable.then(|| Procfile::new(entries)), diagnostics: self.diagnostics }
    }

    fn drop_web(&mut self) {
        let Some(server) = SERVERS.iter().find(|name| self.seen.keys().any(|seen| seen.as_str() == **name))
        else {
            return;
        };
        let diagnostics = &mut self.diagnostics;
        self.entries.retain(|(span, entry)| {
            let stays = entry.name.as_str() != "web";
            if !stays {
                let message = format!("`web` is dropped, because `{server}` serves the app");
                diagnostics.push(
                    Diagnostic::warning("procfile::web-dropped", span.clone(), message)
                        .with_help("remove the line, or give it another name to run it as a worker"),
                );
            }
            stays
        });
    }
}

fn missing_colon(text: Piece<'_>) -> Diagnostic {
    let found = Diagnostic::error("procfile::missing-colon", text.span(), "there is no colon in the line");
    match text.text.split_once(char::is_whitespace) {
        Some((name, command)) if name.parse::<ProcessName>().is_ok() => {
            found.with_help(format!("write `{name}: {}`", command.trim_start()))
        }
        _ => found.with_help("write `name: command`, or `#` before a comment"),
    }
}

/// The mistake of a line such as `wsgi app:app`, whose only colon belongs to the command.
///
/// Any name may be followed by a space and be wrong in itself, as `my worker: x` is. So the first word must be a name
/// that piku knows, or several words must follow it; and the colon of a name mostly has a space after it.
fn forgotten_colon(head: Piece<'_>, rest: Piece<'_>) -> Option<Diagnostic> {
    let (name, begin) = head.text.split_once(char::is_whitespace)?;
    let is_known = is_fixed(name) || is_cron(name);
    let is_command = is_known || begin.trim().contains(char::is_whitespace);
    if !is_command
        || begin.trim().is_empty()
        || rest.text.is_empty()
        || rest.text.starts_with(char::is_whitespace)
    {
        return None;
    }
    name.parse::<ProcessName>().ok()?;
    let end = head.start + name.len();
    let message = format!("there is no colon after `{name}`");
    let help = format!("write `{name}: {}:{}`", begin.trim_start(), rest.text.trim_end());
    Some(Diagnostic::error("procfile::missing-colon", head.start..end, message).with_help(help))
}

/// Whether a line could be an entry of its own.
fn has_name(text: Piece<'_>) -> bool {
    text.split_once(':').is_some_and(|(head, _)| head.trim().text.parse::<ProcessName>().is_ok())
}

/// Git's conflict marker at the start of a line.
fn conflict_marker(line: &str) -> Option<&str> {
    let marker =
        line.get(..7).filter(|marker| ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].contains(marker))?;
    (line.len() == 7 || line[7..].starts_with([' ', '\t'])).then_some(marker)
}

#[cfg(test)]
mod tests;
