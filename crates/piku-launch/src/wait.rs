//! What a launcher waits for: signals, output, the emperor, and time.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// Signals that arrive at this process, as something to wait for.
#[derive(Debug)]
pub(crate) struct Signals(SignalDelivery<UnixStream, SignalOnly>);

impl Signals {
    /// Catches these signals from now on.
    pub(crate) fn catch(signals: &[i32]) -> std::io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        // A handler must never wait.
        write.set_nonblocking(true)?;
        Ok(Self(SignalDelivery::with_pipe(read, write, SignalOnly, signals)?))
    }

    /// The signals since the last call, each once.
    pub(crate) fn pending(&mut self) -> impl Iterator<Item = i32> {
        self.0.pending()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_read().as_fd()
    }
}

/// Waits until one of the sources can be read or has ended, or for `time`.
pub(crate) fn wait<'a>(sources: impl IntoIterator<Item = BorrowedFd<'a>>, time: Option<Duration>) {
    let mut asked: Vec<PollFd<'_>> =
        sources.into_iter().map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN)).collect();
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    // An error is a signal: whoever called looks again.
    let _ = poll(&mut asked, time.as_ref());
}
