//! Which tests took longest, from the times recorded by their servers.

use std::collections::BTreeMap;

const SHOWN: usize = 10;

/// Prints the slowest tests and their seconds.
pub(crate) fn show(noted: &str) {
    let slowest = slowest(noted);
    if slowest.is_empty() {
        return;
    }
    println!("the slowest tests, by the seconds in which they had servers:");
    for (test, seconds) in slowest.iter().take(SHOWN) {
        println!("{seconds:8.1}  {test}");
    }
}

/// Parses lines with a server's first and last second and its test's name; a test may have several servers.
fn slowest(noted: &str) -> Vec<(&str, f64)> {
    let mut tests: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for line in noted.lines() {
        let mut words = line.splitn(3, ' ');
        let mut second = || words.next()?.parse::<f64>().ok();
        let (Some(begin), Some(end)) = (second(), second()) else { continue };
        let Some(test) = words.next() else { continue };
        let span = tests.entry(test).or_insert((begin, end));
        *span = (span.0.min(begin), span.1.max(end));
    }
    let mut slowest: Vec<_> = tests.into_iter().map(|(test, (begin, end))| (test, end - begin)).collect();
    slowest.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    slowest
}

#[cfg(test)]
mod tests {
    use super::slowest;

    #[test]
    fn a_test_counts_from_its_first_server_to_its_last() {
        let noted = "10.0 12.0 quick\n10.0 15.0 slow\n14.0 19.5 slow\nhalf a li";
        assert_eq!(slowest(noted), [("slow", 9.5), ("quick", 2.0)]);
    }
}
