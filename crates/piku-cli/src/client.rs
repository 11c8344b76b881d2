//! Notices when the client is gone: an interrupted push, a closed ssh connection.

use piku_core::Cancel;
use rustix::event::{PollFd, PollFlags, poll};

/// Cancels when standard error has no reader any more: git's pipe or sshd's socket is closed (poll(2): POLLERR,
/// POLLHUP). If it is a file, that never happens.
pub(crate) fn cancel_when_gone(cancel: &Cancel) {
    let cancel = cancel.clone();
    // The thread ends with the process.
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
