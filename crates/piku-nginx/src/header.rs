//! Headers added to every answer.

use crate::{InvalidSite, quote};

/// A header that nginx adds to every answer of a site, including its own errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
}

/// Headers that decide how an answer is read, or that nginx writes itself.
const NGINX_OWN: [&str; 13] = [
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Date",
    "Keep-Alive",
    "Location",
    "Server",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "X-Accel-Redirect",
];

/// Headers of which an answer may have several, so that the app's own stay.
const SEVERAL: [&str; 7] =
    ["Cache-Control", "Link", "Server-Timing", "Set-Cookie", "Vary", "Via", "WWW-Authenticate"];

/// The bytes that `$` takes when it is written as a variable; names of variables have at most 46.
const DOLLAR: usize = 49;

impl Header {
    /// Checks that both can be written as they are: a name of letters, digits, and `-`, and a printable value.
    ///
    /// # Errors
    /// [`InvalidSite::Header`] when one of them can't, and [`InvalidSite::HeaderName`] for a header that nginx writes.
    pub fn new(name: &str, value: &str) -> Result<Self, InvalidSite> {
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() <= 100
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        // nginx refuses words of more than 4096 bytes.
        let long: usize = value.chars().map(|c| if c == '$' { DOLLAR } else { quote::length(c) }).sum();
        let written = !value.is_empty() && long <= 4000 && !value.chars().any(char::is_control);
        if !(named && written) {
            return Err(InvalidSite::Header { name: name.to_owned(), value: value.to_owned() });
        }
        let refuse = |why| Err(InvalidSite::HeaderName { name: name.to_owned(), why });
        if NGINX_OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return refuse("nginx writes it itself");
        }
        if name.eq_ignore_ascii_case("Strict-Transport-Security") {
            return refuse("it belongs on answers over HTTPS only");
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// Parses headers such as `X-Frame-Options: DENY | Referrer-Policy: no-referrer`: separated by `|` or line breaks,
    /// without the white space around names and values. `||` stands for one `|` in a value; empty entries are skipped.
    ///
    /// # Errors
    /// [`InvalidSite::HeaderPair`], and those of [`Header::new`].
    pub fn parse_list(text: &str) -> Result<Vec<Self>, InvalidSite> {
        // A line break can't be in a value, so it can stand for the separators meanwhile.
        let mut lines = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let separates = c == '|' && chars.next_if_eq(&'|').is_none();
            lines.push(if separates { '\n' } else { c });
        }
        lines
            .split(['\n', '\r'])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                let pair = || InvalidSite::HeaderPair(entry.to_owned());
                let (name, value) = entry.split_once(':').ok_or_else(pair)?;
                Self::new(name.trim(), value.trim())
            })
            .collect()
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it takes the place of the app's own header of its name.
    pub(crate) fn is_single(&self) -> bool {
        !SEVERAL.iter().any(|name| name.eq_ignore_ascii_case(&self.name))
    }

    /// Whether its value has a `$`, which nginx can only write as a variable.
    pub(crate) fn has_dollar(&self) -> bool {
        self.value.contains('$')
    }

    /// Writes the directive; `dollar` is the name of a variable with the value `$`.
    pub(crate) fn directive(&self, dollar: &str) -> String {
        let value = self.value.replace('$', &format!("${{{dollar}}}"));
        format!("add_header {} {} always;", self.name, quote::word(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn a_header_is_two_words_or_refused() {
        let written = |name, value| Header::new(name, value).unwrap().directive("d");
        assert_eq!(written("X-By", "Shop"), "add_header X-By Shop always;");
        assert_eq!(written("A", "b; c"), "add_header A \"b; c\" always;");
        assert_eq!(written("A", "$host $"), "add_header A \"${d}host ${d}\" always;");
        for (name, value) in [("", "a"), ("a b", "a"), ("a;", "a"), ("a", ""), ("a", "b\nc"), ("$a", "b")] {
            assert!(Header::new(name, value).is_err(), "{name:?} {value:?}");
        }
        for name in ["Content-Length", "connection", "Strict-Transport-Security", "LOCATION"] {
            assert!(Header::new(name, "1").is_err(), "{name}");
        }
        assert!(
            Header::new("A", &"\"".repeat(2000)).is_ok() && Header::new("A", &"\"".repeat(2001)).is_err()
        );
        assert!(Header::new("A", &"$".repeat(81)).is_ok() && Header::new("A", &"$".repeat(82)).is_err());
    }

    #[test]
    fn a_list_keeps_every_value_as_it_is() {
        let read = |text: &str| {
            let list = Header::parse_list(text).unwrap();
            list.into_iter().map(|header| (header.name, header.value)).collect::<Vec<_>>()
        };
        let pairs = |list: &[(&str, &str)]| {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        for (text, list) in [
            ("", pairs(&[])),
            ("X-A: b", pairs(&[("X-A", "b")])),
            (" X-A : b:c ; d  |X-B:e|", pairs(&[("X-A", "b:c ; d"), ("X-B", "e")])),
            ("X-A: b\nX-B: c\r\n", pairs(&[("X-A", "b"), ("X-B", "c")])),
            ("X-A: b||c | X-A: |||X-B: d", pairs(&[("X-A", "b|c"), ("X-A", "|"), ("X-B", "d")])),
            (
                "A: default-src 'self'; img-src * data:",
                pairs(&[("A", "default-src 'self'; img-src * data:")]),
            ),
        ] {
            assert_eq!(read(text), list, "{text}");
        }
        for text in ["X-A", "X-A: b | c", "X-A:", ": b", "X A: b", "X-A: a\tb"] {
            assert!(Header::parse_list(text).is_err(), "{text}");
        }
    }
}
