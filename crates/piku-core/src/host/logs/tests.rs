//! Reading logs and their times, from whatever place on.

use std::fs::{File, OpenOptions, rename};
use std::io::Write;
use std::os::unix::fs::FileExt;

use camino::{Utf8Path, Utf8PathBuf};
use piku_launch::{TimeEntry, times_path};

use super::*;

/// A folder with logs.
struct Folder {
    _folder: tempfile::TempDir,
    path: Utf8PathBuf,
}

fn folder() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    Folder { _folder: folder, path }
}

fn append(path: &Utf8Path, text: impl AsRef<[u8]>) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_ref()).unwrap();
}

/// Appends a line with its time.
fn write(path: &Utf8Path, time: i64, line: &str) {
    append(&times_path(path), format!("{}\n", TimeEntry { offset: length(path), time }));
    append(path, format!("{line}\n"));
}

fn set_aside(path: &Utf8Path) {
    if times_path(path).exists() {
        rename(times_path(path), times_path(&older(path))).unwrap();
    }
    rename(path, older(path)).unwrap();
}

/// The lines of these logs as `name time text`; what is there, or the last ones.
fn shown(logs: &[&Utf8Path], last: Option<usize>, wanted: &Wanted<'_>) -> Vec<String> {
    let mut merged = Merged::new();
    for log in logs {
        merged.add(log.file_stem().unwrap().to_owned(), Lines::open((*log).to_owned(), Form::Beside, false));
    }
    merged.go_to_last(last, wanted, |_| true);
    rest(&mut merged, wanted)
}

fn rest(merged: &mut Merged<String>, wanted: &Wanted<'_>) -> Vec<String> {
    std::iter::from_fn(|| {
        let (name, line) = merged.next(wanted)?;
        Some(format!("{name} {} {}", line.time.map_or("-".to_owned(), |time| time.to_string()), line.text))
    })
    .collect()
}

const ALL: Wanted<'static> = Wanted { since: None, until: None, chatter: false, matching: None };

#[test]
fn logs_are_merged_by_time_and_each_keeps_its_order() {
    let folder = folder();
    let (web, worker) = (folder.path.join("web.1.log"), folder.path.join("worker.1.log"));
    // From before there were times.
    append(&web, "old\n");
    append(&worker, "old too\n");
    write(&worker, 1, "a");
    write(&web, 2, "b");
    write(&worker, 2, "c");
    set_aside(&web);
    write(&worker, 2, "d");
    write(&web, 3, "e");
    append(&web, "half");
    let all = [
        "worker.1 - old too",
        "worker.1 1 a",
        "web.1 - old",
        "web.1 2 b",
        "worker.1 2 c",
        "worker.1 2 d",
        "web.1 3 e",
        "web.1 3 half",
    ];
    assert_eq!(shown(&[&web, &worker], None, &ALL), all);
    for count in 0..10 {
        let last = shown(&[&web, &worker], Some(count), &ALL);
        assert_eq!(last, all[all.len().saturating_sub(count)..], "the last {count}");
    }
    let between = Wanted { since: Some(2), until: Some(2), ..ALL };
    for count in [None, Some(10)] {
        assert_eq!(shown(&[&web, &worker], count, &between), ["web.1 2 b", "worker.1 2 c", "worker.1 2 d"]);
    }
    let matching = Wanted { matching: Some(&|text| text.contains('e') || text.contains('o')), ..ALL };
    assert_eq!(shown(&[&web, &worker], Some(2), &matching), ["web.1 - old", "web.1 3 e"]);
    // The clock was set back: the line stays behind the one before it.
    write(&worker, 5, "f");
    write(&worker, 1, "g");
    let last = shown(&[&web, &worker], None, &ALL).split_off(7);
    assert_eq!(last, ["web.1 3 half", "worker.1 5 f", "worker.1 1 g"]);
}

#[test]
fn the_last_lines_of_an_app_are_counted_without_those_of_uwsgi() {
    let folder = folder();
    let log = folder.path.join("wsgi.1.log");
    (0..50).for_each(|number| append(&log, format!("line {number}\n")));
    // This one is uWSGI's only after another of its lines, also where a block begins with it.
    (0..5000).for_each(|_| append(&log, "compiled with version: 12\nos: Linux\n"));
    append(&log, "os: mine?\n");
    append(&log, "the last\n");
    assert_eq!(shown(&[&log], Some(3), &ALL), ["wsgi.1 - line 48", "wsgi.1 - line 49", "wsgi.1 - the last"]);
    let all = Wanted { chatter: true, ..ALL };
    assert_eq!(shown(&[&log], Some(3), &all)[1..], ["wsgi.1 - os: mine?", "wsgi.1 - the last"]);
}

#[test]
fn a_log_is_followed_across_rotation_half_lines_and_emptying() {
    let folder = folder();
    let path = folder.path.join("web.1.log");
    append(&path, "older\n");
    set_aside(&path);
    append(&path, "old\nha");
    let mut merged = Merged::new();
    merged.add(String::new(), Lines::open(path.clone(), Form::Beside, true));
    merged.go_to_last(Some(0), &ALL, |_| true);
    let mut new = || {
        merged.renew();
        rest(&mut merged, &ALL)
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    append(&path, "lf\none\ntw");
    assert_eq!(new(), ["lf", "one"]);
    append(&path, "o\n");
    assert_eq!(new(), ["two"]);
    append(&path, "last\n");
    set_aside(&path);
    append(&path, "first\n");
    assert_eq!(new(), ["last", "first"]);
    for line in ["second\n", "third\n"] {
        set_aside(&path);
        append(&path, line);
    }
    assert_eq!(new(), ["second", "third"], "rotated twice between two looks");
    File::create(&path).unwrap();
    append(&path, "new\n");
    assert_eq!(new(), ["new"], "emptied");
    // Somebody moves it away: the older log is not new.
    rename(&path, folder.path.join("mine")).unwrap();
    assert_eq!(new(), [""; 0]);
    write(&path, 7, "another");
    assert_eq!(new(), ["another"]);
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(times_path(&path)).unwrap();
    assert_eq!(new(), [""; 0]);
    write(&path, 8, "made");
    assert_eq!(new(), ["made"]);
}

#[test]
fn times_that_begin_while_a_log_is_followed_are_seen() {
    let folder = folder();
    let path = folder.path.join("web.1.log");
    append(&path, "old\n");
    let mut merged = Merged::new();
    merged.add("web".to_owned(), Lines::open(path.clone(), Form::Beside, true));
    assert_eq!(rest(&mut merged, &ALL), ["web - old"]);
    write(&path, 7, "new");
    merged.renew();
    assert_eq!(rest(&mut merged, &ALL), ["web 7 new"]);
}

#[test]
fn of_a_log_of_a_gigabyte_little_is_read_for_its_last_lines_and_for_those_of_a_time() {
    let folder = folder();
    let path = folder.path.join("web.1.log");
    // A hole costs no disk, and holds no line.
    let file = File::create(&path).unwrap();
    let begin = 1 << 30;
    file.set_len(begin).unwrap();
    file.write_at(b"\n", begin - 1).unwrap();
    let entries: Vec<String> = (0..20_000_u64)
        .map(|number| TimeEntry { offset: number << 15, time: i64::try_from(number).unwrap() }.to_string())
        .collect();
    append(&times_path(&path), entries.join("\n") + "\n");
    for number in 0..1000 {
        write(&path, 100_000 + number, &format!("line {number}"));
    }
    let before = read_by_this_thread();
    assert_eq!(shown(&[&path], Some(2), &ALL), ["web.1 100998 line 998", "web.1 100999 line 999"]);
    let since = Wanted { since: Some(100_998), ..ALL };
    assert_eq!(shown(&[&path], None, &since), ["web.1 100998 line 998", "web.1 100999 line 999"]);
    let until = Wanted { until: Some(100_500), ..ALL };
    assert_eq!(shown(&[&path], Some(1), &until), ["web.1 100500 line 500"]);
    let read = read_by_this_thread() - before;
    assert!(read < 1 << 20, "{read} bytes were read");
}

/// How many bytes this thread has read so far.
fn read_by_this_thread() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    text.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

#[test]
fn long_lines_and_bytes_that_are_no_text_are_shown_in_bounded_pieces() {
    let folder = folder();
    let path = folder.path.join("web.1.log");
    let long = "x".repeat(1_000_000);
    append(&path, format!("{long}\n{long}\nshort\n{}", "y".repeat(3 << 20)));
    append(&path, b"\n\xff\xfe\0 bytes\n");
    let lengths = |last| shown(&[&path], last, &ALL).iter().map(|line| line.len() - 8).collect::<Vec<_>>();
    assert_eq!(lengths(None), [1_000_000, 1_000_000, 5, 1 << 20, 1 << 20, 1 << 20, 13]);
    assert_eq!(lengths(Some(1)), [13]);
    let wanted = Wanted { matching: Some(&|text| text.starts_with('x')), ..ALL };
    assert_eq!(shown(&[&path], Some(1), &wanted).len(), 1);
}

#[test]
fn what_nginx_writes_has_its_time_at_the_beginning() {
    let folder = folder();
    let path = folder.path.join("blog.log");
    append(
        &path,
        "2026-11-26T10:00:00+01:00 200 0.012 GET /\n2026-11-26T10:00:01+01:00 404 0.001 GET /x\nodd\n",
    );
    let mut merged = Merged::new();
    merged.add("nginx".to_owned(), Lines::open(path, Form::Within, false));
    merged.go_to_last(Some(2), &ALL, |_| true);
    assert_eq!(rest(&mut merged, &ALL), ["nginx 1795683601000 404 0.001 GET /x", "nginx - odd"]);
}

#[test]
fn lines_since_a_mark_are_all_lines_once_the_log_is_shorter() {
    let folder = folder();
    let path = folder.path.join("web.1.log");
    append(&path, "first\n");
    assert_eq!(lines_since(&path, 0), ["first"]);
    assert_eq!(lines_since(&path, 100), ["first"]);
    assert!(lines_since(&path, 6).is_empty());
}

#[test]
fn a_link_or_a_pipe_in_place_of_a_log_is_not_read() {
    let folder = folder();
    let at = |name: &str| folder.path.join(name);
    append(&at("secret"), "secret\n");
    std::os::unix::fs::symlink(at("secret"), at("link.log")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.log").as_std_path(), mode).unwrap();
    for name in ["link.log", "pipe.log"] {
        assert!(lines_since(&at(name), 0).is_empty());
        assert!(Lines::open(at(name), Form::Beside, true).next(&ALL).is_none());
    }
    assert_eq!(lines_since(&at("secret"), 0), ["secret"]);
}
