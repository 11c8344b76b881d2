//! Parses public keys and writes their lines in `authorized_keys`.

use camino::Utf8Path;

/// Why a key can't be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text contains no key.
    #[error("the input has no public key")]
    Empty,
    /// A line is not a public key.
    #[error("line {line} is not an ssh public key")]
    NotAKey {
        /// The line, from 1.
        line: usize,
    },
    /// It is a private key.
    #[error("that is a private key, which must never leave its machine")]
    Private,
}

impl KeyError {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Private => "give the file whose name ends in `.pub`".to_owned(),
            _ => "give a line such as `ssh-ed25519 AAAA… alice@laptop`, without options before it".to_owned(),
        }
    }
}

/// A public key, parsed so that nothing else on the line is ever written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) kind: String,
    pub(crate) blob: String,
    pub(crate) name: String,
}

/// Parses public keys, one per line (sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options).
pub(crate) fn read_keys(text: &str) -> Result<Vec<PublicKey>, KeyError> {
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyError::Private);
    }
    let mut keys = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let (kind, blob) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let known =
            ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| kind.starts_with(start));
        let plain = kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '@' | '.'));
        let base64 = blob.len() > 40
            && blob.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        if !(known && plain && base64) {
            return Err(KeyError::NotAKey { line: at + 1 });
        }
        let comment: String = words.collect::<Vec<_>>().join(" ");
        let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
        let name: String = comment.chars().filter(safe).take(64).collect();
        // The name is passed as an argument, and must not be read as an option.
        let name = name.trim_start_matches('-').to_owned();
        let name = if name.is_empty() { "default".to_owned() } else { name };
        keys.push(PublicKey { kind: kind.to_owned(), blob: blob.to_owned(), name });
    }
    if keys.is_empty() { Err(KeyError::Empty) } else { Ok(keys) }
}

/// The line in `authorized_keys`: one forced command, and everything else disabled.
pub(crate) fn authorized_line(key: &PublicKey, program: &Utf8Path, root: &Utf8Path) -> String {
    let quoted =
        |text: &str| shlex::try_quote(text).map_or_else(|_| String::new(), std::borrow::Cow::into_owned);
    let command = format!(
        "PIKU_ROOT={} exec {} ssh-command {}",
        quoted(root.as_str()),
        quoted(program.as_str()),
        quoted(&key.name)
    );
    let command = command.replace('\\', "\\\\").replace('"', "\\\"");
    let limits = "no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding";
    format!("command=\"{command}\",{limits} {} {} {}\n", key.kind, key.blob, key.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJd3Uc1xfH9mZ8mB4qvB2mM0k7nU2s3nE9m7l1cXy0Qa";

    #[test]
    fn a_line_of_authorized_keys_holds_one_forced_command_and_no_option_of_the_given_line() {
        let keys = read_keys(&format!("# mine\nssh-ed25519 {BLOB} alice@laptop \"; id\n")).unwrap();
        assert_eq!(
            authorized_line(&keys[0], "/opt/pi ku/piku".into(), "/r".into()),
            format!(
                "command=\"PIKU_ROOT=/r exec '/opt/pi ku/piku' ssh-command alice@laptopid\",no-agent-forwarding,\
                 no-user-rc,no-X11-forwarding,no-port-forwarding ssh-ed25519 {BLOB} alice@laptopid\n"
            )
        );
    }

    #[test]
    fn what_is_not_a_public_key_is_refused_with_its_line() {
        let not_a_key = |text: &str| matches!(read_keys(text), Err(KeyError::NotAKey { .. }));
        assert!(not_a_key("hello"));
        assert!(not_a_key(&format!("command=\"id\" ssh-ed25519 {BLOB}")));
        assert!(not_a_key("ssh-ed25519 AAAA"));
        assert!(matches!(read_keys("\n# nothing\n"), Err(KeyError::Empty)));
        assert!(matches!(read_keys("-----BEGIN OPENSSH PRIVATE KEY-----\n"), Err(KeyError::Private)));
    }
}
