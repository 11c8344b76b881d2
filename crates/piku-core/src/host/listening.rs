//! Reads the output of a program line by line, and reports when there is none for a while.

use std::io::{ErrorKind, PipeReader, Read};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How long to wait for output before reporting silence. The interval doubles each time.
pub(super) const FIRST_SILENCE: Duration = Duration::from_secs(10);
/// The maximum length of a line, in bytes. The rest of a longer line is reported as another line.
const LONGEST_LINE: usize = 4096;

/// Something to report about a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output<'a> {
    /// A line of output. If it overwrites itself with `\r`, only its final text.
    Line(&'a str),
    /// No output for some time.
    Silence {
        /// How long the program has been running.
        running: Duration,
    },
}

/// The interval between calls of `meanwhile`.
const MEANWHILE: Duration = Duration::from_millis(200);

/// Reads until every writing end of the pipe is closed, and calls `meanwhile` several times a second.
pub(super) fn listen(
    mut stream: PipeReader,
    patience: Duration,
    meanwhile: &mut dyn FnMut(),
    emit: &mut dyn FnMut(Output<'_>),
) {
    let begin = Instant::now();
    let mut quiet = Quiet::since(begin, patience);
    let (mut pending, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        meanwhile();
        let left = quiet.due().saturating_duration_since(Instant::now());
        if !readable_within(&stream, left.min(MEANWHILE)) {
            if Instant::now() < quiet.due() {
                continue;
            }
            emit(Output::Silence { running: begin.elapsed() });
            quiet.said();
            continue;
        }
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
            Ok(count) => pending.extend_from_slice(&chunk[..count]),
        }
        while let Some(end) = end_of_line(&pending) {
            emit_line(&pending[..end], emit);
            pending.drain(..end);
            quiet = Quiet::since(Instant::now(), patience);
        }
    }
    if !pending.is_empty() {
        emit_line(&pending, emit);
    }
}

/// When output stopped, and when to report it next.
struct Quiet {
    since: Instant,
    next: Duration,
}

impl Quiet {
    fn since(since: Instant, patience: Duration) -> Self {
        Self { since, next: patience }
    }

    fn due(&self) -> Instant {
        self.since + self.next
    }

    fn said(&mut self) {
        self.next *= 2;
    }
}

/// Whether the stream becomes readable, or ends, within `time`.
fn readable_within(stream: &PipeReader, time: Duration) -> bool {
    let time = Timespec::try_from(time).unwrap_or_default();
    let mut asked = [PollFd::new(stream, PollFlags::IN)];
    match poll(&mut asked, Some(&time)) {
        // By a signal that the embedding program handles, perhaps by cancelling: nothing is known of the pipe.
        Err(Errno::INTR) => false,
        // Reading says why.
        Err(_) => true,
        Ok(_) => !asked[0].revents().is_empty(),
    }
}

fn end_of_line(bytes: &[u8]) -> Option<usize> {
    let within = &bytes[..bytes.len().min(LONGEST_LINE)];
    let end = within.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
    end.or_else(|| (bytes.len() >= LONGEST_LINE).then_some(LONGEST_LINE))
}

fn emit_line(bytes: &[u8], emit: &mut dyn FnMut(Output<'_>)) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end();
    emit(Output::Line(text.rsplit('\r').next().unwrap_or(text)));
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_read_one_by_one_and_too_long_ones_in_parts() {
        let (output, mut input) = std::io::pipe().unwrap();
        let long = "x".repeat(LONGEST_LINE + 10);
        input.write_all(format!("one\ntwo \r\n10%\r20%\n\n{long}\nno end").as_bytes()).unwrap();
        drop(input);
        let mut lines = Vec::new();
        listen(output, FIRST_SILENCE, &mut || {}, &mut |output| {
            if let Output::Line(line) = output {
                lines.push(line.to_owned());
            }
        });
        assert_eq!(lines, ["one", "two", "20%", "", &long[..LONGEST_LINE], "xxxxxxxxxx", "no end"]);
    }

    #[test]
    fn silence_is_reported_at_growing_intervals_and_ends_with_a_line() {
        let (output, input) = std::io::pipe().unwrap();
        let mut input = Some(input);
        let patience = Duration::from_millis(10);
        let (mut silences, mut lines) = (Vec::new(), 0);
        listen(output, patience, &mut || {}, &mut |output| match output {
            Output::Line(_) => lines += 1,
            Output::Silence { running } => {
                silences.push(running);
                match silences.len() {
                    3 => drop(input.as_mut().unwrap().write_all(b"done\n")),
                    4 => drop(input.take()),
                    _ => {}
                }
            }
        });
        assert_eq!((lines, silences.len()), (1, 4));
        assert!(silences[1] >= patience * 2 && silences[2] >= patience * 4, "{silences:?}");
    }
}
