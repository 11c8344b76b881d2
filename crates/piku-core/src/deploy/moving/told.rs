//! Says what is moved to an app's data.

use camino::Utf8Path;

use crate::app::AppName;
use crate::deploy::source::belongings::Belongings;
use crate::deploy::source::place::Move;
use crate::event::{Event, Report, stage};
use crate::host::listing::Sort;
use crate::persisted::shown;
use crate::settings::spelled;

/// How many paths are shown; of more, only the number.
const SHOWN: usize = 10;

/// How many are named where the reason for a gap is given.
const NAMED: usize = 2;

/// Why the old processes end before anything is moved.
pub(crate) fn why_they_end(found: &Belongings) -> String {
    let (files, folders): (Vec<_>, Vec<_>) =
        found.moves.iter().partition(|one| one.what.sort != Sort::Folder);
    let moved = if files.is_empty() { folders } else { files };
    let mut names: Vec<String> =
        moved.iter().take(NAMED).map(|one| format!("`{}`", shown(&one.what.path))).collect();
    if let Some(more) = moved.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    format!("this deploy moves {}, which they may be writing", names.join(" and "))
}

/// Names the first of them, with their sizes, and says how to choose otherwise.
pub(super) fn tell(data: &Utf8Path, app: &AppName, commit: &str, moves: &[Move], report: &mut Report<'_>) {
    stage(
        report,
        format!("Moving what {app} wrote in its folder to `{data}`; every release links it from now on"),
    );
    list(moves, report);
    if let Some(example) = moves.iter().find_map(|one| spelled(&one.what.path)) {
        report(Event::Output(&format!(
            "To leave a path out, so that a release begins without it: PIKU_PERSIST='!{example}'"
        )));
    }
    if let Some(one) = moves.iter().find(|one| one.again && one.what.sort == Sort::File) {
        report(Event::Output(&format!(
            "{} was moved before: {app} saves it by renaming another file, which replaces the link to it. Each deploy \
             moves it again, and stops for that, unless {app} has it in a folder of its own, or in $DATA_ROOT",
            shown(&one.what.path)
        )));
    }
    if let Some(folder) = moves.iter().find_map(shared_folder) {
        report(Event::Output(&format!(
            "PIKU_PERSIST='{folder}' moves that folder as a whole: then no deploy stops for a new file in it, and none \
             changes a file there any more"
        )));
    }
    for one in moves.iter().filter(|one| one.what.tracked).take(SHOWN) {
        let path = shown(&one.what.path);
        report(Event::Output(&format!(
            "{path} is in the commit too: {app}'s version is used, and the commit's is `git show {}:{path}`",
            commit.get(..7).unwrap_or(commit)
        )));
    }
}

/// Names what the old processes wrote while they were replaced, and what of it stays behind.
pub(super) fn tell_late(app: &AppName, moves: &[Move], report: &mut Report<'_>) {
    stage(report, format!("Moving what {app} wrote in its old folder while it was replaced"));
    list(moves, report);
}

fn list(moves: &[Move], report: &mut Report<'_>) {
    for one in moves.iter().take(SHOWN) {
        report(Event::Output(&described(one)));
    }
    if let Some(more) = moves.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        report(Event::Output(&format!("and {more} more")));
    }
}

/// The folder of a new file, in which the commit or the build has files too.
fn shared_folder(one: &Move) -> Option<String> {
    let is_new = one.what.sort == Sort::File && !one.what.tracked && !one.again;
    let folder = one.what.path.parent().filter(|folder| is_new && !folder.as_os_str().is_empty())?;
    spelled(folder)
}

/// One line: `uploads/ (34 files, 1.2 MB)`.
fn described(one: &Move) -> String {
    let Move { what, at, .. } = one;
    let path = shown(&what.path);
    let elsewhere = if *at == what.path { String::new() } else { format!(", in {}", shown(at)) };
    let size = in_units(what.size);
    match (what.sort, what.count) {
        (Sort::Folder, 1) => format!("{path}/ (1 file, {size}{elsewhere})"),
        (Sort::Folder, count) => format!("{path}/ ({count} files, {size}{elsewhere})"),
        _ => format!("{path} ({size}{elsewhere})"),
    }
}

/// A size as people say it: `999 bytes`, `1.2 MB`.
pub(super) fn in_units(size: u64) -> String {
    let mut rest = size;
    let mut tenths = 0;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if rest < 1000 || unit == "GB" {
            return match unit {
                "bytes" if rest == 1 => "1 byte".to_owned(),
                "bytes" => format!("{rest} {unit}"),
                _ => format!("{rest}.{tenths} {unit}"),
            };
        }
        tenths = rest % 1000 / 100;
        rest /= 1000;
    }
    format!("{rest} GB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::source::written::Written;

    #[test]
    fn a_gap_has_its_reason_and_the_way_to_be_without_it() {
        let one = |path: &str, sort, again| {
            let what = Written { path: path.into(), sort, size: 1, count: 1, tracked: false };
            Move { what, at: path.into(), again }
        };
        let why = |moves| why_they_end(&Belongings { moves, ..Belongings::default() });
        let three = [one("a", Sort::File, false), one("b c", Sort::File, false), one("d", Sort::File, false)];
        insta::assert_snapshot!(
            [why(vec![one("db", Sort::File, false), one("up", Sort::Folder, false)]), why(three.into())].join("\n"),
            @r"
        this deploy moves `db`, which they may be writing
        this deploy moves `a` and `b c` and 1 more, which they may be writing
        "
        );
        let mut told = Vec::new();
        let app = "blog".parse().unwrap();
        let moves = [one("my notes/new", Sort::File, false), one("todo.json", Sort::File, true)];
        tell("/data".into(), &app, "0123456789", &moves, &mut |event| {
            if let Event::Output(line) = event {
                told.push(line.to_owned());
            }
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        my notes/new (1 byte)
        todo.json (1 byte)
        To leave a path out, so that a release begins without it: PIKU_PERSIST='!"my notes/new"'
        todo.json was moved before: blog saves it by renaming another file, which replaces the link to it. Each deploy moves it again, and stops for that, unless blog has it in a folder of its own, or in $DATA_ROOT
        PIKU_PERSIST='"my notes"' moves that folder as a whole: then no deploy stops for a new file in it, and none changes a file there any more
        "#);
    }

    #[test]
    fn sizes_are_said_in_units() {
        let said = [0, 999, 1000, 1_250_000, 34_000_000_000].map(in_units);
        assert_eq!(said, ["0 bytes", "999 bytes", "1.0 kB", "1.2 MB", "34.0 GB"]);
    }
}
