//! Sizes of data.

use std::{fmt, str::FromStr};

use crate::InvalidSite;

/// A number of bytes, written as nginx does: `500`, `10k`, `100m`, or `2g`. Zero means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// The largest size: 1,000,000 GB.
    const LARGEST: u64 = 1_000_000 << 30;

    /// Makes it from a number of mebibytes.
    pub const fn megabytes(number: u32) -> Self {
        Self((number as u64) << 20)
    }

    /// Returns the number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = InvalidSite;

    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let refuse = || InvalidSite::Size(text.to_owned());
        let (digits, shift) = match text.as_bytes().last() {
            Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
            Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
            Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
            _ => (text, 0),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse());
        }
        let number: u64 = digits.parse().map_err(|_| refuse())?;
        let bytes = number.checked_mul(1 << shift).filter(|bytes| *bytes <= Self::LARGEST);
        bytes.map(Self).ok_or_else(refuse)
    }
}

impl fmt::Display for Size {
    /// Writes the size in the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = [(30, "g"), (20, "m"), (10, "k")]
            .into_iter()
            .find(|(shift, _)| self.0 != 0 && self.0.trailing_zeros() >= *shift);
        match unit {
            Some((shift, unit)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_are_read_and_written_as_nginx_does() {
        for (text, shown, bytes) in [
            ("0", "0", 0),
            ("0m", "0", 0),
            ("1000", "1000", 1000),
            ("1024", "1k", 1024),
            ("100m", "100m", 100 << 20),
            ("100M", "100m", 100 << 20),
            ("2048M", "2g", 2 << 30),
            ("1536k", "1536k", 1536 << 10),
            ("1000000g", "1000000g", 1_000_000 << 30),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.to_string().as_str(), size.bytes()), (shown, bytes), "{text}");
        }
        assert_eq!(Size::megabytes(100), "100m".parse().unwrap());
    }

    #[test]
    fn what_nginx_would_read_differently_is_refused() {
        for text in [
            "",
            "m",
            "1 m",
            "1mb",
            "1.5m",
            "-1",
            "+1",
            "1t",
            "0x10",
            "1m;",
            "1000001g",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text:?}");
        }
    }
}
