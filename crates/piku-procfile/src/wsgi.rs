//! Names a Python application: a module and its callable.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::Diagnostic;
use crate::encoding::shown;
use crate::piece::Piece;

/// A Python module and the callable in it, written `dotted.module:entry`.
///
/// It is written into a uWSGI file, where `$(...)`, `@(...)`, and `%` have a meaning, so it can hold only ASCII
/// letters, digits, `_`, and dots, and a module also `-`: uWSGI imports `my-app.py`, which `import` can't name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WsgiEntry {
    module: String,
    callable: Option<String>,
}

impl WsgiEntry {
    /// The module, with dots.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The callable in the module, followed by `()` when it is a factory.
    ///
    /// Without one, uWSGI looks for `application`.
    #[must_use]
    pub fn callable(&self) -> Option<&str> {
        self.callable.as_deref()
    }
}

impl FromStr for WsgiEntry {
    type Err = Diagnostic;

    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let whole = Piece::from(text);
        let (module, callable) = match whole.split_once(':') {
            Some((module, callable)) => (module, Some(callable)),
            None => (whole, None),
        };
        module.split('.').try_for_each(check_module)?;
        if let Some(callable) = callable {
            let name = callable.text.strip_suffix("()").unwrap_or(callable.text);
            check_callable(Piece { text: name, ..callable })?;
        }
        Ok(Self {
            module: module.text.to_owned(),
            callable: callable.map(|callable| callable.text.to_owned()),
        })
    }
}

impl fmt::Display for WsgiEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.module)?;
        self.callable.iter().try_for_each(|callable| write!(f, ":{callable}"))
    }
}

/// A part of a module's name is the name of a file or folder, which need not be a Python name.
fn check_module(part: Piece<'_>) -> Result<(), Diagnostic> {
    let fits = |at: usize, character: char| {
        character.is_ascii_alphanumeric() || character == '_' || character == '-' && at > 0
    };
    match part.text.char_indices().find(|(at, character)| !fits(*at, *character)) {
        None if part.text.is_empty() => Err(mistake(part, 0, "the name of a module is missing".to_owned())),
        None => Ok(()),
        Some((0, '-')) => Err(mistake(part, 0, "the name of a module can't begin with `-` here".to_owned())),
        Some((at, other)) => {
            Err(mistake(part, at, format!("{} can't be in the name of a module", shown(other))))
        }
    }
}

/// uWSGI looks for a callable by its whole name: it does not follow dots.
fn check_callable(name: Piece<'_>) -> Result<(), Diagnostic> {
    let starts = |character: char| character.is_ascii_alphabetic() || character == '_';
    let inner = |character: char| starts(character) || character.is_ascii_digit();
    match name.text.chars().next() {
        None => return Err(mistake(name, 0, "the name of the callable is missing".to_owned())),
        Some(first) if first.is_ascii_digit() => {
            return Err(mistake(name, 0, format!("a Python name can't begin with `{first}`")));
        }
        Some(_) => {}
    }
    match name.text.char_indices().find(|(_, character)| !inner(*character)) {
        None => Ok(()),
        Some((at, '.')) => {
            let message = "uWSGI does not look for a callable behind a dot".to_owned();
            let (module, after) = (&name.text[..at], &name.text[at + 1..]);
            Err(mistake(name, at, message).with_help(format!(
                "give it a name of its own in the module, such as `application = {module}.{after}`, and write that"
            )))
        }
        Some((at, other)) => Err(mistake(name, at, format!("{} can't be in a Python name", shown(other)))),
    }
}

/// Marks the character at `offset` of a piece.
fn mistake(piece: Piece<'_>, offset: usize, message: String) -> Diagnostic {
    let start = piece.start + offset;
    let length = piece.text[offset..].chars().next().map_or(0, char::len_utf8);
    Diagnostic::error("procfile::bad-wsgi", start..start + length, message)
        .with_help("write `module:callable`, such as `wsgi:application` or `blog.wsgi:app`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_module_and_perhaps_a_callable_make_an_entry() {
        let table = [
            ("wsgi", "wsgi", None),
            ("wsgi:app", "wsgi", Some("app")),
            ("blog.wsgi:application", "blog.wsgi", Some("application")),
            ("_a.b2:_app2", "_a.b2", Some("_app2")),
            ("blog:create_app()", "blog", Some("create_app()")),
            // As uWSGI imports them, though no `import` could name them.
            ("my-app:app", "my-app", Some("app")),
            ("my-shop.wsgi-2:create_app()", "my-shop.wsgi-2", Some("create_app()")),
            ("2048.wsgi", "2048.wsgi", None),
        ];
        for (text, module, callable) in table {
            let entry: WsgiEntry = text.parse().unwrap();
            assert_eq!((entry.module(), entry.callable()), (module, callable), "{text}");
            assert_eq!(entry.to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused_at_its_place() {
        let texts = [
            "",
            ":app",
            "app:",
            "a..b:c",
            "app:1x",
            "app:my-app",
            "-app:app",
            "--ini:app",
            "blog/wsgi.py",
            "app:app --x",
            "app:site.app",
            "app:a:b",
            "app:f(1)",
            "app:()",
            "a:$(X)",
            "a:@(exec://id)",
            "app()",
            "é:a",
        ];
        let shown = |text: &str| match text.parse::<WsgiEntry>() {
            Ok(entry) => entry.to_string(),
            Err(found) => format!("{text:15} {:?} {found}", found.span).trim_start().to_owned(),
        };
        insta::assert_snapshot!(texts.map(shown).join("\n"), @r"
        0..0 the name of a module is missing
        :app            0..0 the name of a module is missing
        app:            4..4 the name of the callable is missing
        a..b:c          2..2 the name of a module is missing
        app:1x          4..5 a Python name can't begin with `1`
        app:my-app      6..7 `-` can't be in a Python name
        -app:app        0..1 the name of a module can't begin with `-` here
        --ini:app       0..1 the name of a module can't begin with `-` here
        blog/wsgi.py    4..5 `/` can't be in the name of a module
        app:app --x     7..8 a space can't be in a Python name
        app:site.app    8..9 uWSGI does not look for a callable behind a dot
        app:a:b         5..6 `:` can't be in a Python name
        app:f(1)        5..6 `(` can't be in a Python name
        app:()          4..4 the name of the callable is missing
        a:$(X)          2..3 `$` can't be in a Python name
        a:@(exec://id)  2..3 `@` can't be in a Python name
        app()           3..4 `(` can't be in the name of a module
        é:a             0..2 `é` can't be in the name of a module
        ");
    }

    proptest! {
        #[test]
        fn what_is_accepted_has_no_character_that_uwsgi_expands(text in "[a-z.:()$@%_ 0-9é\n=-]{0,12}") {
            if let Ok(entry) = text.parse::<WsgiEntry>() {
                prop_assert_eq!(entry.to_string(), text.clone());
                prop_assert!(!text.contains(['$', '@', '%', ' ', '\n', '=']));
            }
        }
    }
}
