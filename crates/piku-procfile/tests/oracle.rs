//! The `procfile` crate as an oracle: we read every line that it accepts in the same way, except for the deviations
//! listed here.

use piku_procfile::parse;
use proptest::prelude::*;

/// What the oracle reads from one line: the name and the command.
fn oracle(line: &str) -> Option<(String, String)> {
    let found = procfile::parse(line).ok()?;
    let found = found.iter().next()?;
    let process = found.value();
    let words = std::iter::once(process.command).chain(process.options.iter().copied());
    Some(((*found.key()).to_owned(), words.collect::<Vec<_>>().join(" ")))
}

/// What this crate reads from it.
fn ours(line: &str) -> Result<(String, String), &'static str> {
    let parsed = parse(line.as_bytes());
    let entry = parsed.procfile.as_ref().map(|procfile| procfile.entries()[0].clone());
    entry.map(|entry| (entry.name.to_string(), entry.command)).ok_or_else(|| {
        parsed.diagnostics.iter().find(|found| found.is_error()).map_or("", |found| found.code)
    })
}

#[test]
fn a_line_that_we_refuse_and_the_oracle_accepts_is_one_of_these() {
    let long = format!("{}: x", "a".repeat(64));
    let table = [
        // The oracle knows no kinds.
        ("wsgi: app:my-app", "procfile::bad-wsgi"),
        ("cron: 60 * * * * x", "procfile::bad-schedule"),
        ("cron: @daily", "procfile::cron-without-command"),
        // To the oracle, a CR is part of a command, or white space around it.
        ("web: a\rworker: b", "procfile::stray-cr"),
        ("web: a\r\r", "procfile::stray-cr"),
        ("web: a\0", "procfile::nul"),
        (long.as_str(), "procfile::bad-name"),
        ("_web: x", "procfile::bad-name"),
        // The oracle's command is empty.
        ("web: ", "procfile::empty-command"),
        // The oracle knows no second line.
        ("web: a \\", "procfile::continuation"),
    ];
    for (line, code) in table {
        assert!(oracle(line).is_some(), "{line:?}");
        assert_eq!(ours(line), Err(code), "{line:?}");
    }
}

#[test]
fn a_line_that_the_oracle_drops_and_we_read_is_one_of_these() {
    for line in ["my-worker: x", "  web: x", "web : x", "\u{feff}web: x"] {
        assert_eq!(oracle(line), None, "{line:?}");
        assert!(ours(line).is_ok(), "{line:?}");
    }
}

/// Whether a line is one of the pinned deviations.
fn deviates(name: &str, command: &str, line: &str) -> bool {
    let typed = name == "wsgi" || name.starts_with("cron");
    let named = name.len() > 63 || name.starts_with('_');
    let damaged = line.contains(['\r', '\0']) || command.is_empty() || command.ends_with('\\');
    typed || named || damaged
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_the_oracle_accepts_we_read_the_same(
        line in prop_oneof![
            "[A-Za-z0-9_]{1,8}:[ \t]{0,2}\\PC{0,16}",
            "(web|worker|wsgi|cron|static|php)[a-z0-9]{0,2}:[ \t]{0,2}[-a-z0-9 :#\"'$%\\\\*\t\r/é]{0,16}",
            "\\PC{0,16}",
        ],
    ) {
        if let Some((name, command)) = oracle(&line)
            && !deviates(&name, &command, &line)
        {
            prop_assert_eq!(ours(&line), Ok((name, command)));
        }
    }
}
