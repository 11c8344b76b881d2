//! Host names for which an authority can issue a certificate by http-01.

use std::fmt;
use std::net::IpAddr;

/// The most names in one certificate; Let's Encrypt allows no more.
pub const MOST_NAMES: usize = 100;

/// A host name that http-01 can prove: in lower case, without a dot at its end.
///
/// [`Directory::certifiable`](crate::Directory::certifiable) makes one, since what is possible depends on the authority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

impl DnsName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for DnsName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A name for which no certificate can be issued by http-01.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no authority can issue a certificate for `{name}` by http-01: {reason}")]
pub struct Uncertifiable {
    /// The name as it was given.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why no certificate can be issued for a name by http-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// `*.example.org`.
    Wildcard,
    /// A pattern of nginx's: `_`, `.example.org`, `mail.*`, `~…`.
    Pattern,
    /// An IP address.
    Address,
    /// A name without a dot, such as `server`.
    SingleLabel,
    /// It ends in a name that never leads anywhere on the Internet, such as `.local`.
    Reserved(&'static str),
    /// It has letters outside ASCII.
    NotAscii,
    /// It is not a host name.
    Malformed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard => f.write_str("it is a wildcard"),
            Self::Pattern => f.write_str("it is a pattern, not one name"),
            Self::Address => f.write_str("it is an address, not a name"),
            Self::SingleLabel => f.write_str("it has no dot, so it is not a name on the Internet"),
            Self::Reserved(ending) => write!(f, "names that end in `{ending}` lead nowhere on the Internet"),
            Self::NotAscii => f.write_str("it has letters outside ASCII"),
            Self::Malformed => f.write_str("it is not a host name"),
        }
    }
}

impl Uncertifiable {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::Wildcard => "acme::wildcard",
            Reason::Pattern => "acme::pattern",
            Reason::Address => "acme::address",
            Reason::SingleLabel | Reason::Reserved(_) => "acme::not-public",
            Reason::NotAscii | Reason::Malformed => "acme::bad-name",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self.reason {
            Reason::Wildcard => {
                "name each host by itself, or add a certificate for the wildcard that you have from elsewhere".to_owned()
            }
            Reason::Pattern => "name each host by itself".to_owned(),
            Reason::Address => "use a name that leads to this address".to_owned(),
            Reason::SingleLabel | Reason::Reserved(_) => {
                "use a name of a domain that you own, or a private authority for names of your own network".to_owned()
            }
            Reason::NotAscii => "write it as punycode (`xn--…`)".to_owned(),
            Reason::Malformed => {
                "a name has labels of letters, digits, and `-`, separated by dots, with at most 253 bytes in all".to_owned()
            }
        }
    }
}

/// Endings that are reserved (RFC 2606, 6761, 6762, 7686, 8375, 9476), or that networks use for themselves.
const RESERVED: [&str; 13] = [
    ".alt",
    ".arpa",
    ".corp",
    ".example",
    ".home",
    ".internal",
    ".intranet",
    ".invalid",
    ".lan",
    ".local",
    ".localdomain",
    ".onion",
    ".test",
];

/// Parses a name; `public` is whether the authority issues for names on the Internet only.
pub(crate) fn parse(text: &str, public: bool) -> Result<DnsName, Uncertifiable> {
    let refuse = |reason| Err(Uncertifiable { name: text.to_owned(), reason });
    let name = text.trim().to_ascii_lowercase();
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    if bare.parse::<IpAddr>().is_ok() {
        return refuse(Reason::Address);
    }
    if name.strip_prefix("*.").is_some_and(|rest| !rest.contains('*')) {
        return refuse(Reason::Wildcard);
    }
    if name == "_" || name.starts_with(['.', '~']) || name.contains('*') {
        return refuse(Reason::Pattern);
    }
    if !name.is_ascii() {
        return refuse(Reason::NotAscii);
    }
    let name = name.strip_suffix('.').unwrap_or(&name);
    let labels: Vec<&str> = name.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let ends_in_a_number = last.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() > 253 || !labels.iter().all(|label| is_label(label)) || ends_in_a_number {
        return refuse(Reason::Malformed);
    }
    if last == "localhost" {
        return refuse(Reason::Reserved(".localhost"));
    }
    if public && labels.len() < 2 {
        return refuse(Reason::SingleLabel);
    }
    let reserved = RESERVED.iter().find(|ending| ending[1..] == *last);
    if let Some(reserved) = reserved.filter(|_| public) {
        return refuse(Reason::Reserved(reserved));
    }
    Ok(DnsName(name.to_owned()))
}

/// Whether it is a label of a host name. Authorities refuse `_`.
fn is_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(fits)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(name: &str, public: bool) -> Option<Reason> {
        parse(name, public).err().map(|refused| refused.reason)
    }

    #[test]
    fn a_name_is_lower_case_and_without_its_last_dot() {
        assert_eq!(parse(" Blog.Example.ORG. ", true).unwrap().as_str(), "blog.example.org");
        assert_eq!(parse("xn--bcher-kva.example.org", true).unwrap().as_str(), "xn--bcher-kva.example.org");
    }

    #[test]
    fn what_no_authority_can_prove_is_refused_with_the_reason() {
        for (name, reason) in [
            ("*.example.org", Reason::Wildcard),
            ("_", Reason::Pattern),
            (".example.org", Reason::Pattern),
            ("mail.*", Reason::Pattern),
            ("*.example.*", Reason::Pattern),
            ("~^www\\d+$", Reason::Pattern),
            ("203.0.113.7", Reason::Address),
            ("2001:db8::1", Reason::Address),
            ("[2001:db8::1]", Reason::Address),
            ("bücher.example.org", Reason::NotAscii),
            ("", Reason::Malformed),
            ("a..example.org", Reason::Malformed),
            ("my_app.example.org", Reason::Malformed),
            ("-a.example.org", Reason::Malformed),
            ("a.example.org:443", Reason::Malformed),
            ("1.2.3.4.5", Reason::Malformed),
            ("localhost", Reason::Reserved(".localhost")),
            ("blog.localhost", Reason::Reserved(".localhost")),
        ] {
            for public in [true, false] {
                assert_eq!(why(name, public), Some(reason), "{name}");
            }
        }
        assert_eq!(why(&format!("{}.org", "a".repeat(64)), true), Some(Reason::Malformed));
        assert_eq!(why(&format!("{}org", "a.".repeat(126)), true), Some(Reason::Malformed));
    }

    #[test]
    fn a_private_authority_issues_for_names_of_its_network() {
        for (name, reason) in [
            ("server", Reason::SingleLabel),
            ("printer.local", Reason::Reserved(".local")),
            ("blog.test", Reason::Reserved(".test")),
            ("nas.home.arpa", Reason::Reserved(".arpa")),
            ("app.internal", Reason::Reserved(".internal")),
        ] {
            assert_eq!(why(name, true), Some(reason), "{name}");
            assert_eq!(why(name, false), None, "{name}");
        }
        // Only the whole of the last label counts.
        assert_eq!(why("contest.org", true), None);
        assert_eq!(why("my.locals", true), None);
    }

    #[test]
    fn every_reason_has_help_that_is_not_the_message() {
        for reason in
            [Reason::Wildcard, Reason::Pattern, Reason::Address, Reason::SingleLabel, Reason::NotAscii]
        {
            let refused = Uncertifiable { name: "x".to_owned(), reason };
            assert!(refused.code().starts_with("acme::"));
            assert!(!refused.help().is_empty() && !refused.to_string().contains(&refused.help()));
        }
    }
}
