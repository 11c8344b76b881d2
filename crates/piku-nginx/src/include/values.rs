//! Checks which directives stand where, and their values.

use std::collections::BTreeSet;

use super::mistake::{IncludeMistake, Place};
use super::syntax::{Directive, Word};
use super::table::{self, Entry, Places, Rule, Values};
use super::variables;
use crate::{Namespace, Network};

/// The largest zone of shared memory, in kilobytes.
const LARGEST_ZONE: u32 = 10 * 1024;

/// Collects the mistakes of several files.
pub(super) struct Checker<'a> {
    pub(super) mistakes: Vec<IncludeMistake>,
    file: usize,
    namespace: &'a Namespace,
    /// The variables that the files define.
    variables: BTreeSet<String>,
    /// The zones that the files define, each with the directive that defines it.
    zones: BTreeSet<(String, String)>,
}

/// Why a value can't be there, and what to do.
type Refusal = (String, String);

impl<'a> Checker<'a> {
    pub(super) fn new(files: &[&[Directive]], namespace: &'a Namespace) -> Self {
        let variables = files.iter().flat_map(|file| variables::defined(file)).collect();
        let zones = files.iter().flat_map(|file| file.iter()).filter(|one| table::is_zone(one.name()));
        let zones = zones.filter_map(|one| Some((one.name().to_owned(), zone(one)?.0.to_owned()))).collect();
        Self { mistakes: Vec::new(), file: 0, namespace, variables, zones }
    }

    pub(super) fn file(&mut self, index: usize, place: Place, directives: &[Directive]) {
        self.file = index;
        self.block(directives, if place == Place::Server { table::SERVER } else { table::ROOT });
    }

    fn block(&mut self, directives: &[Directive], place: Places) {
        for directive in directives {
            self.directive(directive, place);
        }
    }

    fn directive(&mut self, directive: &Directive, place: Places) {
        let (name, word) = (directive.name(), &directive.words[0]);
        let rule = match table::entry(name) {
            Entry::Allowed(rule) => rule,
            Entry::Refused(help) => {
                return self.refuse(
                    word,
                    "nginx::refused-directive",
                    format!("`{name}` can't be in a site"),
                    help,
                );
            }
        };
        if rule.places & place == 0 {
            let message = format!("`{name}` can't stand {}", shown(place));
            return self.refuse(word, "nginx::misplaced", message, where_to(name, rule));
        }
        match (rule.has_block, &directive.block) {
            (true, None) => {
                let message = format!("`{name}` has no block");
                return self.refuse(word, "nginx::syntax", message, "write `{` and `}` behind its values");
            }
            (false, Some(_)) => {
                let message = format!("`{name}` can't have a block");
                return self.refuse(word, "nginx::syntax", message, "write a `;` behind it");
            }
            _ => {}
        }
        if let Some(word) = directive.words.iter().find(|word| word.text.chars().any(is_unwritable)) {
            let message = "this value has a control character".to_owned();
            return self.refuse(word, "nginx::bad-value", message, "write it on one line");
        }
        if let Err((word, (message, help))) = self.values(directive, rule, place) {
            self.refuse(&word, "nginx::bad-value", message, &help);
        }
        let Some(block) = &directive.block else { return };
        match rule.values {
            Values::If if place == table::SERVER => self.block(block, table::IF),
            Values::If => self.block(block, table::IF_LOCATION),
            Values::Location => self.block(block, table::LOCATION),
            Values::Types => self.types(block),
            _ => self.block(block, table::EXCEPT),
        }
    }

    /// The lines in `types`: a media type and endings.
    fn types(&mut self, block: &[Directive]) {
        for line in block {
            let is_plain = |word: &Word| !word.text.contains('$') && !word.text.chars().any(is_unwritable);
            if line.block.is_some() || !line.words.iter().all(is_plain) || line.name() == "include" {
                let message = "this is not a media type with endings".to_owned();
                self.refuse(
                    &line.words[0],
                    "nginx::bad-value",
                    message,
                    "write a line such as `text/x-log log;`",
                );
            }
        }
    }

    fn values(&self, directive: &Directive, rule: Rule, place: Places) -> Result<(), (Word, Refusal)> {
        let arguments = directive.arguments();
        let first = || directive.words[0].clone();
        let each = |check: &dyn Fn(&str) -> Result<(), Refusal>| {
            arguments.iter().try_for_each(|word| check(&word.text).map_err(|why| (word.clone(), why)))
        };
        match rule.values {
            Values::Free if directive.name() == "return" && place == table::SERVER => Err((
                first(),
                refusal(
                    "this would answer every request, and nothing would reach the app",
                    "put it into a `location`",
                ),
            )),
            Values::Free => each(&|text| self.known(text)),
            Values::Literal | Values::Types => each(&literal),
            Values::Off => match arguments {
                [off] if off.text == "off" => Ok(()),
                _ => Err((first(), refusal("a log can only be turned off here", "write `access_log off;`"))),
            },
            Values::Addresses => each(&address),
            Values::Parameter => {
                let name = arguments.first().cloned().unwrap_or_else(first);
                if name.text.to_ascii_uppercase().starts_with("UWSGI_") || name.text.contains('$') {
                    return Err((name, refusal("uWSGI gives this parameter a meaning", "use another name")));
                }
                each(&|text| self.known(text))
            }
            Values::ErrorPage => each(&|text| if is_external(text) { self.known(text) } else { path(text) }),
            Values::TryFiles => each(&path),
            Values::Path => each(&|text| if text == "off" { Ok(()) } else { path(text) }),
            Values::Rewrite => self.rewrite(arguments, place),
            Values::If => self.condition(arguments),
            Values::Location => location(arguments).map_err(|why| (first(), why)),
            Values::Set => self.set(arguments),
            Values::Zone => self.zone_values(directive).map_err(|why| (first(), why)),
            Values::UseOfZone => {
                each(&literal)?;
                self.use_of_zone(directive).map_err(|why| (first(), why))
            }
        }
    }

    /// Refuses variables that only something outside of the file can define.
    fn known(&self, text: &str) -> Result<(), Refusal> {
        match variables::named(text).into_iter().find(|name| !self.is_known(name)) {
            Some("") => Err(refusal("nginx reads what follows a `$` as a variable", "remove the `$`")),
            Some(name) => Err(refusal(
                format!("nothing here defines the variable `${name}`"),
                "correct its name, or define it in this file with `set`",
            )),
            None => Ok(()),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        variables::is_known(name) || self.variables.contains(name)
    }

    fn rewrite(&self, arguments: &[Word], place: Places) -> Result<(), (Word, Refusal)> {
        let [_, to, flags @ ..] = arguments else { return Ok(()) };
        let has = |flag: &str| flags.iter().any(|word| word.text == flag);
        if has("break") && place & (table::ROOT | table::IF_LOCATION) != 0 {
            let why = refusal(
                "with `break`, the new path would not be looked up among the locations of the site",
                "write `last` instead",
            );
            return Err((flags[0].clone(), why));
        }
        let leads_away = is_external(&to.text) || has("redirect") || has("permanent");
        let (to_path, query) = to.text.split_once('?').unwrap_or((&to.text, ""));
        let outcome = match leads_away {
            true => self.known(&to.text),
            false => {
                let is_safe = |name: &&str| {
                    matches!(*name, "uri" | "document_uri") || matches!(name.as_bytes(), [b'1'..=b'9'])
                };
                let unsafe_one = variables::named(to_path).into_iter().find(|name| !is_safe(name));
                match unsafe_one {
                    Some(name) => Err(refusal(
                        format!(
                            "with `${name}`, a visitor could choose the path, and leave the folder of the site"
                        ),
                        "use `$uri`, or `$1` for a group of the regular expression",
                    )),
                    None => no_parents(to_path).and_then(|()| self.known(query)),
                }
            }
        };
        outcome.map_err(|why| (to.clone(), why))
    }

    /// `if ($host = 'a')`: comparisons, no looking for files.
    fn condition(&self, arguments: &[Word]) -> Result<(), (Word, Refusal)> {
        let mut is_pattern = false;
        for (index, word) in arguments.iter().enumerate() {
            let text = if index == 0 { word.text.trim_start_matches('(') } else { &word.text };
            let test = text.strip_prefix('!').unwrap_or(text);
            let is_first = arguments[..index].iter().all(|before| before.text == "(");
            if is_first && ["-f", "-d", "-e", "-x"].contains(&test) {
                let why =
                    refusal("a site does not look for files here", "name the files in NGINX_STATIC_PATHS");
                return Err((word.clone(), why));
            }
            if !is_pattern {
                let value = text.strip_suffix(')').unwrap_or(text);
                self.known(value).map_err(|why| (word.clone(), why))?;
            }
            is_pattern = ["~", "~*", "!~", "!~*"].contains(&text);
        }
        Ok(())
    }

    fn set(&self, arguments: &[Word]) -> Result<(), (Word, Refusal)> {
        let [variable, values @ ..] = arguments else { return Ok(()) };
        let name = variable.text.strip_prefix('$').unwrap_or_default();
        if name.starts_with(&format!("{}_", self.namespace)) || !variables::may_be_defined(name) {
            let why = refusal(format!("`{}` can't be set", variable.text), "use another name");
            return Err((variable.clone(), why));
        }
        values.iter().try_for_each(|word| self.known(&word.text).map_err(|why| (word.clone(), why)))
    }

    fn zone_values(&self, directive: &Directive) -> Result<(), Refusal> {
        let first = directive.arguments().first().map_or("", |word| &word.text);
        self.known(first)?;
        let help = "write a zone such as `zone=login:1m`, of at most 10m";
        let fits = zone(directive).is_some_and(|(name, kilobytes)| {
            (1..=32).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                && (32..=LARGEST_ZONE).contains(&kilobytes)
        });
        let is_one = |word: &Word| ["zone=", "rate="].iter().any(|it| word.text.starts_with(it));
        let rest = directive.arguments().iter().skip(1);
        match fits && rest.clone().all(is_one) && rest.clone().all(|word| !word.text.contains('$')) {
            true => Ok(()),
            false => Err(refusal("this is not a zone that a site may have", help)),
        }
    }

    fn use_of_zone(&self, directive: &Directive) -> Result<(), Refusal> {
        let first = directive.arguments().first().map_or("", |word| &word.text);
        let is_there = |name: &str, of: &str| self.zones.contains(&(of.to_owned(), name.to_owned()));
        let (found, example) = if directive.name() == "limit_conn" {
            (is_there(first, "limit_conn_zone"), "limit_conn_zone $binary_remote_addr zone=visitors:1m;")
        } else {
            let name = directive.arguments().iter().find_map(|word| word.text.strip_prefix("zone="));
            let example = "limit_req_zone $binary_remote_addr zone=login:1m rate=5r/s;";
            (name.is_some_and(|name| is_there(name, "limit_req_zone")), example)
        };
        match found {
            true => Ok(()),
            false => Err(refusal(
                "no zone of this name is defined here",
                format!("define it in the file of NGINX_INCLUDE_FILE, such as `{example}`"),
            )),
        }
    }

    fn refuse(&mut self, word: &Word, code: &'static str, message: String, help: &str) {
        let span = word.span.clone();
        self.mistakes.push(IncludeMistake { file: self.file, code, message, span, help: help.to_owned() });
    }
}

/// The name of a zone, and its size in kilobytes.
fn zone(directive: &Directive) -> Option<(&str, u32)> {
    let zone = directive.arguments().iter().find_map(|word| word.text.strip_prefix("zone="))?;
    let (name, size) = zone.split_once(':')?;
    let (number, unit) = size.split_at_checked(size.len().checked_sub(1)?)?;
    let number: u32 = number.parse().ok()?;
    match unit {
        "k" | "K" => Some((name, number)),
        "m" | "M" => Some((name, number.checked_mul(1024)?)),
        _ => None,
    }
}

fn refusal(message: impl Into<String>, help: impl Into<String>) -> Refusal {
    (message.into(), help.into())
}

/// Whether the writer could not write it on one line.
fn is_unwritable(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn literal(text: &str) -> Result<(), Refusal> {
    match text.contains('$') {
        true => Err(refusal("variables can't be used here", "write the value itself")),
        false => Ok(()),
    }
}

fn address(text: &str) -> Result<(), Refusal> {
    match text == "all" || text.parse::<Network>().is_ok() {
        true => Ok(()),
        false => Err(refusal(
            format!("`{text}` is not an address or a range"),
            "write an address such as `192.0.2.7`, a range such as `2001:db8::/32`, or `all`",
        )),
    }
}

/// Whether it leads to another site, or back to this one by way of the visitor.
fn is_external(text: &str) -> bool {
    ["http://", "https://", "$scheme:"].iter().any(|begin| text.starts_with(begin))
}

/// A path of this site: nothing that a visitor can choose but the path asked for, and no `..`.
fn path(text: &str) -> Result<(), Refusal> {
    if let Some(name) =
        variables::named(text).into_iter().find(|name| !matches!(*name, "uri" | "document_uri"))
    {
        return Err(refusal(
            format!("with `${name}`, a visitor could choose the file"),
            "use `$uri`, the path of the request",
        ));
    }
    no_parents(text)
}

fn no_parents(text: &str) -> Result<(), Refusal> {
    match text.contains("..") {
        true => Err(refusal("`..` would leave the folder of the site", "write the path without it")),
        false => Ok(()),
    }
}

fn location(arguments: &[Word]) -> Result<(), Refusal> {
    match arguments {
        [only] if only.text == "/" => Err(refusal(
            "the site has a `location /` already",
            "put these directives into a file of their own, and name it in NGINX_LOCATION_INCLUDE_FILE",
        )),
        [only] if only.text == "@app" => {
            Err(refusal("the site has a location of this name", "use another name"))
        }
        [_] | [_, _] => Ok(()),
        _ => Err(refusal(
            "this is not one path",
            "write a path such as `/events`, or `~` and a regular expression",
        )),
    }
}

fn shown(place: Places) -> &'static str {
    match place {
        table::SERVER => "in the `server` block",
        table::LOCATION => "in a `location`",
        table::ROOT => "in the site's own `location /`",
        table::EXCEPT => "in `limit_except`",
        _ => "in `if`",
    }
}

fn where_to(name: &str, rule: Rule) -> &'static str {
    match () {
        () if name == "try_files" => {
            "name the files in NGINX_STATIC_PATHS, and the one for all other paths in NGINX_CATCH_ALL"
        }
        () if rule.places & table::SERVER != 0 => {
            "put it into the file of NGINX_INCLUDE_FILE, outside of other blocks"
        }
        () => "put it into a `location` in the file of NGINX_INCLUDE_FILE",
    }
}
