//! The client at the other end of standard error. Notices when it is gone, as after an interrupted push or a closed ssh
//! connection, and does not wait for one that reads nothing.

use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use piku_core::Cancel;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How long a client may read nothing before it counts as gone: it holds the lock of its app meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a pipe takes at once if it takes anything (PIPE_BUF, pipe(7)).
const PORTION: usize = 4096;
/// The same for a terminal.
const TERMINAL_PORTION: usize = 128;

/// Whether the client reads nothing any more.
static SILENT: AtomicBool = AtomicBool::new(false);
/// Cancels the operation that the client waits for, if it can be cancelled.
static CANCEL: OnceLock<Cancel> = OnceLock::new();

/// Cancels when standard error has no reader any more: git's pipe or sshd's socket is closed (poll(2): POLLERR,
/// POLLHUP). If it is a file, that never happens. Cancels too when the client reads nothing of what is written.
pub(crate) fn cancel_when_gone(cancel: &Cancel) {
    drop(CANCEL.set(cancel.clone()));
    let cancel = cancel.clone();
    // The thread ends with the process.
    std::thread::spawn(move || {
        loop {
            let stderr = rustix::stdio::stderr();
            let mut asked = [PollFd::new(&stderr, PollFlags::empty())];
            match poll(&mut asked, None) {
                Err(Errno::INTR) => {}
                Ok(_) if asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => {
                    return cancel.cancel();
                }
                _ => return,
            }
        }
    });
}

/// Writes to standard error. If the reader is gone, the work goes on, or is cancelled by [`cancel_when_gone`]. A reader
/// that takes nothing for half a minute gets nothing more.
pub(crate) fn write(text: &str) {
    if SILENT.load(Ordering::Relaxed) {
        return;
    }
    let stderr = rustix::stdio::stderr();
    let portion = if rustix::termios::isatty(stderr) { TERMINAL_PORTION } else { PORTION };
    if !text.as_bytes().chunks(portion).all(|bytes| is_taken(stderr, bytes, PATIENCE)) {
        SILENT.store(true, Ordering::Relaxed);
        CANCEL.get().inspect(|cancel| cancel.cancel());
    }
}

/// Writes a portion; false if nobody takes it in time. A reader that is gone is no reason to wait.
fn is_taken(to: impl AsFd, mut bytes: &[u8], patience: Duration) -> bool {
    let end = Instant::now() + patience;
    while !bytes.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else { return false };
        match poll(&mut [PollFd::new(&to, PollFlags::OUT)], Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return true,
        }
        match rustix::io::write(&to, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_a_reader_that_takes_nothing() {
        let (reader, writer) = std::io::pipe().unwrap();
        let begin = Instant::now();
        let short = Duration::from_millis(50);
        let taken = (0..1000).take_while(|_| is_taken(&writer, &[b'x'; PORTION], short)).count();
        assert!((1..1000).contains(&taken), "a pipe takes some: {taken}");
        assert!(begin.elapsed() < Duration::from_secs(10));
        drop(reader);
        assert!(is_taken(&writer, b"x", short), "a reader that is gone is not waited for");
    }
}
