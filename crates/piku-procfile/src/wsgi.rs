//! Names a Python application: a module and its callable.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::Diagnostic;
use crate::encoding::shown;
use crate::piece::Piece;

/// A Python module and the callable in it, written `dotted.module:entry`.
///
/// It is written into a uWSGI file, where `$(...)`, `@(...)`, and `%` have a meaning, so it can hold only ASCII
/// Python names and dots.
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

    /// The callable in the module, possibly with dots, and followed by `()` when it is a factory.
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
        check_dotted(module)?;
        if let Some(callable) = callable {
            let name = callable.text.strip_suffix("()").unwrap_or(callable.text);
            check_dotted(Piece { text: name, ..callable })?;
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

fn check_dotted(names: Piece<'_>) -> Result<(), Diagnostic> {
    names.split('.').try_for_each(check_name)
}

fn check_name(name: Piece<'_>) -> Result<(), Diagnostic> {
    let starts = |character: char| character.is_ascii_alphabetic() || character == '_';
    let (offset, message) = match name.text.chars().next() {
        None => (0, "a Python name is missing".to_owned()),
        Some(first) if first.is_ascii_digit() => (0, format!("a Python name can't begin with `{first}`")),
        Some(_) => {
            let inner = |character: char| starts(character) || character.is_ascii_digit();
            let Some((offset, other)) = name.text.char_indices().find(|(_, character)| !inner(*character))
            else {
                return Ok(());
            };
            (offset, format!("{} can't be in a Python name", shown(other)))
        }
    };
    let start = name.start + offset;
    let length = name.text[offset..].chars().next().map_or(0, char::len_utf8);
    Err(Diagnostic::error("procfile::bad-wsgi", start..start + length, message)
        .with_help("write `module:callable`, such as `wsgi:application` or `blog.wsgi:app`"))
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
            ("_a.b2:site.app", "_a.b2", Some("site.app")),
            ("blog:create_app()", "blog", Some("create_app()")),
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
            "my-app:app",
            "app:app --x",
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
        0..0 a Python name is missing
        :app            0..0 a Python name is missing
        app:            4..4 a Python name is missing
        a..b:c          2..2 a Python name is missing
        app:1x          4..5 a Python name can't begin with `1`
        my-app:app      2..3 `-` can't be in a Python name
        app:app --x     7..8 a space can't be in a Python name
        app:a:b         5..6 `:` can't be in a Python name
        app:f(1)        5..6 `(` can't be in a Python name
        app:()          4..4 a Python name is missing
        a:$(X)          2..3 `$` can't be in a Python name
        a:@(exec://id)  2..3 `@` can't be in a Python name
        app()           3..4 `(` can't be in a Python name
        é:a             0..2 `é` can't be in a Python name
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
