//! Which entries and which diagnostics a text gives.

use proptest::prelude::*;

use super::*;
use crate::kind::Kind;
use crate::place::Place;

/// One line for each diagnostic, as `LINE:COLUMN code: message; help`.
fn mistakes(bytes: &[u8]) -> String {
    let parsed = parse(bytes);
    assert_eq!(parsed.procfile.is_none(), parsed.diagnostics.iter().any(Diagnostic::is_error));
    let line = |found: &Diagnostic| {
        let code = found.code.strip_prefix("procfile::").unwrap();
        let sort = if found.is_error() { "" } else { " (warning)" };
        let help = found.help.as_deref().unwrap();
        format!("{} {code}{sort}: {found}; {help}", Place::of(bytes, found.span.start))
    };
    parsed.diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_of_a_file_is_reported_at_its_place() {
    let file = "web.1: a\nworker:\n\nno colon\n: x\nweb: a\nweb: b\ncron: 61 * * * * x\ncron-b: @daily\nwsgi: app:my-app\nx: a \\\n";
    insta::assert_snapshot!(mistakes(file.as_bytes()), @r"
    1:4 bad-name: `.` can't be in a name; use letters, digits, `_`, and `-`, such as `web-1`
    2:7 empty-command: the command is missing; write a command after the colon, or remove `worker`
    4:1 missing-colon: there is no colon in the line; write `no: colon`
    5:1 empty-name: the name is missing; write a name before the colon, such as `web`
    6:1 web-dropped (warning): `web` is dropped, because `wsgi` serves the app; remove the line, or give it another name to run it as a worker
    7:1 duplicate-name: `web` is on line 6 and again on line 7; remove one of them
    7:1 web-dropped (warning): `web` is dropped, because `wsgi` serves the app; remove the line, or give it another name to run it as a worker
    8:7 bad-schedule: `61` is not a minute; use a number from 0 to 59
    9:9 cron-without-command: the schedule has no command; write the command after the schedule, such as `0 4 * * * ./backup`
    10:13 bad-wsgi: `-` can't be in a Python name; write `module:callable`, such as `wsgi:application` or `blog.wsgi:app`
    11:6 continuation: a command can't be continued on the next line; write the whole command on one line, or put it into a script
    ");
}

#[test]
fn bytes_that_can_not_be_in_a_procfile_are_named() {
    insta::assert_snapshot!(mistakes(b"web: caf\xe9 \xe9\n# \xff\nworker: a\0b\rc\nother: x\r\r\n"), @r"
    1:9 not-utf-8: byte 0xe9 is not UTF-8; save the file as UTF-8
    2:3 not-utf-8: byte 0xff is not UTF-8; save the file as UTF-8
    3:10 nul: byte 0x00 (NUL) can't be in a Procfile; remove the NUL byte
    3:12 stray-cr: a carriage return (CR) is not the end of a line; end lines with LF or CRLF
    4:9 stray-cr: a carriage return (CR) is not the end of a line; end lines with LF or CRLF
    ");
}

#[test]
fn a_damaged_line_still_has_its_name() {
    insta::assert_snapshot!(mistakes(b"web: \xff\nweb: b\n"), @r"
    1:6 not-utf-8: byte 0xff is not UTF-8; save the file as UTF-8
    2:1 duplicate-name: `web` is on line 1 and again on line 2; remove one of them
    ");
}

#[test]
fn another_encoding_is_one_mistake() {
    let wide = |mark: &[u8], unit: fn(u8) -> Vec<u8>| {
        mistakes(
            &mark
                .iter()
                .copied()
                .chain(b"web: a\nworker: b\n".iter().flat_map(|byte| unit(*byte)))
                .collect::<Vec<_>>(),
        )
    };
    let found = [
        wide(b"\xff\xfe", |byte| vec![byte, 0]),
        wide(b"\xfe\xff", |byte| vec![0, byte]),
        wide(b"", |byte| vec![byte, 0]),
        wide(b"", |byte| vec![0, byte]),
        wide(b"\xff\xfe\0\0", |byte| vec![byte, 0, 0, 0]),
    ];
    insta::assert_snapshot!(found.join("\n"), @r"
    1:1 not-utf-8: byte 0xff is not UTF-8; save the file as UTF-8: it looks like UTF-16
    1:1 not-utf-8: byte 0xfe is not UTF-8; save the file as UTF-8: it looks like UTF-16
    1:2 nul: byte 0x00 (NUL) can't be in a Procfile; save the file as UTF-8: it looks like UTF-16
    1:1 nul: byte 0x00 (NUL) can't be in a Procfile; save the file as UTF-8: it looks like UTF-16
    1:1 not-utf-8: byte 0xff is not UTF-8; save the file as UTF-8: it looks like UTF-32
    ");
}

#[test]
fn a_byte_order_mark_is_dropped_with_a_warning() {
    let file = "\u{feff}web: a\n".as_bytes();
    insta::assert_snapshot!(mistakes(file), @"1:1 bom (warning): the file begins with a byte order mark; save the file as UTF-8 without a byte order mark (BOM)");
    assert_eq!(parse(file).procfile.unwrap().to_string(), "web: a\n");
}

#[test]
fn a_merge_conflict_is_its_markers_and_not_what_both_sides_have() {
    let file =
        "<<<<<<< HEAD\nweb: a\n||||||| base\nweb: o\n=======\nweb: b\nx: 1\nx: 2\n>>>>>>> topic\nweb: c\n";
    insta::assert_snapshot!(mistakes(file.as_bytes()), @r"
    1:1 merge-conflict: `<<<<<<<` is what a merge conflict left; choose what should stay, and remove the markers
    3:1 merge-conflict: `|||||||` is what a merge conflict left; choose what should stay, and remove the markers
    5:1 merge-conflict: `=======` is what a merge conflict left; choose what should stay, and remove the markers
    8:1 duplicate-name: `x` is on line 7 and again on line 8; rename or remove one of them
    9:1 merge-conflict: `>>>>>>>` is what a merge conflict left; choose what should stay, and remove the markers
    10:1 duplicate-name: `web` is on line 2 and again on line 10; remove one of them
    ");
}

#[test]
fn a_continued_command_is_one_mistake() {
    let file = "web: gunicorn \\\n  --bind x \\\n  --workers 2\nworker: a \\\nother: b\n";
    insta::assert_snapshot!(mistakes(file.as_bytes()), @r"
    1:15 continuation: a command can't be continued on the next line; write the whole command on one line, or put it into a script
    4:11 continuation: a command can't be continued on the next line; write the whole command on one line, or put it into a script
    ");
}

#[test]
fn a_cron_line_reports_every_field_and_says_what_would_do() {
    let file = "cron1: 60 24 * * ./run\ncron2: ./run\ncron3: 5/15 * * * * x\ncron4: 0 0 31 2 * x\ncron5: @reboot x\ncron5: 0 0 * * * x\n";
    insta::assert_snapshot!(mistakes(file.as_bytes()), @r"
    1:8 bad-schedule: `60` is not a minute; use a number from 0 to 59
    1:11 bad-schedule: `24` is not an hour; use a number from 0 to 23
    1:18 bad-schedule: `./run` is not a day of the week; use a number from 0 to 7, or `sun` to `sat`, and put the command after it
    2:8 bad-schedule: a schedule has five fields, not 1; write minute, hour, day of month, month, and day of week, such as `0 4 * * *` for every day at 4:00
    3:8 bad-schedule: `5/15` has a step and no range; write `5-59/15` or `*/15`
    4:12 impossible-date (warning): no month of these has such a day: it never runs; choose a day that the month has
    5:8 bad-schedule: `@reboot` is not a schedule; use `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or five fields
    6:1 duplicate-name: `cron5` is on line 5 and again on line 6; give it a name of its own that begins with `cron`, such as `cron-nightly`
    ");
}

#[test]
fn a_command_of_a_schedule_is_passed_on_unchanged() {
    let procfile =
        parse(b"cron: */5  *\t* * *   rm  /tmp/*.log # old\ncron-b: @daily echo %d\n").procfile.unwrap();
    let jobs = procfile.entries().iter().map(|entry| match &entry.kind {
        Kind::Cron(job) => format!("{} | {} | {}", entry.command, job.schedule, job.command),
        other => format!("{other:?}"),
    });
    insta::assert_snapshot!(jobs.collect::<Vec<_>>().join("\n").replace('\t', "<tab>"), @r"
    */5  *<tab>* * *   rm  /tmp/*.log # old | */5 * * * * | rm  /tmp/*.log # old
    @daily echo %d | 0 0 * * * | echo %d
    ");
}

#[test]
fn the_name_decides_the_kind_and_case_matters() {
    let kind = |line: &str| parse(line.as_bytes()).procfile.unwrap().entries()[0].kind.clone();
    let table = [
        ("web: x", Kind::Web),
        ("static: public", Kind::Static),
        ("php: .", Kind::Php),
        ("jwsgi: a.B", Kind::Jwsgi),
        ("rwsgi: config.ru", Kind::Rwsgi),
        ("preflight: x", Kind::Preflight),
        ("release: x", Kind::Release),
        ("WEB: x", Kind::Worker),
        ("Cron: x", Kind::Worker),
        ("webhook: x", Kind::Worker),
        ("wsgi: a:b", Kind::Wsgi("a:b".parse().unwrap())),
    ];
    for (line, expected) in table {
        assert_eq!(kind(line), expected, "{line}");
    }
}

#[test]
fn web_is_dropped_beside_every_server_wherever_it_stands() {
    for server in ["wsgi: a:b", "jwsgi: a", "rwsgi: a", "php: a"] {
        for file in [format!("web: x\n{server}\n"), format!("{server}\nweb: x\n")] {
            let parsed = parse(file.as_bytes());
            assert_eq!(parsed.procfile.unwrap().to_string(), format!("{server}\n"));
            assert_eq!(
                parsed.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(),
                ["procfile::web-dropped"]
            );
        }
    }
}

#[test]
fn help_fits_the_line() {
    insta::assert_snapshot!(mistakes(b"// c: x\nweb  node app.js\n- web: a\n:\n=======x\n"), @r"
    1:1 bad-name: `/` can't be in a name; begin a comment with `#`
    2:1 missing-colon: there is no colon in the line; write `web: node app.js`
    3:1 bad-name: a name can't begin with `-`; use letters, digits, `_`, and `-`, such as `web`
    4:1 empty-name: the name is missing; write a name before the colon, such as `web`
    5:1 missing-colon: there is no colon in the line; write `name: command`, or `#` before a comment
    ");
}

#[test]
fn a_colon_of_the_command_is_not_taken_for_that_of_the_name() {
    let file = "wsgi app:app\nweb gunicorn --bind :80\nworker python -m tasks:run\nmy worker:x\nmy job: x\nweb one: x\nweb :x\n";
    insta::assert_snapshot!(mistakes(file.as_bytes()), @r"
    1:1 missing-colon: there is no colon after `wsgi`; write `wsgi: app:app`
    2:1 missing-colon: there is no colon after `web`; write `web: gunicorn --bind :80`
    3:1 missing-colon: there is no colon after `worker`; write `worker: python -m tasks:run`
    4:3 bad-name: a space can't be in a name; use letters, digits, `_`, and `-`, such as `my-worker`
    5:3 bad-name: a space can't be in a name; use letters, digits, `_`, and `-`, such as `my-job`
    6:4 bad-name: a space can't be in a name; use letters, digits, `_`, and `-`, such as `web-one`
    ");
}

#[test]
fn a_file_without_a_process_says_so_once() {
    for file in ["", "\n\n", "# web: a\n", "\u{feff}"] {
        let errors = parse(file.as_bytes()).diagnostics.into_iter().filter(Diagnostic::is_error);
        assert_eq!(errors.map(|error| error.code).collect::<Vec<_>>(), ["procfile::no-process"], "{file:?}");
    }
}

fn some_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ \t]?(web|wsgi|cron|cron-x|worker|[a-zA-Z0-9_.é-]{0,4})[ \t]{0,2}:[ \t]?[a-z:. \\\\#é*-]{0,8}",
        "cron[0-9]: ([0-9*,/-]{1,4} ){5}x",
        "wsgi: [a-z.]{1,4}:[a-z]{1,3}",
        "(<<<<<<<|=======|>>>>>>>|#|//)[a-z ]{0,3}",
        "\\PC{0,10}",
    ]
}

proptest! {
    #[test]
    fn what_is_read_reads_the_same_when_written(lines in prop::collection::vec(some_line(), 1..4), end in "\r?\n") {
        let file = lines.join(&end);
        if let Some(procfile) = parse(file.as_bytes()).procfile {
            let again = parse(procfile.to_string().as_bytes());
            prop_assert_eq!(again.procfile.as_ref(), Some(&procfile));
            prop_assert!(!procfile.entries().is_empty());
        }
    }

    #[test]
    fn entries_read_the_same_when_written(names in prop::collection::btree_set("[a-z0-9][A-Za-z0-9_-]{0,5}", 1..5), command in "\\PC{0,12}") {
        let file: String = names.iter().map(|name| format!("{name}: {command}.\n")).collect();
        if let Some(procfile) = parse(file.as_bytes()).procfile {
            prop_assert_eq!(parse(procfile.to_string().as_bytes()).procfile, Some(procfile));
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_every_span_is_within(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\r\n\0:\\# \xef\xbb\xbf<cronweb*/-,".to_vec())], 0..60)) {
        let parsed = parse(&bytes);
        prop_assert_eq!(parsed.procfile.is_none(), parsed.diagnostics.iter().any(Diagnostic::is_error));
        for found in &parsed.diagnostics {
            prop_assert!(found.span.start <= found.span.end && found.span.end <= bytes.len());
            let text = format!("{}{}", found.message, found.help.as_deref().unwrap_or_default());
            prop_assert!(!text.contains(['\n', '\r', '\0']), "{}", text);
        }
        prop_assert!(parsed.diagnostics.is_sorted_by_key(|found| found.span.start));
    }

    #[test]
    fn mixed_lines_never_make_it_panic(lines in prop::collection::vec(some_line(), 0..6)) {
        let file = lines.join("\n");
        for found in parse(file.as_bytes()).diagnostics {
            prop_assert!(file.get(found.span.clone()).is_some(), "{:?} cuts a character", found);
        }
    }
}
