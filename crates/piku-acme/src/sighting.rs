//! What was seen at a name, and what follows from it.

use std::fmt;
use std::net::IpAddr;

use crate::{DnsName, Words};

/// What was seen at a name before an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The name.
    pub name: DnsName,
    /// What was seen.
    pub seen: Seen,
}

/// Whether a name leads here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// It does.
    Here,
    /// It does not resolve.
    NoAddress,
    /// Another server answers, at one of its addresses at least.
    Elsewhere {
        /// The address.
        address: IpAddr,
        /// What it answered.
        answer: Words,
    },
    /// Nobody answers this machine. Others may get an answer: many routers let nobody inside ask for their own address.
    NoAnswer {
        /// The first of its addresses.
        address: IpAddr,
        /// What happened.
        why: Words,
    },
    /// The name could not be looked at, from this machine and now.
    Unknown {
        /// Why not.
        why: Words,
    },
}

/// What was seen at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The answer that was placed.
    Ours,
    /// Another answer.
    Other(Words),
    /// None.
    None(Words),
    /// This machine has no way to addresses of this kind.
    NoWay,
}

/// Decides from the answers of all addresses of a name.
pub(crate) fn judge(answers: &[(IpAddr, Answer)]) -> Seen {
    let other = answers.iter().find_map(|(address, answer)| match answer {
        Answer::Other(words) => Some(Seen::Elsewhere { address: *address, answer: words.clone() }),
        _ => None,
    });
    if let Some(elsewhere) = other {
        return elsewhere;
    }
    if answers.iter().any(|(_, answer)| *answer == Answer::Ours) {
        return Seen::Here;
    }
    let silent = answers.iter().find_map(|(address, answer)| match answer {
        Answer::None(words) => Some(Seen::NoAnswer { address: *address, why: words.clone() }),
        _ => None,
    });
    silent.unwrap_or_else(|| Seen::Unknown { why: Words::new("this machine has no way to its addresses") })
}

impl Sighting {
    /// Whether an order would fail for certain, so that it is better not sent.
    #[must_use]
    pub fn forbids_order(&self) -> bool {
        matches!(self.seen, Seen::NoAddress | Seen::Elsewhere { .. })
    }

    /// What is wrong, as the name for other programs; none if the name leads here.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self.seen {
            Seen::Here => None,
            Seen::NoAddress => Some("acme::no-address"),
            Seen::Elsewhere { .. } => Some("acme::leads-elsewhere"),
            Seen::NoAnswer { .. } => Some("acme::no-answer"),
            Seen::Unknown { .. } => Some("acme::not-seen"),
        }
    }

    /// What to do now, if there is something to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let name = &self.name;
        match self.seen {
            Seen::Here | Seen::Unknown { .. } => None,
            Seen::NoAddress => Some(format!(
                "add an A or AAAA record for `{name}` with the address of this server, and wait until it is known"
            )),
            Seen::Elsewhere { address, .. } => {
                let record = if address.is_ipv4() { "A" } else { "AAAA" };
                Some(format!("change the {record} record of `{name}` to the address of this server, or remove it"))
            }
            Seen::NoAnswer { .. } => {
                Some("open port 80 to everyone (firewall, router), and check that the address is that of this server".to_owned())
            }
        }
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.seen {
            Seen::Here => write!(f, "`{name}` leads here"),
            Seen::NoAddress => write!(f, "`{name}` does not resolve"),
            Seen::Elsewhere { address, answer } => {
                write!(f, "`{name}` leads to {address}, where another server answers ({answer})")
            }
            Seen::NoAnswer { address, why } => {
                write!(f, "`{name}` leads to {address}, where nobody answers ({why})")
            }
            Seen::Unknown { why } => write!(f, "nothing is known about where `{name}` leads ({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(answers: &[(&str, Answer)]) -> Seen {
        let parsed = answers.iter().map(|(address, answer)| (address.parse().unwrap(), answer.clone()));
        judge(&parsed.collect::<Vec<_>>())
    }

    #[test]
    fn one_wrong_address_is_enough_to_fail() {
        let other = Answer::Other(Words::new("404"));
        let found = seen(&[("203.0.113.7", Answer::Ours), ("2001:db8::1", other)]);
        let sighting = Sighting {
            name: crate::Directory::lets_encrypt().certifiable("blog.example.org").unwrap(),
            seen: found,
        };
        assert!(sighting.forbids_order());
        assert_eq!(
            sighting.to_string(),
            "`blog.example.org` leads to 2001:db8::1, where another server answers (404)"
        );
        assert!(sighting.help().unwrap().contains("the AAAA record of `blog.example.org`"));
    }

    #[test]
    fn silence_is_no_proof() {
        let silent = || Answer::None(Words::new("connection refused"));
        assert_eq!(seen(&[("203.0.113.7", Answer::Ours), ("2001:db8::1", silent())]), Seen::Here);
        assert_eq!(seen(&[("203.0.113.7", Answer::Ours), ("2001:db8::1", Answer::NoWay)]), Seen::Here);
        let only = seen(&[("2001:db8::1", Answer::NoWay), ("203.0.113.7", silent())]);
        assert!(matches!(only, Seen::NoAnswer { address, .. } if address.is_ipv4()));
        assert!(matches!(seen(&[("2001:db8::1", Answer::NoWay)]), Seen::Unknown { .. }));
    }
}
