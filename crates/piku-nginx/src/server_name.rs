//! Host names of a site.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::{InvalidSite, quote};

/// A host name of a site.
///
/// A name in lower case, and in punycode if it is international; `*.example.org` for everything below a name,
/// `.example.org` for both, `mail.*` for every ending; or `_` for every host without a site. Regular expressions are
/// refused, and so are names below `.invalid`, which nobody can own (RFC 6761): some of them serve to reject unknown
/// hosts.
///
/// A name of more than 46 bytes is written as a regular expression, because it does not fit nginx's table of names: a
/// shorter wildcard, or the `_` of another site, may take precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(String);

/// The longest name in nginx's hash on most machines; nginx refuses to start with a longer one.
const LONGEST_IN_HASH: usize = 46;

impl ServerName {
    /// Parses names separated by white space or commas, without duplicates.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, InvalidSite> {
        let mut names = Vec::new();
        for name in text.split([',', ' ', '\t', '\n', '\r']).filter(|name| !name.is_empty()) {
            let name: Self = name.parse()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Returns the name as nginx compares it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `_`, every host without a site.
    pub fn is_any(&self) -> bool {
        self.0 == "_"
    }

    /// Whether it names one host, which is its [example](Self::example).
    pub fn is_plain(&self) -> bool {
        !self.is_any() && !self.0.starts_with(['*', '.']) && !self.0.ends_with('*')
    }

    /// Returns a host that the name matches, for requests to the site.
    ///
    /// `label` replaces a wildcard at the beginning. What `mail.*` and `_` match ends in `localhost`: such a name leads
    /// to this machine (RFC 6761), and frameworks that check the host often accept it.
    pub fn example(&self, label: &str) -> String {
        match self.0.as_str() {
            "_" => format!("{label}.localhost"),
            name => match (name.strip_prefix('*'), name.strip_suffix('*')) {
                (Some(rest), _) => format!("{label}{rest}"),
                (_, Some(rest)) => format!("{rest}localhost"),
                _ => name.trim_start_matches('.').to_owned(),
            },
        }
    }

    /// Makes a name of our own, which nobody else may have.
    pub(crate) fn ours(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Whether a browser that requests it names no host in the TLS handshake.
    pub(crate) fn is_nameless(&self) -> bool {
        self.is_any() || self.0.parse::<IpAddr>().is_ok()
    }

    /// Whether this name makes `other` a duplicate in nginx's hash, which nginx warns about.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.0.starts_with('.') && (other.0 == self.0[1..] || other.0.strip_prefix('*') == Some(&self.0))
    }

    /// Whether nginx would not accept both names in two servers.
    pub fn collides(&self, other: &Self) -> bool {
        self == other || self.covers(other) || other.covers(self)
    }

    /// Whether some host matches both names, so that two sites at one address can't both have them.
    ///
    /// `_` stands for the hosts that no site has. It meets only itself, and names that are compared as late as it is:
    /// those too long for nginx's table.
    pub fn meets(&self, other: &Self) -> bool {
        let (one, two) = (self.hosts(), other.hosts());
        if self.is_any() || other.is_any() {
            let late = |name: &Self| name.is_any() || name.0.len() > LONGEST_IN_HASH;
            return late(self) && late(other);
        }
        let both = |a: Option<&str>, b: Option<&str>, meet: fn(&str, &str) -> bool| {
            a.zip(b).is_some_and(|(a, b)| meet(a, b))
        };
        let is_in = |host: &Hosts<'_>, pattern: &Hosts<'_>| {
            both(host.exact, pattern.below, is_below) || both(host.exact, pattern.ends, begins)
        };
        let nested = |a: &str, b: &str| a == b || is_below(a, b) || is_below(b, a);
        let alike = |a: &str, b: &str| a == b || begins(a, b) || begins(b, a);
        both(one.exact, two.exact, |a, b| a == b)
            || is_in(&one, &two)
            || is_in(&two, &one)
            || both(one.below, two.below, nested)
            || both(one.ends, two.ends, alike)
            // `www.*` and `*.example.org` meet in `www.example.org`.
            || one.below.is_some() && two.ends.is_some()
            || one.ends.is_some() && two.below.is_some()
    }

    /// Whether this name matches every host that `other` matches.
    pub fn contains(&self, other: &Self) -> bool {
        let (all, some) = (self.hosts(), other.hosts());
        let exact = |host: &str| {
            all.exact == Some(host)
                || all.below.is_some_and(|below| is_below(host, below))
                || all.ends.is_some_and(|ends| begins(host, ends))
        };
        let below = |name: &str| all.below.is_some_and(|below| name == below || is_below(name, below));
        let ends = |name: &str| all.ends.is_some_and(|ends| name == ends || begins(name, ends));
        !other.is_any()
            && some.exact.is_none_or(exact)
            && some.below.is_none_or(below)
            && some.ends.is_none_or(ends)
    }

    fn hosts(&self) -> Hosts<'_> {
        let mut hosts = Hosts::default();
        match self.0.as_str() {
            "_" => {}
            name => match (name.strip_prefix("*."), name.strip_prefix('.'), name.strip_suffix(".*")) {
                (Some(below), ..) => hosts.below = Some(below),
                (_, Some(name), _) => (hosts.exact, hosts.below) = (Some(name), Some(name)),
                (_, _, Some(ends)) => hosts.ends = Some(ends),
                _ => hosts.exact = Some(name),
            },
        }
        hosts
    }

    /// Writes the name as one word.
    pub(crate) fn word(&self) -> String {
        if self.is_any() {
            return r#""~^""#.to_owned();
        }
        if self.0.len() <= LONGEST_IN_HASH {
            return self.0.clone();
        }
        let below = self.0.strip_prefix('*').or(self.0.strip_suffix('*')).unwrap_or(&self.0);
        let fixed = quote::literal(below.strip_prefix('.').unwrap_or(below));
        quote::word(&match () {
            () if self.0.starts_with('*') => format!(r"~.\.{fixed}$"),
            () if self.0.ends_with('*') => format!("~^{fixed}."),
            () if self.0.starts_with('.') => format!(r"~(?:^|.\.){fixed}$"),
            () => format!("~^{fixed}$"),
        })
    }
}

/// The hosts that a name matches.
#[derive(Debug, Clone, Copy, Default)]
struct Hosts<'a> {
    exact: Option<&'a str>,
    /// Those that end in this name, with something before it.
    below: Option<&'a str>,
    /// Those that begin with this name, with something behind it.
    ends: Option<&'a str>,
}

fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|label| label.ends_with('.'))
}

fn begins(host: &str, name: &str) -> bool {
    host.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

impl FromStr for ServerName {
    type Err = InvalidSite;

    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let refuse = |why| Err(InvalidSite::ServerName { name: text.to_owned(), why });
        let name = text.to_ascii_lowercase();
        if name == "_" {
            return Ok(Self(name));
        }
        let name = name.strip_suffix('.').unwrap_or(&name);
        if name.starts_with('~') {
            return refuse("regular expressions are not for host names here");
        }
        if !name.is_ascii() {
            return refuse("write it as punycode");
        }
        if name.len() > 253 {
            return refuse("it is longer than 253 bytes");
        }
        let fixed = match (name.strip_prefix("*."), name.strip_suffix(".*")) {
            (Some(_), Some(_)) => return refuse("`*` can stand at one end only"),
            (Some(rest), None) | (None, Some(rest)) => rest,
            (None, None) => name.strip_prefix('.').unwrap_or(name),
        };
        for label in fixed.split('.') {
            if label.is_empty() || label.len() > 63 {
                return refuse("between its dots are 1 to 63 characters");
            }
            if label.contains('*') {
                return refuse("`*` stands for the whole first or the whole last part");
            }
            if !label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
                return refuse("it is made of letters, digits, `-`, and `.`");
            }
            if label.starts_with('-') || label.ends_with('-') {
                return refuse("no part of it begins or ends with `-`");
            }
        }
        if fixed == "invalid" || fixed.ends_with(".invalid") {
            return refuse("names below `.invalid` belong to nobody");
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ServerName;

    #[test]
    fn names_are_compared_in_lower_case_and_without_the_last_dot() {
        for (text, name, example) in [
            ("Blog.Example.ORG", "blog.example.org", "blog.example.org"),
            ("example.org.", "example.org", "example.org"),
            ("*.example.org", "*.example.org", "any.example.org"),
            (".example.org", ".example.org", "example.org"),
            ("mail.*", "mail.*", "mail.localhost"),
            ("_", "_", "any.localhost"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
            ("my_host", "my_host", "my_host"),
        ] {
            let read: ServerName = text.parse().unwrap();
            assert_eq!((read.as_str(), read.example("any")), (name, example.to_owned()));
            assert_eq!(read.is_plain(), name == example, "{name}");
            // The example of a pattern is a host, not a pattern, and a valid name.
            assert!(example.parse::<ServerName>().unwrap().is_plain());
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        for text in [
            "",
            ".",
            "..",
            "*",
            "*.",
            "*.*",
            "a.*.b",
            "a*.org",
            "*.a.*",
            "a..b",
            "~^a",
            "a b",
            "a;b",
            "a{",
            "a\"",
            "$host",
            "bücher.example",
            "-a.org",
            "a-.org",
            "blog.site.invalid",
            "*.invalid",
            "a/b",
            "a:80",
            "[::1]",
            "a\n",
        ] {
            assert!(text.parse::<ServerName>().is_err(), "{text:?}");
        }
        assert!("a".repeat(64).parse::<ServerName>().is_err());
        assert!(vec!["abcdefg"; 32].join(".").parse::<ServerName>().is_err());
    }

    #[test]
    fn names_meet_where_one_host_matches_both() {
        let long = format!("{}.a.test", "x".repeat(50));
        let read = |text: &str| text.parse::<ServerName>().unwrap();
        for (one, other, meet) in [
            ("a.test", "A.TEST.", true),
            ("a.test", "b.test", false),
            (".a.test", "a.test", true),
            (".a.test", "x.y.a.test", true),
            (".a.test", "xa.test", false),
            ("*.a.test", "a.test", false),
            ("*.a.test", "x.a.test", true),
            ("*.a.test", ".a.test", true),
            ("*.a.test", "*.x.a.test", true),
            ("*.a.test", "*.xa.test", false),
            ("www.*", "www.a.test", true),
            ("www.*", "www", false),
            ("www.*", "www2.a.test", false),
            ("www.*", "www.a.*", true),
            ("www.*", "mail.*", false),
            ("www.*", "*.a.test", true),
            ("www.*", ".a.test", true),
            ("_", "_", true),
            ("_", "a.test", false),
            ("_", "*.a.test", false),
            ("_", &long, true),
            ("*.a.test", &long, true),
            ("192.0.2.1", "192.0.2.1", true),
        ] {
            assert_eq!(read(one).meets(&read(other)), meet, "{one} {other}");
            assert_eq!(read(other).meets(&read(one)), meet, "{other} {one}");
        }
    }

    #[test]
    fn a_name_contains_what_it_matches_as_a_whole() {
        let read = |text: &str| text.parse::<ServerName>().unwrap();
        for (all, some, contains) in [
            ("a.test", "a.test", true),
            (".a.test", "a.test", true),
            (".a.test", "*.a.test", true),
            ("*.a.test", ".a.test", false),
            ("*.a.test", "*.x.a.test", true),
            ("*.x.a.test", "*.a.test", false),
            ("a.test", ".a.test", false),
            ("www.*", "www.a.test", true),
            ("www.*", "www.a.*", true),
            ("www.*", "*.a.test", false),
            ("_", "_", false),
            ("_", "a.test", false),
        ] {
            assert_eq!(read(all).contains(&read(some)), contains, "{all} {some}");
        }
    }

    #[test]
    fn names_too_long_for_the_hash_become_expressions() {
        let long = "a".repeat(50);
        for (name, word) in [
            (format!("{long}.org"), format!(r#""~^{long}\\.org$""#)),
            (format!("*.{long}.org"), format!(r#""~.\\.{long}\\.org$""#)),
            (format!(".{long}.org"), format!(r#""~(?:^|.\\.){long}\\.org$""#)),
            (format!("{long}.*"), format!(r#""~^{long}\\.."#) + "\""),
            ("a.org".to_owned(), "a.org".to_owned()),
        ] {
            assert_eq!(name.parse::<ServerName>().unwrap().word(), word);
        }
    }

    #[test]
    fn a_list_has_each_name_once() {
        let names = ServerName::parse_list("a.org, b.org,A.org  c.org\tb.org,").unwrap();
        assert_eq!(names.iter().map(ServerName::as_str).collect::<Vec<_>>(), ["a.org", "b.org", "c.org"]);
    }
}
