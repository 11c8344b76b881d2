//! Makes up values of settings.

use proptest::prelude::*;

use super::{HARMLESS, keys};

/// Parts of values: what has a meaning to nginx, and what has one in our settings.
const PARTS: &[&str] = &[
    "a",
    "b.org",
    "/",
    " ",
    ";",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "#",
    "$",
    "~",
    "=",
    "@",
    "^",
    "*",
    "%",
    ".",
    "..",
    "\n",
    "\r",
    "\t",
    ":",
    ",",
    "|",
    "||",
    "include",
    "ä",
    "(",
    ")",
    "[",
    "]",
    "_",
    "-",
    "0",
    "1",
    "127.0.0.1",
    "::1/0",
    "return 200;",
    "\\n",
    "$uri",
    "${uri}",
    "!",
    "<",
    "&",
    "\u{85}",
    "\u{a0}",
    "/etc/passwd",
    "../..",
    "X-C: d",
    "; alias /etc;",
    "} server {",
    "\"; deny all; \"",
    "always",
    "on",
    "off",
    "m",
    "ENV",
    "/.git",
    "Procfile",
    "\u{2028}",
    "`",
    "+",
    "?",
    "xn--",
    "/static:public",
    "/api",
];

/// A value: any text, parts, or a harmless value with parts in it.
fn value(key: &'static str) -> impl Strategy<Value = String> {
    let harmless = HARMLESS.iter().find(|(other, _)| *other == key).map_or("true", |(_, value)| *value);
    let parts = || prop::collection::vec(prop::sample::select(PARTS), 0..6).prop_map(|parts| parts.concat());
    let inserted = (0..=harmless.len(), parts(), any::<bool>()).prop_map(move |(at, parts, cut)| {
        let rest = if cut { "" } else { &harmless[at..] };
        format!("{}{parts}{rest}", &harmless[..at])
    });
    prop_oneof![1 => any::<String>(), 3 => parts(), 6 => inserted]
}

pub(super) fn key_and_value() -> impl Strategy<Value = (&'static str, String)> {
    prop::sample::select(keys()).prop_flat_map(|key| (Just(key), value(key)))
}
