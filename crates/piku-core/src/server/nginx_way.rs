//! Which nginx serves the sites: piku's own or the system's.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which nginx serves the sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NginxWay {
    /// piku's own: it runs as piku's user and serves nothing else.
    Own,
    /// The system's: it includes piku's sites next to others.
    System,
}

impl fmt::Display for NginxWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::System => "system",
        })
    }
}

impl std::str::FromStr for NginxWay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "own" => Ok(Self::Own),
            "system" => Ok(Self::System),
            _ => Err("it is `own` or `system`".to_owned()),
        }
    }
}
