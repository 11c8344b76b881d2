//! Settings on a command line: `KEY=VALUE…`, with `KEY=-` from standard input.

use piku_core::settings;

use super::input;
use crate::args::{NotASetting, Setting};
use crate::error::CliError;
use crate::session::Session;

/// The settings of a command line, one of which may be read from standard input.
pub(super) fn given(words: &[String], session: &Session) -> Result<Vec<(String, String)>, CliError> {
    if words.is_empty() {
        return Err(CliError::Usage("there is no setting".to_owned()));
    }
    let mut given = Vec::with_capacity(words.len());
    for word in words {
        let Setting(key, value) = word.parse()?;
        given.push((key, value));
    }
    let mut read = given.iter_mut().filter(|(_, value)| value == "-");
    if let (Some((key, value)), other) = (read.next(), read.next()) {
        if let Some((other, _)) = other {
            return Err(CliError::Usage(format!(
                "standard input holds one value, and both `{key}` and `{other}` are to be read from it"
            )));
        }
        *value = input::value(key, session)?;
        settings::check(key, value).map_err(NotASetting::from)?;
    }
    Ok(given)
}

/// Names settings with the lengths of their values, which show a quote that a shell took away, and no secret.
pub(super) fn lengths(settings: &[(String, String)]) -> String {
    let length = |value: &str| match value.len() {
        1 => "1 byte".to_owned(),
        length => format!("{length} bytes"),
    };
    let one = |(key, value): &(String, String)| format!("{key} ({})", length(value));
    settings.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::lengths;

    #[test]
    fn settings_are_named_with_the_length_of_their_values() {
        let set = [("A", ""), ("B", "x"), ("C", "né")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(lengths(&set), "A (0 bytes), B (1 byte), C (3 bytes)");
    }
}
