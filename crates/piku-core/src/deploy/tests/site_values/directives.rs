//! Reads the text of a site as nginx reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A directive: the blocks around it, its name, its arguments.
#[derive(Debug)]
pub(super) struct Directive {
    blocks: Rc<str>,
    words: Vec<String>,
}

/// Reads configuration text as nginx does; `None` if nginx can't.
pub(super) fn directives(text: &str) -> Option<Vec<Directive>> {
    let (mut found, mut blocks, mut words) = (Vec::new(), vec![Rc::from("")], Vec::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' | '{' => {
                let taken: Vec<String> = std::mem::take(&mut words);
                let name = taken.first()?.clone();
                let around: Rc<str> = Rc::clone(blocks.last()?);
                if c == '{' {
                    blocks.push(format!("{around} {name}").into());
                }
                found.push(Directive { blocks: around, words: taken });
            }
            '}' => {
                (words.is_empty() && blocks.pop().is_some() && !blocks.is_empty()).then_some(())?;
            }
            quote @ ('"' | '\'') => {
                let mut word = String::new();
                loop {
                    match chars.next()? {
                        '\\' => {
                            let c = chars.next()?;
                            word.extend(
                                (!matches!(c, '"' | '\'' | '\\')).then_some('\\').into_iter().chain([c]),
                            );
                        }
                        c if c == quote => break,
                        c => word.push(c),
                    }
                }
                // nginx wants white space or an end after a quote; `)` is for `if`.
                chars.peek().filter(|c| c.is_ascii_whitespace() || matches!(c, ';' | '{' | ')'))?;
                words.push(word);
            }
            c => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_ascii_whitespace() && !matches!(c, ';' | '{')) {
                    word.push(c);
                }
                words.push(word);
            }
        }
    }
    (blocks.len() == 1 && words.is_empty()).then_some(found)
}

/// The name under which a directive is counted: a network in a table is not a directive of its own.
fn name(directive: &Directive) -> &str {
    let first = directive.words[0].as_str();
    if directive.blocks.ends_with(" geo") && first != "default" { "*network" } else { first }
}

/// How often each directive is in each kind of block.
pub(super) type Kinds = BTreeMap<(Rc<str>, String), usize>;

pub(super) fn kinds(directives: &[Directive]) -> Kinds {
    let mut kinds = Kinds::new();
    for directive in directives {
        *kinds.entry((Rc::clone(&directive.blocks), name(directive).to_owned())).or_default() += 1;
    }
    kinds
}

/// The variables in the arguments, as nginx would expand them.
pub(super) fn variables(directives: &[Directive]) -> BTreeSet<String> {
    let of_word = |word: &String| {
        let parts = word.split('$').skip(1).map(|rest| {
            let rest = rest.trim_start_matches('{');
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        parts.collect::<Vec<_>>()
    };
    // A `$` at the end of a regular expression, or the value of the variable that stands for it, is none.
    let words = directives.iter().flat_map(|one| &one.words).filter(|word| word.contains('$'));
    words.flat_map(of_word).filter(|name| !name.is_empty()).collect()
}

/// Files and folders that nginx would open.
pub(super) fn paths(directives: &[Directive]) -> BTreeSet<String> {
    let opens = |name: &str| {
        matches!(name, "root" | "alias" | "include" | "proxy_cache_path" | "access_log" | "error_log")
            || name.starts_with("ssl_certificate")
            || name.ends_with("_file")
            || name.ends_with("_path")
    };
    let named = directives.iter().filter(|one| opens(name(one)));
    named.filter_map(|one| one.words.get(1)).filter(|word| *word != "off").cloned().collect()
}
