//! Why a value can't be part of a site.

use std::net::AddrParseError;

/// Why a path can't be served.
pub(crate) const OUTSIDE: &str = "only files in the app's folder and in its data are served";

/// Why a value can't be part of a site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSite {
    /// The namespace has an invalid character, or is too long.
    #[error("`{0}` can't be the namespace of sites")]
    Namespace(String),
    /// The comment is empty, too long, or not printable.
    #[error("`{0}` can't be a comment")]
    Comment(String),
    /// The header has an invalid character, or one that nginx would expand.
    #[error("`{name}: {value}` can't be added to answers")]
    Header {
        /// The name as given.
        name: String,
        /// The value as given.
        value: String,
    },
    /// An entry of a list of headers has no colon.
    #[error("`{0}` is not a header such as `X-Frame-Options: DENY`")]
    HeaderPair(String),
    /// The header can't be added by a site.
    #[error("the header `{name}` can't be added: {why}")]
    HeaderName {
        /// The name as given.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The size is not a number with a unit, or too large.
    #[error("`{0}` is not a size such as `100m`")]
    Size(String),
    /// The text does not say for how long browsers use HTTPS only.
    #[error("`{text}` does not say for how long browsers use HTTPS only: {why}")]
    Hsts {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A range of trusted proxies has every address.
    #[error("`{0}` trusts everybody: any visitor could choose the address that the app sees")]
    TrustsAll(String),
    /// The file name has an invalid character, or is too long.
    #[error("`{0}` can't be the name of a file that is never served")]
    FileName(String),
    /// The site name has an invalid character, or is too long.
    #[error("`{0}` can't name a site")]
    Name(String),
    /// nginx would not match the host name as it is written.
    #[error("`{name}` is not a server name: {why}")]
    ServerName {
        /// The text as given.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The path can't be written into a configuration, or not safely.
    #[error("`{path}` can't be used as a path by nginx: {why}")]
    Path {
        /// The text as given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// nginx can't match the URL path, or not as it is written.
    #[error("`{url}` is not a URL path: {why}")]
    Url {
        /// The text as given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The address of a backend can't be parsed.
    #[error("`{address}` is not an address and a port")]
    Address {
        /// The text as given.
        address: String,
        /// The parser's error.
        source: AddrParseError,
    },
    /// The range of addresses can't be parsed.
    #[error("`{0}` is not an address or a range such as `192.0.2.0/24`")]
    Network(String),
    /// The answer of the probe is not printable, or has a character that nginx would expand.
    #[error("`{0}` can't be the answer of a probe")]
    Answer(String),
    /// An entry of a list of static paths is not a pair.
    #[error("`{0}` is not a pair such as `/static:public`")]
    StaticPair(String),
    /// Two entries of a list of static paths have the same URL.
    #[error("`{0}` is mapped twice")]
    StaticTwice(String),
    /// The text is not what `nginx -v` prints.
    #[error("`{0}` names no version of nginx")]
    Version(String),
}

impl InvalidSite {
    /// Returns what to do about it, if there is something to do.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::ServerName { .. } => {
                "use host names such as `blog.example.org` or `*.example.org`; write international names as punycode: `xn--…`"
            }
            Self::StaticPair(_) => {
                "write pairs of a URL and a folder or file, with commas between them: `/static:public,/robots.txt:robots.txt`"
            }
            Self::StaticTwice(_) => "keep one of the two",
            Self::Path { why: OUTSIDE, .. } => {
                "name a file or folder of the app, such as `/static:public`, or of its data: `/media:$DATA_ROOT/media`"
            }
            Self::Url { .. } => {
                "write the path as it is after decoding, beginning with a slash, such as `/static`"
            }
            Self::HeaderPair(_) | Self::Header { .. } => {
                "write `Name: value`, and ` | ` between headers; a `|` in a value is written `||`"
            }
            Self::Size(_) => "write a number of bytes, or one with `k`, `m`, or `g`; `0` is no limit",
            Self::Hsts { .. } => {
                "write `on`, or a number of seconds such as `86400`; `includeSubDomains` may follow"
            }
            Self::TrustsAll(_) => "write the addresses of your proxies, such as `10.0.0.0/8`",
            Self::Network(_) => "write addresses such as `192.0.2.7` or ranges such as `2001:db8::/32`",
            _ => return None,
        })
    }
}
