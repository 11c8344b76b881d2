//! Folds the output of build tools: a person sees that something happens, how long it took, and what failed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use piku_core::Event;

/// Output of at most so many lines is shown whole.
const SHORT: usize = 8;
/// How many of the last lines of a tool that failed are shown.
const LAST: usize = 40;
/// How long a tool may be silent on the screen.
const SILENCE: Duration = Duration::from_secs(5);

/// Decides which lines of build tools are shown. Everything else is not its concern.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    verbose: bool,
    tool: Option<Tool>,
}

/// A tool that is running.
#[derive(Debug)]
struct Tool {
    began: Instant,
    shown: Instant,
    last: VecDeque<String>,
    count: usize,
}

impl Fold {
    /// Folds nothing if `verbose`.
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, tool: None }
    }

    /// Takes an event at a time; `None` if it is not about a tool, and otherwise the lines to show now.
    pub(crate) fn take(&mut self, event: &Event<'_>, now: Instant) -> Option<Vec<String>> {
        match (event, &mut self.tool) {
            (Event::ToolStarted { .. }, _) => {
                self.tool =
                    Some(Tool { began: now, shown: now, last: VecDeque::with_capacity(LAST), count: 0 });
                Some(Vec::new())
            }
            (Event::Output(line), Some(tool)) if !self.verbose => Some(tool.line(line, now)),
            (Event::ToolEnded { succeeded, took, log, .. }, _) => {
                let tool = self.tool.take()?;
                if self.verbose {
                    return Some(Vec::new());
                }
                Some(if *succeeded { tool.done(*took) } else { tool.failed(*log) })
            }
            _ => None,
        }
    }
}

impl Tool {
    /// Keeps a line, and shows it if nothing was shown for a while.
    fn line(&mut self, line: &str, now: Instant) -> Vec<String> {
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
        self.count += 1;
        if line.trim().is_empty() || now.duration_since(self.shown) < SILENCE {
            return Vec::new();
        }
        self.shown = now;
        vec![format!("{} s: {}", now.duration_since(self.began).as_secs(), shortened(line))]
    }

    fn done(self, took: Duration) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        if self.count <= SHORT {
            lines.extend(self.last);
        }
        let hidden =
            if self.count > SHORT { format!(", {} lines of output", self.count) } else { String::new() };
        if took >= Duration::from_secs(1) || !hidden.is_empty() {
            lines.push(format!("Done in {}{hidden}", seconds(took)));
        }
        lines
    }

    fn failed(self, log: Option<&str>) -> Vec<String> {
        let hidden = self.count - self.last.len();
        let place = log.map_or_else(
            || "push with `-o verbose` to see all".to_owned(),
            |log| format!("all are in `{log}`"),
        );
        let note = (hidden > 0).then(|| format!("… {hidden} earlier lines are not shown: {place}"));
        note.into_iter().chain(self.last).collect()
    }
}

/// A line that fits on a screen.
fn shortened(line: &str) -> String {
    const WIDEST: usize = 100;
    let line = line.trim();
    if line.chars().count() <= WIDEST {
        return line.to_owned();
    }
    line.chars().take(WIDEST - 1).chain(['…']).collect()
}

fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} s", time.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of a tool that writes `lines` lines, one each 100 ms.
    fn shown(fold: &mut Fold, lines: u32, succeeded: bool, log: Option<&str>) -> Vec<String> {
        let begin = Instant::now();
        let command = "pip install flask";
        let mut shown = fold.take(&Event::ToolStarted { command }, begin).unwrap();
        for number in 0..lines {
            let now = begin + Duration::from_millis(100) * number;
            let line = format!("Collecting package-{number}");
            shown.extend(fold.take(&Event::Output(&line), now).unwrap_or_else(|| vec![line.clone()]));
        }
        let took = Duration::from_millis(100) * lines;
        let ended = Event::ToolEnded { command, took, succeeded, log };
        shown.extend(fold.take(&ended, begin + took).unwrap());
        shown
    }

    #[test]
    fn a_long_build_shows_that_it_goes_on_and_how_long_it_took() {
        assert_eq!(
            shown(&mut Fold::default(), 130, true, None),
            [
                "5 s: Collecting package-50",
                "10 s: Collecting package-100",
                "Done in 13 s, 130 lines of output"
            ]
        );
        assert_eq!(
            shown(&mut Fold::default(), 2, true, None),
            ["Collecting package-0", "Collecting package-1"]
        );
        assert_eq!(shown(&mut Fold::default(), 0, true, None), [""; 0]);
    }

    #[test]
    fn a_build_that_fails_shows_its_last_lines_and_where_the_others_are() {
        let failed = shown(&mut Fold::default(), 45, false, Some("logs/blog/build.log"));
        assert_eq!(failed[0], "… 5 earlier lines are not shown: all are in `logs/blog/build.log`");
        assert_eq!((failed.len(), failed[40].as_str()), (41, "Collecting package-44"));
        assert_eq!(shown(&mut Fold::default(), 3, false, None).len(), 3);
        assert!(
            shown(&mut Fold::default(), 45, false, None)[0].ends_with("push with `-o verbose` to see all")
        );
    }

    #[test]
    fn what_is_asked_for_whole_is_shown_whole_and_what_no_tool_writes_always() {
        assert_eq!(shown(&mut Fold::new(true), 130, true, None).len(), 130);
        let mut fold = Fold::default();
        for event in [Event::Output("of the release command"), Event::Stage("Starting web.1")] {
            assert_eq!(fold.take(&event, Instant::now()), None);
        }
    }
}
