//! Speaks with the uWSGI emperor: wakes it, and hears from it how its vassals are.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use camino::Utf8Path;
use piku_uwsgi::stats::{self, EmperorStats};
use rustix::process::{Pid, Signal};

use super::files;

/// Makes the emperor look for new and removed vassals at once (SIGWINCH) instead of within three seconds.
///
/// Nobody there to be woken is fine: whoever waits for the result will notice.
pub(crate) fn wake(pidfile: &Utf8Path) {
    if let Some(pid) = process_id(pidfile) {
        let _ = rustix::process::kill_process(pid, Signal::WINCH);
    }
}

fn process_id(pidfile: &Utf8Path) -> Option<Pid> {
    let text = files::read_text(pidfile).ok().flatten()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    // A file left by a dead emperor may name a stranger by now.
    let name =
        files::read_text(&Utf8Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("cmdline"));
    name.ok().flatten().filter(|line| line.contains("uwsgi")).map(|_| pid)
}

/// Whether an emperor has that socket, be it that it answers or that it hangs.
pub(crate) fn is_there(socket: &Utf8Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

/// What the emperor says of itself and its vassals; `None` when no emperor answers.
pub(crate) fn ask(socket: &Utf8Path) -> Option<EmperorStats> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    stats::parse(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn an_emperor_that_hangs_is_there_and_one_that_has_gone_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let socket = Utf8Path::from_path(folder.path()).unwrap().join("stats");
        let hangs = UnixListener::bind(&socket).unwrap();
        assert!(is_there(&socket));
        assert_eq!(ask(&socket), None);
        drop(hangs);
        assert!(!is_there(&socket));
    }
}
