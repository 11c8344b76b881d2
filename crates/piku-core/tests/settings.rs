//! The settings of an app, read as its owner wrote them.

use std::collections::BTreeMap;

use piku_core::settings::{
    self, InvalidSetting, Layers, MAX_VALUE, Origin, StoredSettings, live_env, parse_env,
};
use piku_procfile::{Diagnostic, Place, Severity};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Conformance {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    text: String,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    values: Option<BTreeMap<String, String>>,
    error_lines: Vec<usize>,
    warning_lines: Vec<usize>,
}

fn read(text: &[u8]) -> Option<BTreeMap<String, String>> {
    let values = parse_env(text, &BTreeMap::new()).values?;
    Some(values.into_iter().map(|one| (one.key, one.value)).collect())
}

fn lines(text: &[u8], diagnostics: &[Diagnostic], severity: Severity) -> Vec<usize> {
    let wanted = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
    let mut lines: Vec<_> = wanted.map(|diagnostic| Place::of(text, diagnostic.span.start).line).collect();
    lines.dedup();
    lines
}

/// One line for each diagnostic: place, code, what the span covers, message, help.
fn shown(text: &[u8], diagnostics: &[Diagnostic]) -> String {
    let line = |one: &Diagnostic| {
        let Place { line, column } = Place::of(text, one.span.start);
        let severity = if one.severity == Severity::Error { "error" } else { "warning" };
        let part = String::from_utf8_lossy(&text[one.span.clone()]).escape_debug().to_string();
        let help = one.help.as_deref().unwrap_or("-");
        format!("{line}:{column} {severity}[{}] at `{part}`: {}\n  help: {help}", one.code, one.message)
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn diagnose(text: &[u8]) -> String {
    shown(text, &parse_env(text, &BTreeMap::new()).diagnostics)
}

fn stored(text: &str) -> StoredSettings {
    let (stored, diagnostics) = StoredSettings::parse(text.as_bytes());
    stored.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

fn problems(env: &str) -> String {
    let parsed = parse_env(env.as_bytes(), &BTreeMap::new());
    let layers = Layers::new(parsed.values.unwrap_or_default(), &StoredSettings::default());
    let (_, problems) = settings::options(&layers);
    let diagnostics: Vec<_> = problems.into_iter().map(|problem| problem.diagnostic).collect();
    shown(env.as_bytes(), &diagnostics)
}

#[test]
fn the_conformance_cases_hold() {
    let all: Conformance = serde_json::from_str(include_str!("conformance/env.json")).unwrap();
    for case in all.cases {
        let text = case.text.as_bytes();
        let parsed = parse_env(text, &BTreeMap::new());
        assert_eq!(read(text), case.expect.values, "{}", case.name);
        let found = |severity| lines(text, &parsed.diagnostics, severity);
        assert_eq!(found(Severity::Error), case.expect.error_lines, "{}", case.name);
        assert_eq!(found(Severity::Warning), case.expect.warning_lines, "{}", case.name);
    }
}

#[test]
fn all_mistakes_are_reported_at_once_each_at_its_place() {
    let text = b"A=1\n<<<<<<< HEAD\nB\n=======\n  =x\nC-D=1\n>>>>>>> other\n1E=2\nF=\xE9\nG=\0\nH=a\rb\n\xC3\xA9=1\n";
    insta::assert_snapshot!(diagnose(text), @r"
    2:1 error[env::merge-conflict] at `<<<<<<< HEAD`: this is a marker of a merge conflict
      help: resolve the conflict and commit the file again
    3:1 error[env::missing-equals] at `B`: this line has no `=`
      help: write `KEY=value`, or begin the line with `#` to make it a comment
    4:1 error[env::merge-conflict] at `=======`: this is a marker of a merge conflict
      help: resolve the conflict and commit the file again
    5:3 error[env::empty-key] at ``: there is no key before the `=`
      help: write `KEY=value`
    6:2 error[env::bad-key] at `-`: a key can't hold `-`
      help: use letters, digits, and `_` only, beginning with a letter or `_`
    7:1 error[env::merge-conflict] at `>>>>>>> other`: this is a marker of a merge conflict
      help: resolve the conflict and commit the file again
    8:1 error[env::bad-key] at `1`: a key can't begin with a digit (`1`)
      help: use letters, digits, and `_` only, beginning with a letter or `_`
    9:3 error[env::not-utf-8] at `�`: the byte 0xE9 is not UTF-8
      help: save the file as UTF-8
    10:3 error[env::nul] at `\0`: the byte 0x00 (NUL) can't be in a setting
      help: remove the byte
    11:4 error[env::stray-cr] at `\r`: a carriage return (0x0D) that does not end a line
      help: end every line with LF or CRLF
    12:1 error[env::bad-key] at `é`: a key can't hold `é`
      help: use letters, digits, and `_` only, beginning with a letter or `_`
    ");
}

#[test]
fn odd_lines_are_read_with_a_warning() {
    let text = b"\xEF\xBB\xBFexport A=1\r\nB=\"x\"\r\nC=x # why\r\nD= #x\r\nNGINX_SERVERNAME=x\r\nA=2\r\nGIT_REV=1\r\n";
    assert_eq!(
        read(text),
        Some(
            [
                ("A", "2"),
                ("B", "\"x\""),
                ("C", "x # why"),
                ("D", "#x"),
                ("GIT_REV", "1"),
                ("NGINX_SERVERNAME", "x")
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
        )
    );
    insta::assert_snapshot!(diagnose(text), @r#"
    1:1 warning[env::bom] at `\u{feff}`: the file begins with a byte order mark
      help: save it as UTF-8 without a byte order mark
    1:2 warning[env::export] at `export`: `export` is not needed: this sets `A`
      help: remove `export`
    2:3 warning[env::quoted] at `\"x\"`: the quotes are part of the value of `B`
      help: remove them, unless the app wants them
    3:5 warning[env::inline-comment] at `# why`: `#` begins a comment only at the start of a line: this is part of the value of `C`
      help: put the comment on its own line
    4:4 warning[env::inline-comment] at `#x`: `#` begins a comment only at the start of a line: this is part of the value of `D`
      help: put the comment on its own line
    5:1 warning[env::unknown-key] at `NGINX_SERVERNAME`: `NGINX_SERVERNAME` is not a setting of piku
      help: did you mean `NGINX_SERVER_NAME`?
    6:1 warning[env::duplicate-key] at `A`: `A` is set again, in place of line 1
      help: keep one of the two lines
    7:1 warning[env::own-key] at `GIT_REV`: `GIT_REV` is set by piku, and this line changes nothing
      help: remove it, or use another key
    "#);
}

#[test]
fn utf_16_is_one_mistake() {
    insta::assert_snapshot!(diagnose(b"\xFF\xFEA\0=\x001\0\n\0"), @r"
    1:1 error[env::not-utf-8] at `��`: the file is UTF-16, not UTF-8
      help: save it as UTF-8
    ");
}

#[test]
fn earlier_lines_count_before_known_names_except_for_pikus_own() {
    let known =
        [("APP", "blog"), ("HOME", "/home/piku")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let text = b"A=$HOME $B $APP\nB=later\nHOME=/other\nAPP=x\nC=$HOME $APP \\$HOME\n";
    let values = parse_env(text, &known.into()).values.unwrap();
    let values: Vec<_> = values.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(values, ["/home/piku $B blog", "later", "/other", "x", "/other blog $HOME"]);
}

#[test]
fn a_value_that_doubles_its_way_up_is_refused() {
    let mut text = format!("A={}\n", "x".repeat(1000));
    (0..40).for_each(|_| text.push_str("A=$A$A\n"));
    let parsed = parse_env(text.as_bytes(), &BTreeMap::new());
    assert_eq!(parsed.values, None);
    assert!(parsed.diagnostics.iter().any(|one| one.code == "env::too-long"));
}

#[test]
fn a_peers_file_keeps_its_comments_its_order_and_its_blank_lines() {
    let mut settings = stored("# mine\nB=1\n\nA = $B \"x\" # y\n");
    assert_eq!(settings.get("A"), Some("$B \"x\" # y"));
    settings.set("C", "two\nlines ").unwrap();
    settings.set("B", "2").unwrap();
    assert_eq!(settings.keys().collect::<Vec<_>>(), ["B", "A", "C"]);
    insta::assert_snapshot!(settings, @r#"
    # mine
    B=2

    A = $B "x" # y
    C@json="two\nlines "
    "#);
    assert!(settings.unset("B"));
    assert!(!settings.unset("B"));
    assert_eq!(settings.to_string(), "# mine\n\nA = $B \"x\" # y\nC@json=\"two\\nlines \"\n");
}

#[test]
fn a_key_given_twice_is_one_key_after_it_is_set() {
    let mut settings = stored("A=1\nB=2\nA@json=\"3\"\n");
    assert_eq!(settings.iter().collect::<Vec<_>>(), [("B", "2"), ("A", "3")]);
    settings.set("A", "3").unwrap();
    assert_eq!(settings.to_string(), "B=2\nA@json=\"3\"\n");
    settings.unset("A");
    assert_eq!(settings.get("A"), None);
}

#[test]
fn a_damaged_file_says_where() {
    let text = b"A=1\nB@json=\"open\nC@json=\"\\u0000\"\nD\n@json=\"x\"\nUWSGI_PROCESES=3\nA=2\n";
    let (settings, diagnostics) = StoredSettings::parse(text);
    assert!(settings.is_none());
    insta::assert_snapshot!(shown(text, &diagnostics), @r#"
    2:8 error[env::bad-json] at `\"open`: this is not a JSON string
      help: write the value in double quotes, as in "two\nlines"
    3:8 error[env::nul] at `\"\\u0000\"`: the value of `C` holds a NUL byte
      help: encode the value, for example as base64
    4:1 error[env::missing-equals] at `D`: this line has no `=`
      help: write `KEY=value`, or begin the line with `#` to make it a comment
    5:1 error[env::empty-key] at `@json`: there is no key before the `=`
      help: write `KEY=value`
    6:1 warning[env::unknown-key] at `UWSGI_PROCESES`: `UWSGI_PROCESES` is not a setting of piku, and not handed on to the processes
      help: did you mean `UWSGI_PROCESSES`?
    7:1 warning[env::duplicate-key] at `A`: `A` is set again, and this line wins
      help: remove the earlier line, or let the next `config:set` of the key do it
    "#);
}

#[test]
fn what_no_process_can_be_started_with_is_not_stored() {
    let mut settings = StoredSettings::default();
    let refused = |error: InvalidSetting| format!("{error}\n  help: {}", error.help());
    let cases = [
        ("1A", "x".to_owned()),
        ("", String::new()),
        ("A", "a\0b".to_owned()),
        ("A", "x".repeat(MAX_VALUE + 1)),
    ];
    let messages = cases.map(|(key, value)| refused(settings.set(key, &value).unwrap_err()));
    insta::assert_snapshot!(messages.join("\n"), @r"
    `1A` can't be the key of a setting
      help: use letters, digits, and `_` only, beginning with a letter or `_`
    `` can't be the key of a setting
      help: use letters, digits, and `_` only, beginning with a letter or `_`
    the value of `A` holds a NUL byte
      help: encode the value, for example as base64
    the value of `A` is 131001 bytes long, and no process could be started with it
      help: keep it to 131000 bytes, or put it into a file below $DATA_ROOT and set the path of that file
    ");
    assert_eq!(settings.to_string(), "");
    assert!(settings.set("A", &"x".repeat(MAX_VALUE)).is_ok());
    assert!(settings.set(&"K".repeat(100), &"x".repeat(MAX_VALUE)).is_err());
}

#[test]
fn values_are_read_into_types() {
    let env = b"PORT=80\nBIND_ADDRESS=[::1]\nNGINX_SERVER_NAME=Blog.example.org, *.example.org blog.example.org\n\
        NGINX_IPV6_ADDRESS=::1\nNGINX_HTTPS_ONLY=YES\nPIKU_AUTO_RESTART=\nUWSGI_ENABLE_THREADS=off\nUWSGI_IDLE=\n\
        PIKU_DEPLOY_BRANCH=refs/heads/a/b\nPIKU_HEALTHCHECK=/up?x=1\nPIKU_PERSIST=uploads, db/x\n";
    let layers = Layers::new(parse_env(env, &BTreeMap::new()).values.unwrap(), &stored("UWSGI_THREADS= 8\n"));
    let (options, problems) = settings::options(&layers);
    assert_eq!(problems, []);
    assert_eq!(options.port, Some(80));
    assert_eq!(options.bind_address, "::1");
    assert_eq!(options.nginx.server_names, ["blog.example.org", "*.example.org"]);
    assert!(options.nginx.ipv6.is_loopback() && options.nginx.https_only);
    assert!(!options.auto_restart && !options.uwsgi.enable_threads);
    assert_eq!((options.uwsgi.idle, options.uwsgi.threads), (None, 8));
    assert_eq!(options.deploy_branch.as_deref(), Some("a/b"));
    assert_eq!(options.healthcheck.as_deref(), Some("/up?x=1"));
    assert_eq!(options.persist, ["uploads", "db/x"]);
}

#[test]
fn bad_values_are_problems_at_their_places() {
    let env = "UWSGI_PROCESSES=abc\nPIKU_HEALTHCHECK_TIMEOUT=-1\nPORT=99999\nNGINX_SERVER_NAME=a.org b{.org\n\
        NGINX_IPV4_ADDRESS=::1\nPIKU_KEEP_RELEASES=0\nNGINX_HTTPS_ONLY=maybe\nPIKU_HEALTHCHECK=health\n\
        PIKU_DEPLOY_BRANCH=a b\nBIND_ADDRESS=everywhere\nUWSGI_INCLUDE_FILE=../x\nNGINX_STATIC_PATHS=/static\n\
        UWSGI_GEVENT=100\nUWSGI_ASYNCIO=100\nUWSGI_LISTEN=99999999999999999999999\nPIKU_PERSIST=/etc\n";
    insta::assert_snapshot!(problems(env), @r"
    1:17 error[env::not-a-number] at `abc`: `abc` is not a whole number
      help: set UWSGI_PROCESSES to a whole number, 1 to 512 processes
    2:26 error[env::out-of-range] at `-1`: -1 is not from 1 to 3600
      help: set PIKU_HEALTHCHECK_TIMEOUT to a whole number, 1 to 3600 seconds
    3:6 error[env::out-of-range] at `99999`: 99999 is not from 1 to 65535
      help: set PORT to a whole number, 1 to 65535
    4:19 error[env::bad-server-name] at `a.org b{.org`: `b{.org` is not a server name: it is made of letters, digits, `-`, and `.`
      help: use host names such as `blog.example.org` or `*.example.org`; write international names as punycode: `xn--…`
    5:20 error[env::bad-address] at `::1`: `::1` is not an IPv4 address
      help: set NGINX_IPV4_ADDRESS to an IPv4 address
    6:20 error[env::out-of-range] at `0`: 0 is not from 1 to 1000
      help: set PIKU_KEEP_RELEASES to a whole number, 1 to 1000 commits
    7:18 error[env::not-a-boolean] at `maybe`: `maybe` is neither true nor false
      help: set NGINX_HTTPS_ONLY to `true` or `false`
    8:18 error[env::bad-url] at `health`: `health` is not a path that can be asked for
      help: write a path such as `/health`, beginning with a slash, and `%20` for a space
    9:20 error[env::bad-branch] at `a b`: `a b` can't be the name of a branch
      help: write the name of one branch, such as `main`
    10:14 error[env::bad-address] at `everywhere`: `everywhere` is not an IP address
      help: set BIND_ADDRESS to an IP address
    11:20 error[env::bad-path] at `../x`: `../x` is not below the app's folder
      help: set UWSGI_INCLUDE_FILE to a path in the app's folder, such as `deploy/extra.conf`
    12:20 error[env::bad-path] at `/static`: `/static` is not a pair such as `/static:public`
      help: write pairs of a URL and a folder or file, with commas between them: `/static:public,/robots.txt:robots.txt`
    14:15 warning[env::conflict] at `100`: UWSGI_GEVENT is set too, and wins
      help: remove one of the two
    15:14 error[env::out-of-range] at `99999999999999999999999`: 99999999999999999999999 is not from 1 to 65535
      help: set UWSGI_LISTEN to a whole number, 1 to 65535 connections
    16:14 error[env::bad-path] at `/etc`: `/etc` can't be kept: it is an absolute path
      help: write paths below the app's folder, such as `uploads` or `var/db.sqlite3`, and `!cache` for one to leave out
    ");
}

#[test]
fn a_problem_of_a_stored_value_is_placed_in_the_stored_file() {
    let text = "# x\nPORT@json=\"8o\"\n";
    let (_, problems) = settings::options(&Layers::new([], &stored(text)));
    assert_eq!(problems[0].origin, Origin::Stored);
    assert_eq!(&text[problems[0].diagnostic.span.clone()], "\"8o\"");
}

fn key() -> impl Strategy<Value = String> {
    "[A-Za-z_][A-Za-z0-9_]{0,5}"
}

/// Any text without NUL, and more of what is hard to carry in a line.
fn value() -> impl Strategy<Value = String> {
    let hard = proptest::sample::select(vec![
        "\n", "\r\n", " ", "\t", "$A", "${B}", "\\$", "\"", "'", "#", " # ", "=", "@json=", "%", "\u{85}",
        "\u{2028}", "\u{FEFF}", "\u{1c}", "é", "\u{a0}", "\\", "{", "export ",
    ]);
    let hard = proptest::collection::vec(hard, 0..6).prop_map(|parts| parts.concat());
    prop_oneof![any::<String>().prop_map(|text| text.replace('\0', "")), hard]
}

proptest! {
    #[test]
    fn reading_any_bytes_gives_values_or_errors_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse_env(&bytes, &BTreeMap::new());
        let failed = parsed.diagnostics.iter().any(|one| one.severity == Severity::Error);
        prop_assert_eq!(parsed.values.is_none(), failed);
        prop_assert!(parsed.diagnostics.iter().all(|one| one.span.start <= one.span.end && one.span.end <= bytes.len()));
        prop_assert!(parsed.diagnostics.is_sorted_by_key(|one| one.span.start));
        let (_, diagnostics) = StoredSettings::parse(&bytes);
        prop_assert!(diagnostics.iter().all(|one| one.span.end <= bytes.len()));
        let live = live_env::read(&bytes);
        prop_assert_eq!(live_env::read(live_env::render(&live).as_bytes()), live);
    }

    #[test]
    fn reading_any_lines_and_their_options_never_panics(
        text in "((export )?(PORT|UWSGI_[A-Z]{1,9}|NGINX_STATIC_PATHS|NGINX_SERVER_NAME|PIKU_PERSIST|A|é)? ?=? ?\\PC{0,12}\r?\n){0,8}",
    ) {
        if let Some(values) = parse_env(text.as_bytes(), &BTreeMap::new()).values {
            prop_assert!(values.iter().all(|one| text.get(one.span.clone()).is_some()));
            let (_, problems) = settings::options(&Layers::new(values, &StoredSettings::default()));
            prop_assert!(problems.iter().all(|one| text.get(one.diagnostic.span.clone()).is_some()));
        }
    }

    #[test]
    fn whatever_is_set_comes_back_the_same_and_leaves_the_others_alone(
        sets in proptest::collection::vec((key(), value()), 0..12),
        unset in key(),
    ) {
        let mut settings = stored("# a comment\n\nKEPT = as it is  \n");
        let mut wanted = BTreeMap::from([("KEPT".to_owned(), "as it is".to_owned())]);
        for (key, value) in sets {
            settings.set(&key, &value).unwrap();
            wanted.insert(key, value);
            // Every set reads the file that the one before it wrote.
            settings = stored(&settings.to_string());
        }
        prop_assert_eq!(settings.unset(&unset), wanted.remove(&unset).is_some());
        let text = settings.to_string();
        let again = stored(&text);
        prop_assert_eq!(again.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>(), wanted.clone());
        prop_assert!(text.starts_with("# a comment\n\nKEPT = as it is  \n"));
        prop_assert_eq!(text.lines().count(), wanted.len() + 2);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn a_live_environment_comes_back_the_same(map in proptest::collection::btree_map(key(), value(), 0..8)) {
        let text = live_env::render(&map);
        prop_assert_eq!(text.lines().count(), map.len());
        prop_assert_eq!(live_env::read(text.as_bytes()), map);
    }
}
