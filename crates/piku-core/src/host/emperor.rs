//! Talks to the uWSGI emperor: wakes it, stops it, and reads the state of its vassals.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use camino::Utf8Path;
use piku_uwsgi::stats::{self, EmperorStats};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::{Pid, Signal};

use super::processes::{self, ProcessTree};
use super::{HostError, files, wait};

/// The timeout of each step of a query.
const PATIENCE: Duration = Duration::from_secs(2);

/// Makes the emperor scan for new and removed vassals now (SIGWINCH) instead of within three seconds.
///
/// Does nothing if no emperor is running: the caller notices when the result does not appear.
pub(crate) fn wake(pidfile: &Utf8Path) {
    if let Some(pid) = process_id(pidfile) {
        let _ = rustix::process::kill_process(pid, Signal::WINCH);
    }
}

/// The emperor's process id, if it runs.
pub(crate) fn process_id(pidfile: &Utf8Path) -> Option<Pid> {
    let text = files::read_text(pidfile).ok().flatten()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    // A stale file may hold the pid of another program by now.
    let name =
        files::read_text(&Utf8Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("cmdline"));
    name.ok().flatten().filter(|line| line.contains("uwsgi")).map(|_| pid)
}

/// Whether the emperor of this file runs.
pub(crate) fn runs(pidfile: &Utf8Path) -> bool {
    process_id(pidfile).is_some()
}

/// Whether an emperor holds its lock, which ends with it, however it ends.
pub(crate) fn holds(lock: &Utf8Path) -> bool {
    let Ok(file) = files::open_to_lock(lock) else { return false };
    // As uWSGI does.
    rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err()
}

/// How long the emperor and all apps may take to stop after SIGTERM.
const STOP: Duration = Duration::from_secs(7);
/// How long the emperor may take once all apps are gone.
const LAST: Duration = Duration::from_secs(2);

/// Stops the emperor and every process below it: sends SIGTERM, then kills what is left after seven seconds, since init
/// systems do not wait long. Does nothing if no emperor is running.
pub(crate) fn stop(pidfile: &Utf8Path) {
    let Some(child) = process_id(pidfile).map(|pid| pid.as_raw_nonzero().get()) else { return };
    let master = processes::master_of(child).unwrap_or(child);
    let below = ProcessTree::read().below(master);
    let signal = |pid: i32, signal| {
        // Ignore the error if the process has ended meanwhile.
        let _ = Pid::from_raw(pid).map(|pid| rustix::process::kill_process(pid, signal));
    };
    let ended = |patience| {
        let gone = || !processes::is_alive(master) && below.iter().all(|pid| !processes::is_alive(*pid));
        wait::until(patience, || gone().then_some(())).is_some()
    };
    signal(master, Signal::TERM);
    if ended(STOP) {
        return;
    }
    // Kill the apps first: the emperor waits for them and then ends by itself.
    let late = ProcessTree::read().below(master);
    let apps = below.iter().chain(&late).filter(|pid| **pid != child);
    for pid in apps {
        signal(*pid, Signal::KILL);
    }
    if !ended(LAST) {
        signal(child, Signal::KILL);
        signal(master, Signal::KILL);
    }
}

/// The systemd unit in whose control group the emperor runs (proc(5), cgroups(7)).
pub(crate) fn unit(pidfile: &Utf8Path) -> Option<String> {
    unit_of(process_id(pidfile)?.as_raw_nonzero().get())
}

/// The systemd unit in whose control group a process runs.
pub(crate) fn unit_of(pid: i32) -> Option<String> {
    let groups = files::read_text(&Utf8Path::new("/proc").join(pid.to_string()).join("cgroup")).ok()??;
    let units = groups.lines().filter_map(|line| line.rsplit('/').next());
    units.filter(|unit| unit.ends_with(".service")).map(str::to_owned).next()
}

/// The outcome of a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// The emperor answered with the state of its vassals.
    Stats(EmperorStats),
    /// The emperor is there, but gave no valid answer in time: it hangs or is about to end.
    Silence,
    /// Nobody listens: there is no emperor, so no vassal is running.
    Nobody,
}

/// Queries the state of the vassals.
pub(crate) fn hear(socket: &Utf8Path) -> Heard {
    hear_within(socket, PATIENCE)
}

fn hear_within(socket: &Utf8Path, patience: Duration) -> Heard {
    let mut stream = match connect(socket, patience) {
        Ok(stream) => stream,
        Err(Errno::NOENT | Errno::CONNREFUSED) => return Heard::Nobody,
        Err(_) => return Heard::Silence,
    };
    let mut answer = Vec::new();
    let read = stream.set_read_timeout(Some(patience)).and_then(|()| stream.read_to_end(&mut answer));
    let stats = read.ok().and_then(|_| stats::parse(&answer).ok());
    stats.map_or(Heard::Silence, Heard::Stats)
}

/// Connects. If the queue of connections stays full because nobody accepts them, fails after `patience`.
fn connect(socket: &Utf8Path, patience: Duration) -> Result<UnixStream, Errno> {
    let address = SocketAddrUnix::new(socket.as_std_path())?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let stream = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let connected = wait::until(patience, || match net::connect(&stream, &address) {
        Err(Errno::AGAIN | Errno::INTR) => None,
        outcome => Some(outcome),
    });
    connected.unwrap_or(Err(Errno::TIMEDOUT))?;
    let stream = UnixStream::from(stream);
    stream.set_nonblocking(false).map_err(|_| Errno::IO)?;
    Ok(stream)
}

/// The state of the emperor and its vassals; `None` if no emperor answers, for any reason.
pub(crate) fn ask(socket: &Utf8Path) -> Option<EmperorStats> {
    match hear(socket) {
        Heard::Stats(stats) => Some(stats),
        Heard::Silence | Heard::Nobody => None,
    }
}

/// Like [`ask`], for callers that change what is running. No emperor means no vassals; an emperor that does not answer
/// is an error, since its vassals are unknown.
pub(crate) fn must_tell(socket: &Utf8Path) -> Result<EmperorStats, HostError> {
    match hear(socket) {
        Heard::Stats(stats) => Ok(stats),
        Heard::Nobody => Ok(EmperorStats::default()),
        Heard::Silence => Err(HostError::EmperorSilent { socket: socket.to_owned() }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixListener;

    use camino::Utf8PathBuf;

    use super::*;

    /// Answers every query with `stats`, for as long as the test runs.
    pub(crate) fn speak(socket: &Utf8Path, stats: String) {
        let listener = UnixListener::bind(socket).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                drop(stream.unwrap().write_all(stats.as_bytes()));
            }
        });
    }

    #[test]
    fn an_emperor_that_says_nothing_is_told_from_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let hear = |name: &str| hear_within(&at(name), Duration::from_millis(50));
        assert_eq!(hear("absent"), Heard::Nobody);
        drop(UnixListener::bind(at("dead")).unwrap());
        assert_eq!(hear("dead"), Heard::Nobody);

        speak(&at("healthy"), r#"{"vassals":[],"blacklist":[]}"#.to_owned());
        assert_eq!(hear("healthy"), Heard::Stats(EmperorStats::default()));
        for (name, answer) in [("ends", ""), ("mumbles", "{\"vassals\":")] {
            speak(&at(name), answer.to_owned());
            assert_eq!(hear(name), Heard::Silence, "{name}");
        }

        let hangs = UnixListener::bind(at("hangs")).unwrap();
        assert_eq!(hear("hangs"), Heard::Silence);
        // A full queue of connections does not block the query forever either.
        net::listen(&hangs, 0).unwrap();
        let waiting: Vec<_> =
            std::iter::from_fn(|| connect(&at("hangs"), Duration::ZERO).ok()).take(8).collect();
        assert!(waiting.len() < 8);
        assert_eq!(hear("hangs"), Heard::Silence);
        assert!(must_tell(&at("absent")).is_ok() && must_tell(&at("ends")).is_err());
    }
}
