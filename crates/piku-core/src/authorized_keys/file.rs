//! The whole file: its lines with keys, and changes of single lines.

use super::forced::{Forced, LegacyCommand};
use super::line::Line;
use super::public_key::{PublicKey, fingerprint};
use crate::access::KeyName;

/// The contents of `authorized_keys`. A line that is not changed keeps every byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct File(Vec<Vec<u8>>);

/// A line with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The index of the line, from 0.
    pub(crate) at: usize,
    pub(crate) kind: String,
    /// `None` if the key is damaged, so that it opens nothing.
    pub(crate) fingerprint: Option<String>,
    pub(crate) comment: String,
    pub(crate) forced: Forced,
}

impl Entry {
    /// The name of the key: that in its forced command, or else the one that its comment gives it.
    pub(crate) fn name(&self) -> String {
        match &self.forced {
            Forced::Ours(command) => command.name.clone(),
            Forced::Legacy(LegacyCommand { name: Some(name), .. }) => name.clone(),
            _ => KeyName::from_comment(&self.comment).to_string(),
        }
    }
}

impl File {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Its lines with keys.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entry = |(at, line): (usize, &Vec<u8>)| {
            // A comment may have any bytes.
            let text = String::from_utf8_lossy(line);
            let line = Line::read(&text)?;
            Some(Entry {
                at,
                kind: line.kind.to_owned(),
                fingerprint: fingerprint(line.kind, line.blob),
                comment: line.comment.to_owned(),
                forced: line.command().map_or(Forced::Other, |command| Forced::read(&command)),
            })
        };
        self.0.iter().enumerate().filter_map(entry).collect()
    }

    /// Adds a line for a key, with this forced command and everything else disabled.
    pub(crate) fn add(&mut self, key: &PublicKey, name: &str, command: &str) {
        if let Some(last) = self.0.last_mut().filter(|last| !last.ends_with(b"\n")) {
            last.push(b'\n');
        }
        let command = command.replace('"', "\\\"");
        let limits = "no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding";
        self.0
            .push(format!("command=\"{command}\",{limits} {} {} {name}\n", key.kind, key.blob).into_bytes());
    }

    /// Removes lines.
    pub(crate) fn remove(&mut self, lines: &[usize]) {
        let mut at = 0;
        self.0.retain(|_| {
            at += 1;
            !lines.contains(&(at - 1))
        });
    }

    /// Gives the key in a line another forced command. The rest of the line, such as options that were added to it by
    /// hand, stays.
    pub(crate) fn set_command(&mut self, at: usize, command: &str) {
        let Some(bytes) = self.0.get_mut(at) else { return };
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some(line) = Line::read(&text) {
            let end = &text[text.trim_end_matches(['\r', '\n']).len()..];
            *bytes = (line.with_command(command) + end).into_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::forced::OurCommand;
    use super::super::public_key::read_keys;
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJd3Uc1xfH9mZ8mB4qvB2mM0k7nU2s3nE9m7l1cXy0Qa";

    fn command(name: &str, limited: bool) -> OurCommand {
        OurCommand {
            root: Some("/r".into()),
            program: "/opt/pi \"ku\"/piku".into(),
            name: name.to_owned(),
            fingerprint: Some("SHA256:x".to_owned()),
            limited,
        }
    }

    #[test]
    fn a_line_is_added_changed_and_removed_and_the_others_keep_every_byte() {
        let foreign = b"# caf\xe9\r\n\n  from=\"10.0.0.1\" ssh-rsa AAAA \xff\nno newline".to_vec();
        let mut file = File::new(&foreign);
        assert_eq!(file.bytes(), foreign);
        let key = &read_keys(KEY).unwrap()[0];
        file.add(key, "bob", &command("bob", false).line());
        let entry = file.entries().pop().unwrap();
        assert_eq!((entry.at, entry.name().as_str()), (4, "bob"));
        assert_eq!(entry.forced, Forced::Ours(command("bob", false)));
        assert_eq!(entry.fingerprint.as_deref(), Some(key.fingerprint.as_str()));

        let before = file.bytes();
        file.set_command(4, &command("bob", true).line());
        assert_eq!(file.entries()[1].forced, Forced::Ours(command("bob", true)));
        file.set_command(4, &command("bob", false).line());
        assert_eq!(file.bytes(), before);
        file.remove(&[4]);
        assert_eq!(file.bytes(), [&foreign[..], b"\n"].concat());
        assert_eq!(file.entries().len(), 1);
        assert_eq!(file.entries()[0].fingerprint, None, "sshd knows no such key");
    }

    #[test]
    fn options_that_were_added_by_hand_and_line_ends_stay() {
        let text = format!(
            "from=\"10.0.0.1\",command=\"FINGERPRINT=x NAME=default /p/piku.py $SSH_ORIGINAL_COMMAND\",no-pty {KEY} a b\r\n"
        );
        let mut file = File::new(text.as_bytes());
        assert_eq!(file.entries()[0].name(), "ab");
        let legacy = LegacyCommand {
            fingerprint: Some("x".to_owned()),
            program: Some("/p/piku.py".into()),
            ..LegacyCommand::default()
        };
        assert_eq!(file.entries()[0].forced, Forced::Legacy(legacy));
        file.set_command(0, "id");
        assert_eq!(
            file.bytes(),
            format!("from=\"10.0.0.1\",command=\"id\",no-pty {KEY} a b\r\n").into_bytes()
        );
    }
}
