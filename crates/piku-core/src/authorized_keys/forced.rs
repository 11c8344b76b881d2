//! The forced command of a key: piku's, legacy piku's, or another.

use camino::{Utf8Path, Utf8PathBuf};

/// What legacy piku's lines hand over, unquoted.
const ORIGINAL: &str = "$SSH_ORIGINAL_COMMAND";
/// The name that legacy piku gives to every key.
pub(crate) const LEGACY_NAME: &str = "default";

/// A forced command of piku: `PIKU_ROOT=<root> exec <program> ssh-command <name> [<fingerprint>] [--limited]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OurCommand {
    /// `None` in a line that somebody wrote without it: the user's own.
    pub(crate) root: Option<Utf8PathBuf>,
    pub(crate) program: Utf8PathBuf,
    /// The name of the key.
    pub(crate) name: String,
    /// Earlier versions of piku did not write it.
    pub(crate) fingerprint: Option<String>,
    /// Whether there must be a record of what the key may do: without one it may do nothing.
    pub(crate) limited: bool,
}

/// A forced command of legacy piku: `FINGERPRINT=<fingerprint> NAME=<name> <program> $SSH_ORIGINAL_COMMAND`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LegacyCommand {
    /// The name of the key, if it was given one.
    pub(crate) name: Option<String>,
    /// The fingerprint of the key, in any of the forms that `ssh-keygen` has had.
    pub(crate) fingerprint: Option<String>,
    /// The root, if it names one.
    pub(crate) root: Option<Utf8PathBuf>,
    /// The program, if what the client asks for is handed over to it.
    pub(crate) program: Option<Utf8PathBuf>,
}

/// What a forced command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Forced {
    /// A piku.
    Ours(OurCommand),
    /// Legacy piku (piku.py).
    Legacy(LegacyCommand),
    /// Something else, or nothing in particular.
    Other,
}

impl Forced {
    /// Parses a forced command.
    pub(crate) fn read(command: &str) -> Self {
        let words = shlex::split(command).unwrap_or_default();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_before = |word: &&&str| **word == "exec" || word.contains('=');
        let before = words.iter().take_while(is_before).count();
        let root = words[..before].iter().find_map(|word| word.strip_prefix("PIKU_ROOT="));
        if let [program, "ssh-command", rest @ ..] = &words[before..] {
            let (options, plain): (Vec<&str>, Vec<&str>) = rest.iter().partition(|one| one.starts_with("--"));
            let ([name] | [name, _]) = plain[..] else { return Self::Other };
            return Self::Ours(OurCommand {
                root: root.map(Utf8PathBuf::from),
                program: Utf8Path::new(program).to_owned(),
                name: name.to_owned(),
                fingerprint: plain.get(1).map(|one| (*one).to_owned()),
                limited: !options.is_empty(),
            });
        }
        let named = |start: &str| words.iter().find_map(|word| word.strip_prefix(start));
        let is_piku =
            |program: &str| Utf8Path::new(program).file_name().is_some_and(|name| name.starts_with("piku"));
        let passes_on = matches!(words[before..], [program, ORIGINAL] if is_piku(program));
        let is_legacy = passes_on || named("FINGERPRINT=").is_some() && words.last() == Some(&ORIGINAL);
        if is_legacy || command.contains("piku.py") {
            let program = match words.as_slice() {
                [.., program, ORIGINAL] => Some(Utf8PathBuf::from(*program)),
                _ => None,
            };
            return Self::Legacy(LegacyCommand {
                name: named("NAME=").filter(|name| *name != LEGACY_NAME).map(str::to_owned),
                fingerprint: named("FINGERPRINT=").map(str::to_owned),
                root: named("PIKU_ROOT=").map(Utf8PathBuf::from),
                program,
            });
        }
        Self::Other
    }
}

impl OurCommand {
    /// The command line.
    pub(crate) fn line(&self) -> String {
        let quoted =
            |text: &str| shlex::try_quote(text).map_or_else(|_| String::new(), std::borrow::Cow::into_owned);
        let root = self.root.as_ref().map(|root| format!("PIKU_ROOT={}", quoted(root.as_str())));
        let words =
            ["exec".to_owned(), quoted(self.program.as_str()), "ssh-command".to_owned(), quoted(&self.name)];
        let words = root.into_iter().chain(words).chain(self.fingerprint.as_deref().map(quoted));
        words.chain(self.limited.then(|| "--limited".to_owned())).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_piku_is_read_as_it_was_written() {
        let with = |fingerprint: Option<&str>, limited| OurCommand {
            root: Some("/r s".into()),
            program: "/opt/piku".into(),
            name: "a@b".to_owned(),
            fingerprint: fingerprint.map(str::to_owned),
            limited,
        };
        for command in [with(None, false), with(Some("SHA256:a/b+c"), false), with(Some("SHA256:x"), true)] {
            assert_eq!(Forced::read(&command.line()), Forced::Ours(command));
        }
        assert_eq!(
            with(Some("SHA256:x"), true).line(),
            "PIKU_ROOT='/r s' exec /opt/piku ssh-command a@b SHA256:x --limited"
        );
    }

    #[test]
    fn a_command_that_somebody_wrote_by_hand_is_known() {
        let read = |command: &str| match Forced::read(command) {
            Forced::Ours(ours) => Some((ours.name, ours.root)),
            _ => None,
        };
        let ada = |root: Option<&str>| Some(("ada".to_owned(), root.map(Utf8PathBuf::from)));
        assert_eq!(read("piku ssh-command ada"), ada(None));
        assert_eq!(read("PIKU_ROOT=/r A=b /usr/bin/piku ssh-command ada"), ada(Some("/r")));
        assert_eq!(read("echo piku ssh-command ada"), None);
    }

    #[test]
    fn what_legacy_piku_wrote_is_known_by_its_variables() {
        let legacy = |name: Option<&str>| {
            Forced::Legacy(LegacyCommand {
                name: name.map(str::to_owned),
                fingerprint: Some("SHA256:x".to_owned()),
                root: None,
                program: Some("/home/piku/piku.py".into()),
            })
        };
        let line =
            |name| format!("FINGERPRINT=SHA256:x NAME={name} /home/piku/piku.py $SSH_ORIGINAL_COMMAND");
        assert_eq!(Forced::read(&line("default")), legacy(None));
        assert_eq!(Forced::read(&line("ada")), legacy(Some("ada")));
        let alone = Forced::read("python3 /home/piku/piku.py restart blog");
        assert_eq!(alone, Forced::Legacy(LegacyCommand::default()), "nothing is handed over");
        let of_root = Forced::read(&format!("PIKU_ROOT=/r {}", line("ada")));
        assert!(matches!(of_root, Forced::Legacy(LegacyCommand { root: Some(root), .. }) if root == "/r"));
        let by_hand = Forced::read("exec /usr/local/bin/piku $SSH_ORIGINAL_COMMAND");
        assert!(matches!(by_hand, Forced::Legacy(LegacyCommand { name: None, program: Some(_), .. })));
        for other in ["", "git-shell -c \"$SSH_ORIGINAL_COMMAND\"", "exec piku ssh-command", "'"] {
            assert_eq!(Forced::read(other), Forced::Other, "{other}");
        }
    }
}
