//! What the answer to a first question says about the other end: whether ssh reaches it, and whether piku answers there.

/// What was found at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// piku of this version.
    Piku(String),
    /// piku, which refuses this key, or does not know the question.
    Refused(String),
    /// piku.py.
    Legacy,
    /// A shell: the key has no line of piku's.
    Shell,
    /// git's own shell, or another program for repositories.
    GitAlone(String),
    /// The host name is unknown.
    NoHost,
    /// Nobody answers at this address and port.
    NoAnswer(String),
    /// The server's host key is not known here yet, and nobody could be asked.
    NewHostKey,
    /// The server's host key is not the one that is known here.
    OtherHostKey,
    /// The server takes none of the keys.
    Denied,
    /// Anything else.
    Other(String),
}

/// Reads what `ssh SERVER version` printed, and its exit status.
pub(super) fn found(status: i32, stdout: &str, stderr: &str) -> Found {
    let said = stderr.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let last = || {
        let mut lines = stderr.lines().chain(stdout.lines()).map(str::trim).filter(|line| !line.is_empty());
        lines.next_back().unwrap_or_default().to_owned()
    };
    if let Some(version) = stdout.trim().strip_prefix("piku ").filter(|_| status == 0) {
        return Found::Piku(version.to_owned());
    }
    if says(&["remote host identification has changed"]) {
        Found::OtherHostKey
    } else if says(&["host key verification failed"]) {
        Found::NewHostKey
    } else if says(&["permission denied (", "too many authentication failures"]) {
        Found::Denied
    } else if says(&["could not resolve hostname", "name or service not known"]) {
        Found::NoHost
    } else if says(&["connection refused", "connection timed out", "no route to host", "operation timed out"])
        || (status == 255 && says(&["connection closed", "connection reset"]))
    {
        Found::NoAnswer(last())
    } else if let Some(why) = stderr.strip_prefix("error: ").filter(|_| matches!(status, 1 | 2)) {
        Found::Refused(why.lines().next().unwrap_or_default().to_owned())
    } else if says(&["piku.py", "no such command 'version'", "no such command \"version\""]) {
        Found::Legacy
    } else if says(&["git-shell", "unrecognized command 'version'"]) || stdout.starts_with("git version") {
        Found::GitAlone(last())
    } else if status == 127 || status == 126 || says(&["command not found", "not found", "illegal option"]) {
        Found::Shell
    } else {
        Found::Other(last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_end_is_known_by_what_it_says() {
        for (status, stdout, stderr, wanted) in [
            (0, "piku 0.1.0\n", "", Found::Piku("0.1.0".into())),
            (127, "", "bash: line 1: version: command not found\n", Found::Shell),
            (127, "", "sh: 1: version: not found\n", Found::Shell),
            (127, "", "zsh: command not found: version", Found::Shell),
            (2, "", "Usage: piku.py [OPTIONS] COMMAND\nError: No such command 'version'.\n", Found::Legacy),
            (1, "", "error: the key was removed\nhelp: ask\n", Found::Refused("the key was removed".into())),
            (
                128,
                "",
                "fatal: unrecognized command 'version'\n",
                Found::GitAlone("fatal: unrecognized command 'version'".into()),
            ),
            (
                1,
                "",
                "Hi ada! You've successfully authenticated, but GitHub does not provide shell access.\n",
                Found::Other(
                    "Hi ada! You've successfully authenticated, but GitHub does not provide shell access."
                        .into(),
                ),
            ),
            (255, "", "piku@box: Permission denied (publickey).\r\n", Found::Denied),
            (255, "", "ssh: Could not resolve hostname nobox: Name or service not known\r\n", Found::NoHost),
            (
                255,
                "",
                "ssh: connect to host box port 22: Connection refused\r\n",
                Found::NoAnswer("ssh: connect to host box port 22: Connection refused".into()),
            ),
            (
                255,
                "",
                "No ED25519 host key is known for box and you have requested strict checking.\r\n\
                 Host key verification failed.\r\n",
                Found::NewHostKey,
            ),
            (
                255,
                "",
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.\r\n",
                Found::OtherHostKey,
            ),
        ] {
            assert_eq!(found(status, stdout, stderr), wanted, "{stderr}");
        }
    }
}
