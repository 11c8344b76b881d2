//! The codes by which errors and diagnostics are named: `area::what-is-wrong`, spelled in one way everywhere.

use std::collections::BTreeSet;

/// What stands right before a code where one is given to a diagnostic.
const GIVERS: [&str; 4] = ["Diagnostic::error(", "Diagnostic::warning(", "Refusal::new(", "code: "];

/// The text that `rest` begins with, where it begins with one, and what is behind it.
fn quoted(rest: &str) -> Option<(&str, &str)> {
    rest.trim_start().strip_prefix('"')?.split_once('"')
}

/// Every code in `source`: what a `code()` answers, what diagnostics are made with, and all that looks like one.
fn codes(source: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for giver in GIVERS {
        found.extend(source.split(giver).skip(1).filter_map(quoted).map(|(code, _)| code));
    }
    for function in source.split("fn code(&self) -> &'static str {").skip(1) {
        let body = function.split("\n    }\n").next().unwrap_or_default();
        found.extend(body.split("=> ").filter_map(quoted).map(|(code, _)| code));
    }
    let texts = source.match_indices('"').filter_map(|(at, _)| quoted(&source[at..]));
    found.extend(texts.map(|(text, _)| text).filter(|text| is_code(text)));
    found
}

/// Whether it is two words in small letters, digits, and `-`, with `::` between them.
fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !word.ends_with('-')
    };
    text.split_once("::").is_some_and(|(area, what)| is_word(area) && is_word(what))
}

#[test]
fn every_code_is_an_area_and_what_is_wrong_there() {
    let sources = super::library_sources();
    let all: BTreeSet<&str> = sources.iter().flat_map(|(_, source)| codes(source)).collect();
    let odd: Vec<_> = all.iter().filter(|code| !is_code(code)).collect();
    assert!(odd.is_empty(), "write them as `area::what-is-wrong`: {odd:?}");
    // Other programs know mistakes by them: one that is gone or has another name is a change for its users.
    insta::assert_snapshot!(all.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_code_is_seen_wherever_it_is_given() {
    let source = r#"
        fn f() { Diagnostic::error(
            "one", 0..0, "a message"); let w = Warning { code: "two" }; g("three::is-one", "not::this one") }
        pub fn code(&self) -> &'static str {
        match self { Self::Command { kind: "preflight" } => "four", _ => inner.code() }
    }
    "#;
    assert_eq!(codes(source).into_iter().collect::<Vec<_>>(), ["four", "one", "three::is-one", "two"]);
}
