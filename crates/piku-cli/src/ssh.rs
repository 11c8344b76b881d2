//! Commands over ssh: the forced command of each key. Nothing a client sends reaches a shell.

use std::convert::Infallible;
use std::ffi::OsString;

use crate::error::CliError;
use crate::surroundings;

/// Commands of the server itself, which are not offered over ssh.
const LOCAL: [&str; 3] = ["emperor", "repair", "setup"];
/// Commands that nobody types.
const INTERNAL: [&str; 7] = ["ssh-command", "git-hook", "notify", "plugin", "reference", "units", "upkeep"];
/// Where distributions install the sftp server.
const SFTP_SERVERS: [&str; 4] = [
    "/usr/lib/openssh/sftp-server",
    "/usr/lib/ssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/libexec/sftp-server",
];

/// What a line of legacy piku (piku.py) in `authorized_keys` means that has started this process with `words`: our forced
/// command for its key. Such a line hands `$SSH_ORIGINAL_COMMAND` over without quotes, so that a shell has split it at
/// each blank and kept the client's quotes as letters. What the client asks for is then read from the variable.
///
/// A line that does the same without naming the key means what the client has asked for.
pub(crate) fn of_legacy_line(words: &[OsString]) -> Option<Vec<OsString>> {
    // git calls a hook in the environment of a command that was read before.
    if surroundings::actor().name.is_some() {
        return None;
    }
    let line = surroundings::ssh_original_command();
    if let Some((name, fingerprint)) = surroundings::legacy_key()
        && (line.is_some() || words.is_empty())
    {
        return Some(["ssh-command".into(), name, fingerprint].map(OsString::from).to_vec());
    }
    unquoted(words, &line?.into_string().ok()?)
}

/// The words of a command line, if `words` are what a shell makes of it without quotes.
fn unquoted(words: &[OsString], line: &str) -> Option<Vec<OsString>> {
    let Request::Command(meant) = read(line) else { return None };
    words.iter().eq(line.split_ascii_whitespace()).then(|| meant.into_iter().map(OsString::from).collect())
}

/// What a client asked for over ssh.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A piku command.
    Command(Vec<String>),
    /// A program that transfers files: `scp` or the sftp server.
    Files(Vec<String>),
    /// A command of the server itself.
    Local(String),
    /// Anything else.
    Unknown(String),
    /// Something that is no text.
    NotUtf8(String),
}

/// Splits the command line by the quoting rules of a shell, but expands nothing.
pub(crate) fn read(line: &str) -> Request {
    let Some(mut words) = shlex::split(line) else { return Request::Unknown(line.to_owned()) };
    // The spelling of older clients.
    if words.len() > 2 && words[0] == "git" {
        words.splice(..2, [format!("git-{}", words[1])]);
    }
    let first = words.first().map_or("", String::as_str);
    match first {
        "scp" => Request::Files(words),
        _ if first == "internal-sftp" || first.ends_with("/sftp-server") => {
            let found = SFTP_SERVERS.iter().find(|path| std::path::Path::new(path).is_file());
            found.map_or_else(
                || Request::Unknown(first.to_owned()),
                |path| Request::Files(vec![(*path).to_owned()]),
            )
        }
        _ if LOCAL.contains(&first) => Request::Local(first.to_owned()),
        _ if INTERNAL.contains(&first) => Request::Unknown(first.to_owned()),
        _ => Request::Command(words),
    }
}

/// What the client asks for, and whether it asks for JSON.
pub(crate) fn asked() -> (Request, bool) {
    let line = match surroundings::ssh_original_command().map(OsString::into_string) {
        None => "help".to_owned(),
        Some(Ok(line)) => line,
        Some(Err(odd)) => return (Request::NotUtf8(odd.to_string_lossy().into_owned()), false),
    };
    let json = shlex::split(&line).is_some_and(|words| words.iter().any(|word| word == "--json"));
    (read(&line), json)
}

/// Hands over to a program that transfers files, which replaces this process.
pub(crate) fn transfer(words: &[String], name: &str) -> Result<Infallible, CliError> {
    let actor = [(surroundings::ACTOR.to_owned(), name.to_owned())].into();
    Ok(piku_core::process::become_program(words, &actor).map_err(piku_core::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Request {
        Request::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn words_are_split_and_nothing_else_happens_to_them() {
        assert_eq!(read("apps; id"), command(&["apps;", "id"]));
        assert_eq!(read("run blog -- sh -c 'exit 7'"), command(&["run", "blog", "--", "sh", "-c", "exit 7"]));
        assert_eq!(read("config:set blog 'A=$(id) `id`'"), command(&["config:set", "blog", "A=$(id) `id`"]));
        assert_eq!(read("git-receive-pack '/blog.git'"), command(&["git-receive-pack", "/blog.git"]));
        assert_eq!(read("git upload-pack blog"), command(&["git-upload-pack", "blog"]));
        assert_eq!(read("'"), Request::Unknown("'".into()));
    }

    #[test]
    fn words_that_a_shell_has_split_are_read_again() {
        let read = |words: &[&str], line: &str| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            let meant = unquoted(&words, line)?;
            Some(meant.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>())
        };
        let words = ["config:set", "blog", "'A=b", "c'"];
        let meant = ["config:set", "blog", "A=b  c"].map(str::to_owned).to_vec();
        assert_eq!(read(&words, "config:set blog 'A=b  c'"), Some(meant));
        // A forced command that somebody wrote does what it says, whatever the client sends.
        assert_eq!(read(&["restart", "blog"], "destroy blog --force"), None);
        assert_eq!(read(&["ssh-command", "bob"], "ssh-command bob"), None);
    }

    #[test]
    fn commands_for_the_machine_itself_are_unknown_from_afar() {
        for line in ["ssh-command x", "git-hook update blog", "git hook update blog", "reference", "units x"]
        {
            assert!(matches!(read(line), Request::Unknown(_)), "{line}");
        }
        for line in ["setup", "setup --system", "emperor --stop", "repair"] {
            assert!(matches!(read(line), Request::Local(_)), "{line}");
        }
        assert!(matches!(read("setup:ssh -"), Request::Command(_)));
        assert!(matches!(read("scp -t /tmp"), Request::Files(_)));
    }
}
