//! What an emperor reports on its stats socket: one JSON document for each connection.
//!
//! Missing fields are zero, and unknown ones are ignored, because versions of uWSGI differ.

use serde::Deserialize;

/// The state of the emperor and its vassals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EmperorStats {
    /// The version of uWSGI.
    pub version: String,
    /// The emperor's process id.
    pub pid: i32,
    /// The vassals, in no particular order.
    pub vassals: Vec<VassalStats>,
    /// The vassals that failed, which are restarted at growing intervals.
    pub blacklist: Vec<Blacklisted>,
}

/// The state of one vassal. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct VassalStats {
    /// The name of its file, without the folder.
    pub id: String,
    /// The process id of its master.
    pub pid: i32,
    /// When this entry was made; a crash makes a new one.
    pub first_run: u64,
    /// When its process was last started.
    pub last_run: u64,
    /// Whether a worker accepts requests. With `need-app` this means that the app is ready; always false for daemons.
    #[serde(deserialize_with = "truth")]
    pub accepting: bool,
    /// Whether it reported that it is ready; always false after a reload in place.
    #[serde(deserialize_with = "truth")]
    pub ready: bool,
    /// Whether it has served a request.
    #[serde(deserialize_with = "truth")]
    pub loyal: bool,
    /// When it was asked to stop; 0 if it was not.
    pub cursed: u64,
    /// How often it was reloaded, not counting crashes.
    pub respawns: u64,
}

/// A vassal that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Blacklisted {
    /// The name of its file, without the folder.
    pub id: String,
    /// Milliseconds to wait before the next start.
    pub throttle_level: u64,
    /// How many starts were tried.
    pub attempt: u64,
    /// When it was first started.
    pub first_attempt: u64,
    /// When it was last started.
    pub last_attempt: u64,
}

impl EmperorStats {
    /// Finds the vassal whose file has this name.
    pub fn vassal(&self, id: &str) -> Option<&VassalStats> {
        self.vassals.iter().find(|vassal| vassal.id == id)
    }

    /// Finds the entry of a vassal that failed, by the name of its file.
    pub fn blacklisted(&self, id: &str) -> Option<&Blacklisted> {
        self.blacklist.iter().find(|entry| entry.id == id)
    }
}

/// Why an emperor's stats could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// The connection sent nothing.
    #[error("the emperor said nothing")]
    Empty,
    /// The document is not JSON of this form, or is cut short.
    #[error("could not read the emperor's stats")]
    Json(#[source] serde_json::Error),
}

/// Parses one document. Bytes that are not UTF-8 become `U+FFFD`: uWSGI copies file names as they are.
pub fn parse(bytes: &[u8]) -> Result<EmperorStats, StatsError> {
    let text = String::from_utf8_lossy(bytes);
    if text.trim().is_empty() {
        return Err(StatsError::Empty);
    }
    serde_json::from_str(&text).map_err(StatsError::Json)
}

/// Reads 0 and 1 as well as `true` and `false`: uWSGI uses both.
fn truth<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_bool().unwrap_or_else(|| value.as_i64().is_some_and(|number| number != 0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATS: &str = include_str!("../testdata/emperor.stats.json");

    #[test]
    fn the_stats_of_an_emperor_are_read() {
        let stats = parse(STATS.as_bytes()).unwrap();
        assert_eq!((stats.version.as_str(), stats.pid, stats.vassals.len()), ("2.0.21-debian", 28909, 2));
        insta::assert_debug_snapshot!(stats.vassal("blog_web.1@blog.7.ini"), @r#"
        Some(
            VassalStats {
                id: "blog_web.1@blog.7.ini",
                pid: 28911,
                first_run: 1795407037,
                last_run: 1795407038,
                accepting: true,
                ready: true,
                loyal: false,
                cursed: 1795407099,
                respawns: 0,
            },
        )
        "#);
        insta::assert_debug_snapshot!(stats.blacklisted("broken.ini"), @r#"
        Some(
            Blacklisted {
                id: "broken.ini",
                throttle_level: 3000,
                attempt: 2,
                first_attempt: 1795407040,
                last_attempt: 1795407044,
            },
        )
        "#);
        assert_eq!(stats.vassal("blog_web.1@blog.7"), None);
    }

    #[test]
    fn missing_and_unknown_fields_and_odd_bytes_are_no_mistake() {
        let stats =
            parse(b"{\"future\": [1], \"vassals\": [{\"id\": \"a\xff.ini\", \"accepting\": true}]}").unwrap();
        assert!(stats.vassal("a\u{fffd}.ini").unwrap().accepting);
    }

    #[test]
    fn nothing_and_half_a_document_are_mistakes() {
        assert!(matches!(parse(b""), Err(StatsError::Empty)));
        assert!(matches!(parse(&STATS.as_bytes()[..400]), Err(StatsError::Json(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }
}
