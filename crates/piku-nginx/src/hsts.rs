//! Strict transport security.

use std::fmt;

use crate::InvalidSite;

/// For how long browsers request a site over HTTPS only (`Strict-Transport-Security`, RFC 6797).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hsts {
    /// Seconds from the last answer; 0 makes browsers forget it.
    pub max_age: u32,
    /// Whether it holds for every name below those of the site too.
    pub subdomains: bool,
    /// Whether browsers may have it built in.
    pub preload: bool,
}

/// A year, which browsers' own lists require.
const YEAR: u32 = 365 * 24 * 60 * 60;

impl Hsts {
    /// Makes it for the site's own names.
    pub fn new(max_age: u32) -> Self {
        Self { max_age, subdomains: false, preload: false }
    }

    /// Parses `on` (a year), `off`, or a number of seconds, which may be followed by `includeSubDomains` and by
    /// `preload`. The header itself is understood too: `max-age=31536000; includeSubDomains`.
    ///
    /// Fewer than 60 seconds are refused, except 0: a `1` would be meant as `on`.
    ///
    /// # Errors
    /// [`InvalidSite::Hsts`].
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidSite> {
        let refuse = |why| Err(InvalidSite::Hsts { text: text.to_owned(), why });
        let lower = text.to_ascii_lowercase();
        let mut words = lower.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        let mut hsts = match first.strip_prefix("max-age=").unwrap_or(first) {
            "on" | "true" | "yes" => Self::new(YEAR),
            "off" | "false" | "no" if words.next().is_none() => return Ok(None),
            digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                match digits.parse() {
                    Ok(seconds @ (0 | 60..)) if seconds <= 10 * YEAR => Self::new(seconds),
                    _ => return refuse("it can be 0, or 60 seconds to 10 years"),
                }
            }
            _ => return refuse("it begins with `on`, `off`, or a number of seconds"),
        };
        for word in words {
            match word {
                "includesubdomains" if !hsts.subdomains => hsts.subdomains = true,
                "preload" if !hsts.preload => hsts.preload = true,
                _ => return refuse("only `includeSubDomains` and `preload` may follow"),
            }
        }
        if hsts.preload && (!hsts.subdomains || hsts.max_age < YEAR) {
            return refuse("`preload` needs `includeSubDomains` and at least a year");
        }
        Ok(Some(hsts))
    }
}

impl fmt::Display for Hsts {
    /// Writes the value of the header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "max-age={}", self.max_age)?;
        for (set, word) in [(self.subdomains, "includeSubDomains"), (self.preload, "preload")] {
            if set {
                write!(f, "; {word}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Hsts;

    #[test]
    fn it_is_read_as_people_write_it() {
        for (text, value) in [
            ("on", Some("max-age=31536000")),
            ("On includeSubDomains", Some("max-age=31536000; includeSubDomains")),
            ("86400", Some("max-age=86400")),
            ("0", Some("max-age=0")),
            (
                "max-age=63072000; includeSubDomains; preload",
                Some("max-age=63072000; includeSubDomains; preload"),
            ),
            ("off", None),
            ("false", None),
        ] {
            let read = Hsts::parse(text).unwrap().map(|hsts| hsts.to_string());
            assert_eq!(read.as_deref(), value, "{text}");
        }
    }

    #[test]
    fn what_is_unclear_is_refused() {
        for text in [
            "",
            "1",
            "-1",
            "1d",
            "on on",
            "off includeSubDomains",
            "includeSubDomains",
            "on preload",
            "60 includeSubDomains preload",
            "on; always",
            "on \"",
            "99999999999",
            "on includesubdomains includesubdomains",
        ] {
            assert!(Hsts::parse(text).is_err(), "{text:?}");
        }
    }
}
