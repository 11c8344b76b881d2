//! The cases that every reader of piku's Procfiles agrees on, from `conformance/procfile.json`.

use piku_procfile::{Diagnostic, Place, Severity, parse};
use serde::Deserialize;

const FILE: &str = include_str!("conformance/procfile.json");

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    text: Option<String>,
    /// Replaces `text` where the bytes are not text.
    base64: Option<String>,
    expect: Expected,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Expected {
    processes: Option<Vec<(String, String)>>,
    error_lines: Vec<usize>,
    warning_lines: Vec<usize>,
}

macro_rules! cases {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { check(stringify!($name)) })*
    };
}

cases! {
    basic blank_lines colon_in_command comment_line commented_out_process crlf cron_minute60 dash dash_end digit_start
    dot_name duplicate_case empty_command empty_file empty_name hash_in_command latin1_in_command leading_space
    leading_tab name63 no_colon no_final_newline nospace_after_colon only_comments slashslash_comment
    space_commented_process space_in_name trailing_comment trailing_space underscore uppercase url_slashslash
    utf8_in_command
}

#[test]
fn every_case_of_the_file_is_a_test() {
    assert_eq!(cases().iter().map(|case| case.name.as_str()).collect::<Vec<_>>(), NAMES);
}

fn cases() -> Vec<Case> {
    serde_json::from_str::<File>(FILE).expect("the file is JSON of this shape").cases
}

fn check(name: &str) {
    let case = cases().into_iter().find(|case| case.name == name).expect("a case of the file");
    let bytes = match (case.text, case.base64) {
        (Some(text), _) => text.into_bytes(),
        (None, base64) => decoded(&base64.expect("a text or bytes")),
    };
    let parsed = parse(&bytes);
    let lines = |severity: Severity| {
        let found = parsed.diagnostics.iter().filter(|found| found.severity == severity);
        let mut lines: Vec<_> =
            found.map(|found: &Diagnostic| Place::of(&bytes, found.span.start).line).collect();
        lines.dedup();
        lines
    };
    let processes = parsed.procfile.as_ref().map(|procfile| {
        procfile.entries().iter().map(|entry| (entry.name.to_string(), entry.command.clone())).collect()
    });
    let found =
        Expected { processes, error_lines: lines(Severity::Error), warning_lines: lines(Severity::Warning) };
    assert_eq!(found, case.expect);
}

fn decoded(base64: &str) -> Vec<u8> {
    let alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*b"+/").collect();
    let digit = |byte| alphabet.iter().position(|letter| *letter == byte).expect("a base64 digit");
    let digits: Vec<usize> = base64.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    digits
        .chunks(4)
        .flat_map(|four| {
            let bits = (0..4).fold(0, |bits, index| bits << 6 | four.get(index).unwrap_or(&0));
            [bits >> 16, bits >> 8, bits].into_iter().map(|byte| (byte & 255) as u8).take(four.len() - 1)
        })
        .collect()
}
