//! Ranges of addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::InvalidSite;

/// A range of addresses such as `192.0.2.0/24`.
///
/// Bits after the prefix are cleared, because nginx warns about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Makes the range of the addresses that share their first `prefix` bits with `address`.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, InvalidSite> {
        let cleared = match address {
            IpAddr::V4(v4) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Ipv4Addr::from_bits(v4.to_bits() & mask).into()
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Ipv6Addr::from_bits(v6.to_bits() & mask).into()
            }
            _ => return Err(InvalidSite::Network(format!("{address}/{prefix}"))),
        };
        Ok(Self { address: cleared, prefix })
    }

    /// Whether it has every address of its family.
    pub fn is_everybody(&self) -> bool {
        self.prefix == 0
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Network {
    type Err = InvalidSite;

    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let refuse = || InvalidSite::Network(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        match prefix {
            None => Ok(address.into()),
            Some(prefix) if prefix.bytes().all(|b| b.is_ascii_digit()) => {
                Self::new(address, prefix.parse().map_err(|_| refuse())?).map_err(|_| refuse())
            }
            Some(_) => Err(refuse()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        match self.prefix {
            prefix if prefix == whole => write!(f, "{}", self.address),
            prefix => write!(f, "{}/{prefix}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn low_bits_are_cleared() {
        for (text, shown) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("1.2.3.4/32", "1.2.3.4"),
            ("2400:cb00::1/32", "2400:cb00::/32"),
            ("::1/0", "::/0"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "all", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/+8", "1.2.3/8", "1.2.3.4/8;"] {
            assert!(text.parse::<Network>().is_err(), "{text:?}");
        }
    }
}
