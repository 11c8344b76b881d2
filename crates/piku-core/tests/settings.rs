//! The ENV file against cases that are not ours, and against everything.

use std::collections::BTreeMap;

use piku_core::{Place, Severity, settings};
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn every_case_is_read_as_it_says() {
    let cases: Value = serde_json::from_str(include_str!("conformance/env.json")).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() >= 30);
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let parsed = settings::parse_env(text.as_bytes(), &BTreeMap::new());
        let values = parsed.values.map(|all| all.into_iter().map(|one| (one.key, one.value)).collect::<BTreeMap<_, _>>());
        let lines = |severity| -> Vec<usize> {
            let mut lines: Vec<usize> = parsed
                .diagnostics
                .iter()
                .filter(|found| found.severity == severity)
                .map(|found| Place::of(text.as_bytes(), found.span.start).line)
                .collect();
            lines.dedup();
            lines
        };
        let expect = &case["expect"];
        assert_eq!(serde_json::to_value(values).unwrap(), expect["values"], "{}", case["name"]);
        for (severity, key) in [(Severity::Error, "error_lines"), (Severity::Warning, "warning_lines")] {
            assert_eq!(serde_json::to_value(lines(severity)).unwrap(), expect[key], "{}: {key}", case["name"]);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_every_mistake_is_within_the_text(bytes: Vec<u8>) {
        let parsed = settings::parse_env(&bytes, &BTreeMap::new());
        for found in parsed.diagnostics {
            prop_assert!(found.span.start <= found.span.end && found.span.end <= bytes.len());
        }
    }

    #[test]
    fn a_plain_value_is_read_as_it_is(value in "[^$\\\\\\p{C}\\s\"'#]{0,30}") {
        let parsed = settings::parse_env(format!("KEY={value}\n").as_bytes(), &BTreeMap::new());
        prop_assert_eq!(&parsed.values.unwrap()[0].value, &value);
    }
}
