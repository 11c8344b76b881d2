//! Paths of URLs.

use std::{fmt, str::FromStr};

use crate::{InvalidSite, quote};

/// The path of a URL as nginx compares it: decoded, absolute, and without a trailing slash (except `/` itself).
///
/// It has no `%` (already decoded), no `?` or `#` (not part of it), nothing that nginx would expand, no white space,
/// and no `//`, `.`, or `..` (already resolved). At most 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UrlPath(String);

impl UrlPath {
    /// Returns the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// Returns the parts between the slashes.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// Writes the path as one word.
    pub(crate) fn word(&self) -> String {
        quote::word(&self.0)
    }

    /// Writes the path as one word with a trailing slash, so that `/static` does not match `/static.old`.
    pub(crate) fn folder_word(&self) -> String {
        quote::word(&format!("{}/", self.0.trim_end_matches('/')))
    }
}

impl FromStr for UrlPath {
    type Err = InvalidSite;

    fn from_str(url: &str) -> Result<Self, InvalidSite> {
        let refuse = |why| Err(InvalidSite::Url { url: url.to_owned(), why });
        if !url.starts_with('/') {
            return refuse("it does not begin with a slash");
        }
        if url.len() > 200 {
            return refuse("it is longer than 200 bytes");
        }
        if let Some(c) = url.chars().find(|c| !writable(*c)) {
            return refuse(match c {
                '%' => "it is compared after decoding, so it can't have a `%`",
                '$' => "nginx would expand the `$`",
                '?' | '#' => "what begins with `?` or `#` is not part of a path",
                _ => "it has a character that a path can't have here",
            });
        }
        let trimmed = url.trim_end_matches('/');
        if trimmed.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return refuse("nginx folds `//`, `.`, and `..` away before it compares");
        }
        Ok(Self(if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }))
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn writable(c: char) -> bool {
    c.is_alphanumeric() || "/-._~!&'()+,=:@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::UrlPath;

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        for (text, path) in
            [("/", "/"), ("///", "/"), ("/static/", "/static"), ("/a/b", "/a/b"), ("/ä", "/ä")]
        {
            assert_eq!(text.parse::<UrlPath>().unwrap().as_str(), path);
        }
    }

    #[test]
    fn what_nginx_would_never_match_is_refused() {
        for text in [
            "", "a", "/a b", "/a%20b", "/a$b", "/a//b", "/a/../b", "/.", "/a{b", "/a;b", "/a\"b", "/a\\b",
            "/a?b", "/a#b", "/a\nb", "/a*",
        ] {
            assert!(text.parse::<UrlPath>().is_err(), "{text:?}");
        }
    }
}
