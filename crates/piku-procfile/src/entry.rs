//! One entry of a Procfile.

use std::fmt;

use crate::cron;
use crate::diagnostic::Diagnostic;
use crate::kind::{Kind, is_cron};
use crate::name::ProcessName;
use crate::piece::Piece;

/// A name and the command it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Unique in its Procfile.
    pub name: ProcessName,
    /// The text after the colon without surrounding white space, otherwise unchanged. Never empty, always one line.
    pub command: String,
    /// What the entry is for, decided by its name.
    pub kind: Kind,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.command)
    }
}

/// Reads the entry of `name`; `None` after an error.
pub(crate) fn entry(name: ProcessName, command: Piece<'_>, found: &mut Vec<Diagnostic>) -> Option<Entry> {
    let kind = match name.as_str() {
        "wsgi" => match command.text.parse() {
            Ok(wsgi) => Kind::Wsgi(wsgi),
            Err(diagnostic) => {
                found.push(Diagnostic::moved(diagnostic, command.start));
                return None;
            }
        },
        "jwsgi" => Kind::Jwsgi,
        "rwsgi" => Kind::Rwsgi,
        "php" => Kind::Php,
        "web" => Kind::Web,
        "static" => Kind::Static,
        "preflight" => Kind::Preflight,
        "release" => Kind::Release,
        other if is_cron(other) => Kind::Cron(cron::job(command, found)?),
        _ => Kind::Worker,
    };
    Some(Entry { name, command: command.text.to_owned(), kind })
}
