//! Recognizes uWSGI's own startup and shutdown lines, some forty per start. Pure.

/// uWSGI's lines, by prefix and suffix. Lines that explain a failure are not included.
const CHATTER: [(&str, &str); 64] = [
    ("*** Starting uWSGI ", "] ***"),
    ("*** has_emperor mode detected (fd: ", ") ***"),
    ("compiled with version: ", ""),
    ("detected number of CPU cores: ", ""),
    ("detected binary path: ", ""),
    ("detected max file descriptor number: ", ""),
    ("!!! no internal routing support, ", ""),
    ("your processes number limit is ", ""),
    ("your memory page size is ", " bytes"),
    ("your server socket listen backlog is limited to ", " connections"),
    ("your mercy for graceful operations on workers is ", " seconds"),
    ("thunder lock: ", "(you can enable it with --thunder-lock)"),
    ("uWSGI running as root, you can use --uid/--gid/--chroot options", ""),
    ("*** WARNING: you are running uWSGI as root !!! ", ""),
    ("*** WARNING: you are running uWSGI without its master process manager ***", ""),
    ("chdir() to ", ""),
    ("setgid() to ", ""),
    ("setuid() to ", ""),
    ("set additional group ", ""),
    ("uwsgi socket ", ""),
    ("uWSGI http bound on ", ""),
    ("PEP 405 virtualenv detected: ", ""),
    ("Set PythonHome to ", ""),
    ("Python main interpreter initialized at 0x", ""),
    ("python threads support enabled", ""),
    ("*** Python threads support is disabled.", " ***"),
    ("*** uWSGI is running in multiple interpreter mode ***", ""),
    ("*** Operational MODE: ", " ***"),
    ("added ", " to pythonpath."),
    ("mapped ", " cores"),
    ("WSGI app 0 (mountpoint='", "(default app)"),
    ("spawned uWSGI ", ")"),
    ("cheap mode enabled: waiting for socket connection...", ""),
    ("unable to stat() ", ", events will be triggered as soon as the file is created"),
    ("announcing my loyalty to the Emperor...", ""),
    ("[uwsgi-daemons] ", ""),
    ("!!!!!!!!!!!!!! WARNING !!!!!!!!!!!!!!", ""),
    ("no request plugin is loaded, you will not be able to manage requests.", ""),
    ("you may need to install the package for your language of choice, or simply load it with --plugin.", ""),
    ("!!!!!!!!!!! END OF WARNING !!!!!!!!!!", ""),
    ("Gracefully killing worker ", ")..."),
    ("gateway \"uWSGI ", ")"),
    ("goodbye to uWSGI.", ""),
    ("VACUUM: unix socket ", " removed."),
    ("VACUUM: pidfile removed.", ""),
    ("...brutally killing workers...", ""),
    ("...gracefully killing workers...", ""),
    ("[uWSGI] getting INI configuration from ", ".ini"),
    ("*** no app loaded. going in full dynamic mode ***", ""),
    ("[uwsgi-static] added check for ", ""),
    ("*** dumping internal routing table ***", ""),
    ("[rule: ", ""),
    ("*** end of the internal routing table ***", ""),
    ("building mime-types dictionary from file ", " entry found"),
    ("PHP document root set to ", ""),
    ("Rack::BodyProxy successfully patched for ruby ", ""),
    ("RACK app 0 loaded in ", ")"),
    ("JVM ", ")"),
    ("JWSGI app \"", "\" loaded"),
    ("SIGINT/SIGTERM received...killing workers...", ""),
    ("SIGINT/SIGQUIT received...killing workers...", ""),
    // piku asks a worker for nothing, to see that it answers.
    ("-- unavailable modifier requested: 100 --", ""),
    // A process that ends removes its socket, which its successor may have done before.
    ("unlink(): No such file or directory [core/", "]"),
    ("error removing unix socket, unlink(): No such file or directory [core/", "]"),
];

/// Lines that an app might write too. They count as uWSGI's only after another line of uWSGI.
const AMONG_OTHERS: [(&str, &str); 10] = [
    ("os: ", ""),
    ("nodename: ", ""),
    ("machine: ", ""),
    ("clock source: ", ""),
    ("pcre jit ", ""),
    ("current working directory: ", ""),
    ("lock engine: ", ""),
    ("Python version: ", ""),
    ("PHP ", " initialized"),
    ("ruby ", "]"),
];

/// The text after the date, for uWSGI's lines that begin with a date.
const DATED: [(&str, &str); 3] = [
    ("received message ", " from emperor"),
    ("graceful shutdown triggered...", ""),
    ("workers have been inactive for more than ", ""),
];

/// Tells uWSGI's lines from the app's, one line of a log at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chatter {
    before: bool,
}

impl Chatter {
    /// Whether this line, the next of the log, is uWSGI's.
    pub(crate) fn is(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        self.before = has_any(line, &CHATTER)
            || self.before && has_any(line, &AMONG_OTHERS)
            || is_burial(line)
            || dated(line).is_some_and(|rest| has_any(rest, &DATED));
        self.before
    }
}

fn has_any(line: &str, shapes: &[(&str, &str)]) -> bool {
    shapes.iter().any(|(start, end)| line.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)))
}

/// `worker 1 buried after 1 seconds`
fn is_burial(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    matches!(words.as_slice(), ["worker", worker, "buried", "after", time, "seconds"] if number(worker) && number(time))
}

/// The text after `Mon Nov 23 06:33:10 2026 - `.
fn dated(line: &str) -> Option<&str> {
    let (date, rest) = line.split_once(" - ")?;
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    (date.len() == 24 && shape.ends_with(" 00:00:00 0000")).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(log: &str) -> Vec<&str> {
        let mut chatter = Chatter::default();
        log.lines().filter(|line| !chatter.is(line)).collect()
    }

    #[test]
    fn of_a_real_log_the_apps_own_lines_stay() {
        insta::assert_snapshot!(kept(include_str!("wsgi.log")).join("\n"), @r"
        [pid: 3602|app: 0|req: 1/1] 127.0.0.1 () {24 vars in 232 bytes} [Mon Nov 23 06:33:06 2026] GET / => generated 21 bytes in 0 msecs (HTTP/1.0 200) 1 headers in 60 bytes (1 switches on core 0)
        [pid: 3602|app: 0|req: 2/2] 127.0.0.1 () {24 vars in 239 bytes} [Mon Nov 23 06:33:10 2026] GET /?x=1 => generated 21 bytes in 0 msecs (HTTP/1.0 200) 1 headers in 60 bytes (2 switches on core 2)
        [pid: 3829|app: 0|req: 1/1] 127.0.0.1 () {24 vars in 232 bytes} [Mon Nov 23 06:33:10 2026] GET / => generated 21 bytes in 0 msecs (HTTP/1.0 200) 1 headers in 60 bytes (1 switches on core 1)
        ");
        insta::assert_snapshot!(kept(include_str!("worker.log")).join("\n"), @r#"
        one
        Traceback (most recent call last):
          File "<string>", line 1, in <module>
        ZeroDivisionError: division by zero
        one
        Traceback (most recent call last):
          File "<string>", line 1, in <module>
        ZeroDivisionError: division by zero
        one
        Traceback (most recent call last):
          File "<string>", line 1, in <module>
        ZeroDivisionError: division by zero
        "#);
    }

    #[test]
    fn what_an_app_says_stays_even_when_it_sounds_alike() {
        let log = "os: unknown\nmachine: learning\nPython version: any\nadded a user\nmapped 3 routes\n\
                   worker 1 buried after lunch\n*** ready ***\nspawned uWSGI by hand\nMon - received message 2 from emperor\n\
                   PHP is initialized\nruby is red\n\
                   DAMN ! worker 1 (pid: 7) died, killed by signal 9 :( trying respawn ...";
        assert_eq!(kept(log).join("\n"), log);
    }
}
