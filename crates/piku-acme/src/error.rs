//! Why a certificate was not issued.

use std::fmt;
use std::io;

use jiff::Timestamp;

use crate::DnsName;

/// Words of an authority's or of a server's, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Text from the network: one line, without control characters, of bounded length.
    pub(crate) fn new(text: &str) -> Self {
        const LONGEST: usize = 600;
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        Self(line.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the authority gives no reason") } else { f.write_str(&self.0) }
    }
}

impl std::error::Error for Words {}

/// Any error as a cause.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a certificate was not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The authority could not prove that names are ours.
    #[error("{0}")]
    Unproven(Unproven),
    /// There were too many orders, accounts, or failures.
    #[error("{authority} issues no certificate for now, because of its limits")]
    RateLimited {
        /// Who.
        authority: String,
        /// When it is possible again, if it says so.
        retry_at: Option<Timestamp>,
        /// What it says.
        source: Words,
    },
    /// The account may not order.
    #[error("{authority} refuses the account")]
    Account {
        /// Who.
        authority: String,
        /// What it says.
        source: Words,
    },
    /// The email address is refused.
    #[error("{authority} refuses the email address of the account")]
    Contact {
        /// Who.
        authority: String,
        /// What it says.
        source: Words,
    },
    /// An external account is needed.
    #[error("{authority} makes no account without an account at its site (external account binding)")]
    ExternalAccountRequired {
        /// Who.
        authority: String,
    },
    /// The external account is refused.
    #[error("{authority} refuses the external account")]
    ExternalAccount {
        /// Who.
        authority: String,
        /// What it says.
        source: Words,
    },
    /// The terms have changed, or something else is for a person to do.
    #[error("{authority} wants its new terms to be accepted by a person")]
    UserAction {
        /// Who.
        authority: String,
        /// What it says.
        source: Words,
    },
    /// It answers with errors of its own.
    #[error("{authority} is out of order (status {status})")]
    Down {
        /// Who.
        authority: String,
        /// The status of its response.
        status: u16,
        /// When to come back, if it says so.
        retry_at: Option<Timestamp>,
    },
    /// It can't be reached.
    #[error("could not reach {authority} at {url}")]
    Unreachable {
        /// Who.
        authority: String,
        /// The address.
        url: String,
        /// Why.
        source: Cause,
    },
    /// Its own certificate is not trusted.
    #[error("could not trust the server of {authority} at {url}")]
    Untrusted {
        /// Who.
        authority: String,
        /// The address.
        url: String,
        /// Why.
        source: Cause,
    },
    /// It refuses for another reason.
    #[error("{authority} refuses the order")]
    Refused {
        /// Who.
        authority: String,
        /// The kind of the problem, such as `badCSR`.
        kind: String,
        /// What it says.
        source: Words,
    },
    /// It answers in a way that is not understood.
    #[error("the answer of {authority} at {url} is not that of an ACME directory")]
    Odd {
        /// Who.
        authority: String,
        /// The address.
        url: String,
        /// Why.
        source: Cause,
    },
    /// An answer could not be placed where the authority asks for it.
    #[error("could not place the answer for `{name}`")]
    Challenge {
        /// For which name.
        name: DnsName,
        /// Why.
        source: io::Error,
    },
    /// The number of names is not one that a certificate can have.
    #[error("a certificate is for 1 to {most} names, not {count}", most = crate::name::MOST_NAMES)]
    NameCount {
        /// How many there were.
        count: usize,
    },
    /// Somebody called it off.
    #[error("the order was cancelled")]
    Cancelled,
    /// The order took too long.
    #[error("{authority} did not issue the certificate in time")]
    TimedOut {
        /// Who.
        authority: String,
    },
}

impl OrderError {
    /// The error's name for other programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unproven(unproven) => unproven.why.code(),
            Self::RateLimited { .. } => "acme::rate-limited",
            Self::Account { .. } => "acme::account-refused",
            Self::Contact { .. } => "acme::contact-refused",
            Self::ExternalAccountRequired { .. } => "acme::external-account-required",
            Self::ExternalAccount { .. } => "acme::external-account-refused",
            Self::UserAction { .. } => "acme::user-action-required",
            Self::Down { .. } => "acme::authority-down",
            Self::Unreachable { .. } => "acme::unreachable",
            Self::Untrusted { .. } => "acme::untrusted",
            Self::Refused { .. } => "acme::refused",
            Self::Odd { .. } => "acme::odd-answer",
            Self::Challenge { .. } => "acme::not-placed",
            Self::NameCount { .. } => "acme::name-count",
            Self::Cancelled => "acme::cancelled",
            Self::TimedOut { .. } => "acme::timed-out",
        }
    }

    /// What to do now, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Unproven(unproven) => return Some(unproven.help()),
            Self::RateLimited { retry_at, .. } => match retry_at {
                Some(at) => return Some(format!("order again after {}", minute(*at))),
                None => "wait a week, or use another authority meanwhile",
            },
            Self::Account { .. } => "remove the file of the account: the next order makes a new one",
            Self::Contact { .. } => "give an email address that receives mail, not one of `example.org`",
            Self::ExternalAccountRequired { .. } => {
                "create an account at its site, and give its key ID and HMAC key"
            }
            Self::ExternalAccount { .. } => {
                "copy its key ID and HMAC key again; some authorities give a new one for each account"
            }
            Self::UserAction { .. } => "follow the link in its message",
            Self::Down { .. } => "wait: there is nothing to do here",
            Self::Unreachable { .. } => "check that this machine may open connections to it (firewall, DNS)",
            Self::Untrusted { .. } => {
                "install `ca-certificates` and check the clock; for a private authority, give its root certificate"
            }
            Self::Odd { .. } => "check the address of the directory",
            Self::TimedOut { .. } => "order again: what was proved already need not be proved again",
            Self::Refused { .. } | Self::Challenge { .. } | Self::NameCount { .. } | Self::Cancelled => {
                return None;
            }
        };
        Some(help.to_owned())
    }

    /// When the authority wants to be asked again, if it says so.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::RateLimited { retry_at, .. } | Self::Down { retry_at, .. } => *retry_at,
            _ => None,
        }
    }

    /// The name that is to blame, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<&DnsName> {
        match self {
            Self::Unproven(unproven) => Some(&unproven.name),
            Self::Challenge { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// A name that the authority could not prove to be ours, and how many others there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// The name.
    pub name: DnsName,
    /// Why.
    pub why: Why,
    /// What the authority says.
    pub said: Words,
    /// The other names that it could not prove.
    pub others: Vec<DnsName>,
}

/// Why a name could not be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The name does not resolve.
    Dns,
    /// Nobody answers there.
    Connection,
    /// Somebody else answers there.
    WrongAnswer,
    /// It redirects to HTTPS that does not work.
    Tls,
    /// A CAA record of the domain names other authorities.
    Caa,
    /// The authority issues nothing for the name.
    Rejected,
    /// The authority does not offer http-01 for it.
    NoHttp,
    /// Another reason.
    Other,
}

impl Why {
    fn code(self) -> &'static str {
        match self {
            Self::Dns => "acme::dns",
            Self::Connection => "acme::connection",
            Self::WrongAnswer => "acme::wrong-answer",
            Self::Tls => "acme::tls",
            Self::Caa => "acme::caa",
            Self::Rejected => "acme::rejected-name",
            Self::NoHttp => "acme::no-http",
            Self::Other => "acme::unproven",
        }
    }
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, said, others, .. } = self;
        match self.why {
            Why::Dns => write!(f, "`{name}` does not resolve for the certificate authority")?,
            Why::Connection => write!(f, "the certificate authority can't connect to `{name}`")?,
            Why::WrongAnswer => write!(f, "another server answers the certificate authority at `{name}`")?,
            Why::Tls => write!(f, "`{name}` sends the certificate authority to HTTPS that does not work")?,
            Why::Caa => write!(f, "the DNS of `{name}` allows only other certificate authorities (CAA)")?,
            Why::Rejected => write!(f, "the certificate authority issues nothing for `{name}`")?,
            Why::NoHttp => write!(f, "the certificate authority does not prove `{name}` by http-01")?,
            Why::Other => write!(f, "the certificate authority could not prove that `{name}` is yours")?,
        }
        if !others.is_empty() {
            let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
            write!(f, ", nor {}", names.join(", "))?;
        }
        write!(f, ": {said}")
    }
}

impl Unproven {
    fn help(&self) -> String {
        let name = &self.name;
        match self.why {
            Why::Dns => format!("add an A or AAAA record for `{name}` with the address of this server, and wait until it is known"),
            Why::Connection => {
                "open port 80 to everyone (firewall, router), and check that the A and AAAA records are those of this server"
                    .to_owned()
            }
            Why::WrongAnswer => {
                format!("check that every A and AAAA record of `{name}` is an address of this server, and that no proxy answers for it")
            }
            Why::Tls => "let the site answer over HTTPS with any certificate, or do not redirect `/.well-known/`".to_owned(),
            Why::Caa => "add a CAA record that allows this authority, or use one that is allowed".to_owned(),
            Why::Rejected | Why::NoHttp => "use another name, or another authority".to_owned(),
            Why::Other => format!("check that `http://{name}/` answers from outside"),
        }
    }
}

fn minute(at: Timestamp) -> String {
    jiff::tz::TimeZone::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M UTC").to_string()
}
