//! Directives that people write themselves: read from their files, checked, and rendered as part of a site.
//!
//! [`syntax`] reads words and blocks as nginx does. [`table`] says which directives may stand where, and [`values`]
//! what their values may be. Nothing is copied as text: what has passed is written anew, word by word.

mod mistake;
mod syntax;
mod table;
mod values;
mod variables;

use std::collections::BTreeSet;

pub use self::mistake::{IncludeMistake, Place};
use self::syntax::Directive;
pub(crate) use self::table::key;

use self::values::Checker;
use crate::Namespace;

/// The most directives that both files together may have.
const MOST: usize = 1000;

/// A file with directives.
#[derive(Debug, Clone, Copy)]
pub struct IncludedFile<'a> {
    /// Its name, which appears in comments.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Where the directives are to stand.
    pub place: Place,
}

/// Directives of people that are part of a site.
///
/// Each is on a list of what may stand in a `server` or `location` block: nothing that names a file, another server, or
/// what only the whole nginx can have. So no file of an app can reach further than its own site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Includes {
    pub(crate) server: Vec<Included>,
    pub(crate) location: Vec<Included>,
    /// Zones of shared memory, which have to stand outside of the site.
    pub(crate) zones: Vec<Included>,
}

/// A directive with the place it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Included {
    pub(crate) words: Vec<String>,
    pub(crate) block: Option<Vec<Included>>,
    /// Its file and line, such as `extra.conf:3`.
    pub(crate) origin: String,
}

impl Includes {
    /// Reads files.
    ///
    /// # Errors
    /// Every mistake, in the order of the files and their lines.
    pub fn parse(files: &[IncludedFile<'_>], namespace: &Namespace) -> Result<Self, Vec<IncludeMistake>> {
        let mut mistakes = Vec::new();
        let mut read = Vec::new();
        for (index, file) in files.iter().enumerate() {
            match syntax::parse(file.text) {
                Ok(directives) => read.push((index, file, directives)),
                Err(syntax::SyntaxMistake { span, message, help }) => mistakes.push(IncludeMistake {
                    file: index,
                    code: "nginx::syntax",
                    message,
                    span,
                    help: help.to_owned(),
                }),
            }
        }
        let all: Vec<&[Directive]> = read.iter().map(|(.., directives)| directives.as_slice()).collect();
        let mut checker = Checker::new(&all, namespace);
        for (index, file, directives) in &read {
            checker.file(*index, file.place, directives);
        }
        mistakes.extend(checker.mistakes);
        if all.iter().map(|directives| count(directives)).sum::<usize>() > MOST {
            let message = format!("there are more than {MOST} directives");
            let help = "write fewer".to_owned();
            mistakes.push(IncludeMistake { file: 0, code: "nginx::too-many", message, span: 0..0, help });
        }
        if !mistakes.is_empty() {
            mistakes.sort_by_key(|mistake| (mistake.file, mistake.span.start));
            return Err(mistakes);
        }
        let mut includes = Self::default();
        for (_, file, directives) in read {
            let lines = Lines::of(file);
            for directive in directives {
                let is_zone = table::is_zone(directive.name());
                let included = lines.included(directive);
                match file.place {
                    _ if is_zone => includes.zones.push(included),
                    Place::Server => includes.server.push(included),
                    Place::Location => includes.location.push(included),
                }
            }
        }
        Ok(includes)
    }

    /// Whether there is nothing in them.
    pub fn is_empty(&self) -> bool {
        self.server.is_empty() && self.location.is_empty() && self.zones.is_empty()
    }

    /// Whether they set the sizes of buffers for answers, which have to fit each other.
    pub(crate) fn sets_buffers(&self) -> bool {
        let sizes = ["_buffer_size", "_buffers", "_busy_buffers_size"];
        let is_size = |name: &str| {
            ["proxy", "uwsgi"]
                .iter()
                .any(|module| name.strip_prefix(module).is_some_and(|rest| sizes.contains(&rest)))
        };
        fn any(all: &[Included], is_it: &dyn Fn(&str) -> bool) -> bool {
            all.iter()
                .any(|one| is_it(one.name()) || one.block.as_ref().is_some_and(|block| any(block, is_it)))
        }
        any(&self.server, &is_size) || any(&self.location, &is_size)
    }
}

impl Included {
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// The directives that a site of ours must not repeat, because these say it already.
pub(crate) fn keys<'a>(all: impl IntoIterator<Item = &'a Included>) -> BTreeSet<String> {
    let once = all.into_iter().filter(|one| !table::is_repeatable(one.name()));
    once.map(|one| table::key(one.words.iter().map(String::as_str))).collect()
}

/// The names in every `server_name` of a text, in any block, as they are written; none if it is no configuration.
pub fn server_names_in(text: &str) -> Vec<String> {
    fn collect(directives: &[Directive], names: &mut Vec<String>) {
        for directive in directives {
            if directive.name() == "server_name" {
                names.extend(directive.arguments().iter().map(|word| word.text.clone()));
            }
            collect(directive.block.as_deref().unwrap_or_default(), names);
        }
    }
    let mut names = Vec::new();
    collect(&syntax::parse(text).unwrap_or_default(), &mut names);
    names
}

/// Where line `number` of a rendered site was read from: the file and its line. `None` if it is none of an
/// [`IncludedFile`].
pub fn origin(site: &str, number: usize) -> Option<(&str, usize)> {
    let line = site.lines().nth(number.checked_sub(1)?)?;
    let (file, line) = line.rsplit_once(" # ")?.1.rsplit_once(':')?;
    Some((file, line.parse().ok()?))
}

fn count(directives: &[Directive]) -> usize {
    directives.iter().map(|one| 1 + one.block.as_deref().map_or(0, count)).sum()
}

/// Where the lines of a file begin.
struct Lines<'a> {
    name: String,
    text: &'a str,
}

impl<'a> Lines<'a> {
    fn of(file: &IncludedFile<'a>) -> Self {
        let name = file.name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        Self { name, text: file.text }
    }

    fn included(&self, directive: Directive) -> Included {
        let start = directive.words.first().map_or(0, |word| word.span.start);
        let line = self.text[..start].matches('\n').count() + 1;
        Included {
            words: directive.words.into_iter().map(|word| word.text).collect(),
            block: directive.block.map(|block| block.into_iter().map(|inner| self.included(inner)).collect()),
            origin: format!("{}:{line}", self.name),
        }
    }
}

#[cfg(test)]
mod tests;
