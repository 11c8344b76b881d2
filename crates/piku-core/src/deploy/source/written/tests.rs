//! What becomes persisted, from texts: no folder is looked at.

use super::*;
use crate::host::listing::Stamp;
use crate::persisted::Place;

/// A listing of words: `path` is a file, `path/` a folder, `path@` a link, `path=` a socket; `path+2` was written later.
fn listing(words: &str) -> Listing {
    let mut found = BTreeMap::new();
    for word in words.split_whitespace() {
        let (path, later) = word.split_once('+').unwrap_or((word, "0"));
        let (path, sort) = match path.chars().last() {
            Some('/') => (path.trim_end_matches('/'), Sort::Folder),
            Some('@') => (path.trim_end_matches('@'), Sort::Link),
            Some('=') => (path.trim_end_matches('='), Sort::Passing),
            _ => (path, Sort::File),
        };
        for above in Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            found.insert(above.to_owned(), Stamp { sort: Sort::Folder, size: 0, modified: 0 });
        }
        let size = u64::from(sort == Sort::File);
        found.insert(path.into(), Stamp { sort, size, modified: later.parse().unwrap() });
    }
    Listing(found)
}

fn files(words: &str) -> Files {
    let word = |word: &str| {
        let (path, id) = word.split_once('=').unwrap_or((word, "1"));
        (PathBuf::from(path), id.to_owned())
    };
    words.split_whitespace().map(word).collect()
}

struct Case<'a> {
    commit: &'a str,
    made: &'a str,
    now: &'a str,
    arriving: &'a str,
    known: &'a str,
    left_out: &'a [&'a str],
    passing: &'a str,
}

const NOTHING: Case<'_> =
    Case { commit: "app.py", made: "", now: "", arriving: "app.py", known: "", left_out: &[], passing: "" };

/// What is decided: a folder ends in `/`, a file of the commit in `!`; private files stand behind `|`.
fn decided(case: &Case<'_>) -> String {
    let (leaving, arriving) = (files(case.commit), files(case.arriving));
    let before = listing(&format!("{} {}", case.commit, case.made));
    let unchanged = |word: &&str| !case.now.split_whitespace().any(|now| now.split('+').next() == Some(word));
    let rest: String =
        case.commit.split_whitespace().filter(unchanged).map(|word| format!("{word} ")).collect();
    let data = |path: &str| (PathBuf::from(path), Place::Data { at: path.into(), moving_from: None });
    let known = Persisted(case.known.split_whitespace().map(data).collect());
    let seen = Seen {
        before: &before,
        now: &listing(&(rest + case.now)),
        passing: &case.passing.split_whitespace().map(PathBuf::from).collect(),
        leaving: &leaving,
        arriving: &arriving,
        known: &known,
        left_out: &case.left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    let found = decide(&seen);
    let word = |one: &Written| {
        let end = if one.tracked {
            "!"
        } else if one.sort == Sort::Folder {
            "/"
        } else {
            ""
        };
        format!("{}{end}", one.path.display())
    };
    let written: Vec<String> = found.written.iter().map(word).collect();
    let private: Vec<String> = found.private.iter().map(|path| format!(" | {}", path.display())).collect();
    written.join(" ") + &private.concat()
}

#[test]
fn what_was_not_there_when_the_processes_started_is_the_apps() {
    for (made, now, wanted) in [
        ("", "", ""),
        ("", "db.sqlite3", "db.sqlite3"),
        ("dist/a.js", "dist/a.js", ""),
        // What the build made and the app changed.
        ("db.sqlite3", "db.sqlite3+5", "db.sqlite3"),
        ("", "uploads/a uploads/b/c", "uploads/"),
        ("", "empty/", "empty/"),
        ("uploads/", "uploads/", ""),
        ("uploads/", "uploads/a", "uploads/"),
        // A folder with something of the build is not the app's as a whole.
        ("static/site.css", "static/site.css static/x/y static/z", "static/x/ static/z"),
        ("", "a-link@", "a-link"),
        ("", "run/web.sock= run/x", "run/x"),
        ("", "run/web.sock=", ""),
    ] {
        assert_eq!(decided(&Case { made, now, ..NOTHING }), wanted, "{made} -> {now}");
    }
}

#[test]
fn a_folder_with_a_file_of_either_commit_is_persisted_file_by_file() {
    let both = Case { commit: "app.py media/logo.png", now: "media/a media/b/c", ..NOTHING };
    assert_eq!(decided(&both), "media/a media/b/");
    let new = Case { arriving: "app.py media/logo.png", now: "media/a", ..NOTHING };
    assert_eq!(decided(&new), "media/a");
    let placeholder =
        Case { commit: "app.py up/.gitkeep", arriving: "app.py up/.gitkeep", now: "up/a", ..NOTHING };
    assert_eq!(decided(&placeholder), "up/");
    let unused = Case { commit: "app.py up/.gitkeep", arriving: "app.py up/.gitkeep", ..NOTHING };
    assert_eq!(decided(&unused), "");
}

#[test]
fn a_file_of_the_commit_that_the_app_changed_is_the_apps() {
    let case = Case { commit: "app.py var/db", now: "var/db+3", arriving: "app.py var/db=2", ..NOTHING };
    assert_eq!(decided(&case), "var/db!");
    let names = |path: &str| {
        let (of, from) = (files(case.arriving), files(case.commit));
        let found: Vec<PathBuf> = differing(Path::new(path), &of, &from).map(Path::to_owned).collect();
        found
    };
    assert_eq!(names("var/db"), [Path::new("var/db")]);
    assert_eq!(names("var"), [Path::new("var/db")]);
    assert!(names("app.py").is_empty());
}

#[test]
fn what_piku_reads_or_builds_from_stays_the_commits() {
    let now = "ENV+1 Procfile+1 package-lock.json x/ENV .gitignore";
    let case = Case { commit: "ENV Procfile app.py", now, ..NOTHING };
    assert_eq!(decided(&case), "x/ | .gitignore | ENV | Procfile | package-lock.json");
    let programs =
        Case { commit: "app.py a/b.js c.json", now: "app.py+1 a/b.js+1 c.json+1 plugins/x.py", ..NOTHING };
    assert_eq!(decided(&programs), "c.json! plugins/ | a/b.js | app.py");
}

#[test]
fn the_journals_of_a_database_go_with_it() {
    for (made, now, wanted) in [
        ("", "db db-wal db-shm", "db"),
        // The rows are in the journal alone.
        ("db", "db db-wal+1", "db"),
        ("var/db var/x", "var/db var/x var/db-journal", "var/db"),
        ("", "notes-wal", "notes-wal"),
    ] {
        assert_eq!(decided(&Case { made, now, ..NOTHING }), wanted, "{made} -> {now}");
    }
    let known = Case { known: "db", now: "db@ db-wal", ..NOTHING };
    assert_eq!(decided(&known), "");
}

#[test]
fn what_is_persisted_or_left_out_is_no_news_and_no_part_of_a_folder() {
    let known = Case { known: "var/db", now: "var/db@ var/new", ..NOTHING };
    assert_eq!(decided(&known), "var/new");
    let left_out = ["var/cache", "tmp"];
    let case = Case { left_out: &left_out, now: "var/cache/x var/db tmp/y", ..NOTHING };
    assert_eq!(decided(&case), "var/db");
    assert_eq!(decided(&Case { left_out: &["."], now: "var/db up/", ..NOTHING }), "");
    // A server's folder of process ids must not be shared by two releases.
    let passing = Case { passing: "tmp/pids/web.pid", now: "tmp/pids/ tmp/cache/x", ..NOTHING };
    assert_eq!(decided(&passing), "tmp/cache/");
}

#[test]
fn a_file_and_a_folder_at_one_path_are_a_conflict() {
    let arriving = files("app.py data/x up/.gitkeep one");
    let of = |path: &str, sort| conflict(Path::new(path), sort, &arriving);
    assert_eq!(of("data", Sort::File), Some("data/x".into()));
    assert_eq!(of("one", Sort::Folder), Some("one".into()));
    assert_eq!(of("one/two", Sort::File), Some("one".into()));
    for (path, sort) in
        [("data", Sort::Folder), ("one", Sort::File), ("up", Sort::Folder), ("new/x", Sort::File)]
    {
        assert_eq!(of(path, sort), None, "{path}");
    }
}
