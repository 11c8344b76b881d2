//! Versions of nginx.

use std::str::FromStr;

use crate::{Http2, InvalidSite};

/// The version of an nginx, as `nginx -v` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Returns how HTTP/2 is turned on: not before 1.9.5, by a directive since 1.25.1.
    pub fn http2(self) -> Http2 {
        if self < Self(1, 9, 5) {
            Http2::Off
        } else if self < Self(1, 25, 1) {
            Http2::ListenParameter
        } else {
            Http2::Directive
        }
    }

    /// Whether this nginx can refuse a TLS handshake (`ssl_reject_handshake`, since 1.19.4).
    pub fn reject_handshake(self) -> bool {
        self >= Self(1, 19, 4)
    }
}

impl FromStr for Version {
    type Err = InvalidSite;

    /// Parses `nginx version: nginx/1.22.1`, optionally followed by a note such as `(Ubuntu)`.
    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let refuse = || InvalidSite::Version(text.trim().to_owned());
        let numbers = text
            .lines()
            .find_map(|line| line.split_once("version:")?.1.split_once('/'))
            .map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default())
            .ok_or_else(refuse)?;
        let mut parts = numbers.split('.').map(str::parse);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) => Ok(Self(major, minor, patch)),
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Version;
    use crate::Http2;

    #[test]
    fn versions_of_all_packagers_are_read() {
        for (text, version) in [
            ("nginx version: nginx/1.22.1\n", Version(1, 22, 1)),
            ("nginx version: nginx/1.18.0 (Ubuntu)", Version(1, 18, 0)),
            ("nginx version: nginx/1.29.3-debug", Version(1, 29, 3)),
            ("nginx version: openresty/1.25.3.1", Version(1, 25, 3)),
            ("nginx version: nginx/1.25.1\nbuilt by gcc 12.2.0 (Debian 12.2.0-14)", Version(1, 25, 1)),
            ("warning: something\nnginx version: nginx/1.9.5", Version(1, 9, 5)),
        ] {
            assert_eq!(text.parse(), Ok(version));
        }
        for text in [
            "",
            "nginx/1.2.3",
            "nginx version: nginx",
            "nginx version: nginx/1.2",
            "nginx version: nginx/a.b.c",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_an_nginx_can_do_follows_from_its_version() {
        for (version, http2, reject) in [
            (Version(1, 9, 4), Http2::Off, false),
            (Version(1, 19, 3), Http2::ListenParameter, false),
            (Version(1, 19, 4), Http2::ListenParameter, true),
            (Version(1, 25, 0), Http2::ListenParameter, true),
            (Version(1, 25, 1), Http2::Directive, true),
            (Version(2, 0, 0), Http2::Directive, true),
        ] {
            assert_eq!((version.http2(), version.reject_handshake()), (http2, reject), "{version:?}");
        }
    }
}
