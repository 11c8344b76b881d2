//! Notices that whoever asked is gone: a push that was interrupted, an ssh connection that was cut.

use piku_core::Cancel;
use rustix::event::{PollFd, PollFlags, poll};

/// Cancels once nobody can read any more what we say: the other end of standard error, a pipe of git's or a socket of
/// sshd's, is closed (poll(2): POLLERR, POLLHUP). For a file that never comes.
pub(crate) fn cancel_when_gone(cancel: &Cancel) {
    let cancel = cancel.clone();
    // It ends with the process.
    std::thread::spawn(move || {
        loop {
            let stderr = rustix::stdio::stderr();
            let mut asked = [PollFd::new(&stderr, PollFlags::empty())];
            match poll(&mut asked, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) if asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => {
                    return cancel.cancel();
                }
                _ => return,
            }
        }
    });
}
