//! Which authority is to issue the certificate of a site, and for which names. Pure.

use std::fmt;

use piku_acme::{Directory, DnsName, InvalidDirectory, Reason, Uncertifiable};

use crate::app::AppName;

/// Values of `ACME_ROOT_CA` with which no authority is asked.
const OFF: [&str; 4] = ["off", "none", "false", "self-signed"];

/// The authority to ask, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) directory: Directory,
    /// The names to order, at least one.
    pub(crate) names: Vec<DnsName>,
    /// Names that the authority can't vouch for.
    pub(crate) left_out: Vec<Uncertifiable>,
}

/// Why no authority is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNot {
    /// `ACME_ROOT_CA` says so.
    SwitchedOff,
    /// The app has a certificate of its own.
    Own,
    /// None of its names can have one.
    NoName(Vec<Uncertifiable>),
    /// `ACME_ROOT_CA` names no authority.
    Unknown(InvalidDirectory),
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("ACME_ROOT_CA switches it off"),
            Self::Own => f.write_str("it has a certificate of its own"),
            Self::NoName(names) => match names.first() {
                Some(first) => write!(f, "{first}"),
                None => f.write_str("it has no name"),
            },
            Self::Unknown(error) => write!(f, "{error}"),
        }
    }
}

impl WhyNot {
    pub(super) fn help(&self, app: &AppName) -> Option<String> {
        match self {
            Self::SwitchedOff => Some(format!("`config:unset {app} ACME_ROOT_CA` switches it on")),
            Self::Own => {
                Some(format!("`certs:add {app} CERT KEY` replaces it, `certs:remove {app}` removes it"))
            }
            Self::NoName(names) => names.first().map(Uncertifiable::help),
            Self::Unknown(error) => Some(error.help()),
        }
    }
}

/// The authority that `ACME_ROOT_CA` names, Let's Encrypt if it is not set; `None` if it is switched off.
pub(crate) fn authority(setting: Option<&str>) -> Result<Option<Directory>, InvalidDirectory> {
    match setting.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(Some(Directory::lets_encrypt())),
        Some(text) if OFF.iter().any(|off| off.eq_ignore_ascii_case(text)) => Ok(None),
        Some(text) => text.parse().map(Some),
    }
}

/// What to order for a site with these names; `has_own` if its owner gave it a certificate.
pub(crate) fn wish(setting: Option<&str>, server_names: &[String], has_own: bool) -> Result<Wish, WhyNot> {
    let directory = authority(setting).map_err(WhyNot::Unknown)?.ok_or(WhyNot::SwitchedOff)?;
    if has_own {
        return Err(WhyNot::Own);
    }
    let (mut names, mut left_out) = (Vec::new(), Vec::new());
    for name in server_names {
        // `.example.org` is the name and every name below it.
        let (plain, below) = match name.strip_prefix('.') {
            Some(plain) => (plain, Some(format!("*.{plain}"))),
            None => (name.as_str(), None),
        };
        for name in [Some(plain.to_owned()), below].into_iter().flatten() {
            match certifiable(&directory, &name) {
                Ok(name) if !names.contains(&name) => names.push(name),
                Ok(_) => {}
                Err(error) => left_out.push(error),
            }
        }
    }
    if names.is_empty() { Err(WhyNot::NoName(left_out)) } else { Ok(Wish { directory, names, left_out }) }
}

/// Domains for examples, which nobody can own (RFC 2606).
const EXAMPLES: [&str; 3] = [".example.com", ".example.net", ".example.org"];

fn certifiable(directory: &Directory, name: &str) -> Result<DnsName, Uncertifiable> {
    let name = directory.certifiable(name)?;
    let is_known = directory.to_string() != directory.url();
    let ends = |example: &&&str| format!(".{name}").ends_with(**example);
    match EXAMPLES.iter().find(ends).filter(|_| is_known) {
        Some(example) => Err(Uncertifiable { name: name.to_string(), reason: Reason::Reserved(example) }),
        None => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn lets_encrypt_is_asked_for_public_names_alone() {
        let wished = wish(None, &names("blog.debian.net *.debian.net .python.org"), false).unwrap();
        assert_eq!(wished.directory, Directory::lets_encrypt());
        let ordered: Vec<&str> = wished.names.iter().map(DnsName::as_str).collect();
        assert_eq!(ordered, ["blog.debian.net", "python.org"]);
        let left_out: Vec<&str> = wished.left_out.iter().map(|left| left.name.as_str()).collect();
        assert_eq!(left_out, ["*.debian.net", "*.python.org"]);
        for none in [
            "blog.test",
            "localhost",
            "nas.local",
            "blog.example.org",
            "10.0.0.5",
            "_",
            "*.debian.net",
            "mail.*",
        ] {
            assert!(matches!(wish(None, &names(none), false), Err(WhyNot::NoName(_))), "{none}");
        }
    }

    #[test]
    fn a_setting_and_a_certificate_of_ones_own_switch_it_off() {
        for off in ["off", " None", "false", "self-signed"] {
            assert_eq!(wish(Some(off), &names("debian.net"), false), Err(WhyNot::SwitchedOff), "{off}");
        }
        assert_eq!(wish(None, &names("debian.net"), true), Err(WhyNot::Own));
        assert_eq!(wish(Some(""), &names("debian.net"), false).unwrap().directory, Directory::lets_encrypt());
        assert!(matches!(wish(Some("letsencrpyt"), &names("debian.net"), false), Err(WhyNot::Unknown(_))));
        let private = wish(Some("https://ca.lan/acme/directory"), &names("nas.lan"), false).unwrap();
        assert_eq!(private.directory.url(), "https://ca.lan/acme/directory");
    }
}
