//! The arguments of `logs`.

use clap::Args;
use piku_core::AppName;
use regex_lite::Regex;

use crate::moment::Moment;

/// Which lines to show, and how.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The app
    pub(crate) app: AppName,
    /// Only these kinds or processes, such as `worker` or `web.2`; also `release`, `build`, and `nginx`
    #[arg(value_name = "KIND", value_parser = name)]
    pub(crate) names: Vec<String>,
    /// Wait for new lines, which is the default
    #[arg(short, long, overrides_with = "no_follow")]
    pub(crate) follow: bool,
    /// Do not wait for new lines
    #[arg(long, overrides_with = "follow")]
    pub(crate) no_follow: bool,
    /// How many of the last lines; 100 by default, or with --since all of them
    #[arg(short = 'n', long = "lines", value_name = "LINES")]
    pub(crate) lines: Option<usize>,
    /// Only lines since a time, such as 1h, 2d, today, yesterday, 10:00, or 2026-11-26T10:00
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    /// Only lines until a time; does not wait for new ones
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "follow")]
    pub(crate) until: Option<Moment>,
    /// Only lines that match a regular expression; one without capitals matches them too
    #[arg(long, value_name = "PATTERN", value_parser = pattern, allow_hyphen_values = true)]
    pub(crate) grep: Option<Regex>,
    /// Use UTC instead of the time zone of the server
    #[arg(long)]
    pub(crate) utc: bool,
    /// Include processes that are gone, and uWSGI's own startup and shutdown lines
    #[arg(long)]
    pub(crate) all: bool,
}

/// A kind or a process, which has no `:` in its name.
fn name(word: &str) -> Result<String, &'static str> {
    if word.contains(':') {
        return Err(
            "a kind has no `:`; over ssh, write a date and a time as one word, such as 2026-11-26T10:00",
        );
    }
    Ok(word.to_owned())
}

/// Like journalctl, ignores case unless the pattern has a capital.
fn pattern(word: &str) -> Result<Regex, regex_lite::Error> {
    let has_capital = word.chars().any(char::is_uppercase);
    regex_lite::RegexBuilder::new(word).case_insensitive(!has_capital).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_without_capitals_matches_them_too() {
        assert!(pattern("error|warn").unwrap().is_match("Error: x"));
        assert!(!pattern("Error").unwrap().is_match("error: x"));
        assert!(pattern("(").is_err());
        assert!(name("10:00").is_err() && name("web.2").is_ok());
    }
}
