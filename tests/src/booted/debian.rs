//! The Debian releases that servers are booted from.

use std::fmt;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use camino::Utf8Path;

/// A release of Debian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Debian {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Debian {
    /// Every release that piku is tested on, the older one first.
    pub const ALL: [Self; 2] = [Self::Bookworm, Self::Trixie];

    /// The name of its archive: `bookworm`.
    #[must_use]
    pub fn codename(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// Its number: 12.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Bookworm => 12,
            Self::Trixie => 13,
        }
    }

    /// The version of its Python: `3.11`.
    #[must_use]
    pub fn python(self) -> &'static str {
        match self {
            Self::Bookworm => "3.11",
            Self::Trixie => "3.13",
        }
    }
}

impl fmt::Display for Debian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Debian {} ({})", self.number(), self.codename())
    }
}

impl FromStr for Debian {
    type Err = String;

    /// Reads a number or a code name.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = |debian: &Self| text == debian.codename() || text == debian.number().to_string();
        Self::ALL.into_iter().find(named).ok_or_else(|| format!("`{text}` is not 12 or 13"))
    }
}

/// The Debian archive that this machine's apt uses, if any.
#[must_use]
pub fn mirror() -> Option<String> {
    let apt = Utf8Path::new("/etc/apt");
    let entries = apt.join("sources.list.d").read_dir_utf8().into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.into_path()).collect();
    files.sort();
    files.push(apt.join("sources.list"));
    files.iter().find_map(|file| archive_in(&fs::read_to_string(file).ok()?))
}

/// Whether the mirror accepts connections.
pub(crate) fn mirror_answers(mirror: &str) -> bool {
    let Some((scheme, rest)) = mirror.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let address = match host.contains(':') {
        true => host.to_owned(),
        false => format!("{host}:{}", if scheme == "https" { 443 } else { 80 }),
    };
    let mut addresses = address.to_socket_addrs().into_iter().flatten();
    addresses.any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok())
}

/// The first URI of a Debian archive in a file of sources, in either of apt's formats.
fn archive_in(text: &str) -> Option<String> {
    let words = text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(|line| {
        let one_line = line.strip_prefix("deb ");
        one_line.or_else(|| line.strip_prefix("URIs:"))
    });
    let mut uris = words.flat_map(str::split_whitespace).filter(|word| word.starts_with("http"));
    uris.find(|uri| uri.trim_end_matches('/').ends_with("/debian")).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::archive_in;

    #[test]
    fn the_archive_is_found_in_both_formats() {
        for text in [
            "deb https://other.example/apt stable main\ndeb [signed-by=/k] http://a.example/debian/ bookworm main",
            "# URIs: http://no.example/debian\nTypes: deb\nURIs: http://a.example/debian/\nSuites: bookworm\n",
        ] {
            assert_eq!(archive_in(text).as_deref(), Some("http://a.example/debian/"));
        }
        assert_eq!(archive_in("deb http://a.example/debian-security bookworm-security main"), None);
    }
}
