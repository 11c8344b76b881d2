//! Says what is moved to an app's data.

use camino::Utf8Path;

use crate::app::AppName;
use crate::deploy::source::place::Move;
use crate::event::{Event, Report, stage};
use crate::host::listing::Sort;
use crate::persisted::shown;

/// How many paths are shown; of more, only the number.
const SHOWN: usize = 10;

/// Names the first of them, with their sizes, and says how to choose otherwise.
pub(super) fn tell(data: &Utf8Path, app: &AppName, commit: &str, moves: &[Move], report: &mut Report<'_>) {
    stage(
        report,
        format!("Moving what {app} wrote in its folder to `{data}`; every release links it from now on"),
    );
    for one in moves.iter().take(SHOWN) {
        report(Event::Output(&described(one)));
    }
    if let Some(more) = moves.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        report(Event::Output(&format!("and {more} more")));
    }
    let example = moves.first().map(|one| shown(&one.what.path).into_owned()).unwrap_or_default();
    report(Event::Output(&format!(
        "To leave a path out, so that a release begins without it: PIKU_PERSIST='!{example}'"
    )));
    for one in moves.iter().filter(|one| one.what.tracked).take(SHOWN) {
        let path = shown(&one.what.path);
        report(Event::Output(&format!(
            "{path} is in the commit too: {app}'s version is used, and the commit's is `git show {}:{path}`",
            commit.get(..7).unwrap_or(commit)
        )));
    }
}

/// One line: `uploads/ (34 files, 1.2 MB)`.
fn described(one: &Move) -> String {
    let Move { what, at } = one;
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
fn in_units(size: u64) -> String {
    let mut rest = size;
    let mut tenths = 0;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if rest < 1000 || unit == "GB" {
            return match unit {
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

    #[test]
    fn sizes_are_said_in_units() {
        let said = [0, 999, 1000, 1_250_000, 34_000_000_000].map(in_units);
        assert_eq!(said, ["0 bytes", "999 bytes", "1.0 kB", "1.2 MB", "34.0 GB"]);
    }
}
