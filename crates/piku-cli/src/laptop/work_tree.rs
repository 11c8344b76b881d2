//! What git knows of the work tree that a command is typed in.

use std::process::{Command, Stdio};

use super::error::LaptopError;

/// The configuration of git in the current folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration(Vec<(String, String)>);

impl Configuration {
    /// Asks git once. Outside of a work tree, only what is set for the user is there; without git, nothing.
    pub(super) fn read() -> Self {
        let listed = Command::new("git").args(["config", "--null", "--list"]).stderr(Stdio::null()).output();
        listed.map(|output| Self::parse(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default()
    }

    fn parse(listed: &str) -> Self {
        let entry = |entry: &str| {
            let (key, value) = entry.split_once('\n').unwrap_or((entry, ""));
            (key.to_owned(), value.to_owned())
        };
        Self(listed.split_terminator('\0').map(entry).collect())
    }

    /// The last value of a key. Sections and names are in small letters, and what is between them is as it was written.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(one, _)| one == key).map(|(_, value)| value.as_str())
    }

    /// The address that a push to the remote goes to.
    pub(super) fn remote(&self, name: &str) -> Option<String> {
        let first = |key: &str| self.0.iter().find(|(one, _)| one == key).map(|(_, value)| value.clone());
        let url =
            first(&format!("remote.{name}.pushurl")).or_else(|| first(&format!("remote.{name}.url")))?;
        // `url.<base>.insteadOf` replaces beginnings of addresses; git knows the rules.
        if self.0.iter().any(|(key, _)| key.starts_with("url.") && key.ends_with("insteadof")) {
            return output(&["remote", "get-url", "--push", "--", name]).or(Some(url));
        }
        Some(url)
    }
}

/// What git prints, without the last line end; `None` if it fails.
pub(super) fn output(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// Whether the current folder is in a work tree.
pub(super) fn is_here() -> bool {
    output(&["rev-parse", "--is-inside-work-tree"]).as_deref() == Some("true")
}

/// Runs git with the terminal of this process, and returns its exit status.
pub(super) fn run(words: &[&str]) -> Result<i32, LaptopError> {
    let status = Command::new("git").args(words).status().map_err(LaptopError::start("git"))?;
    Ok(super::exit_code::of(status))
}

#[cfg(test)]
mod tests {
    use super::Configuration;

    #[test]
    fn a_remote_has_the_address_that_pushes_go_to() {
        let listed = "user.name\nAda\0remote.piku.url\npiku@box:blog\0core.bare\nfalse\0remote.live.url\na:b\0\
                      remote.live.pushurl\npiku@live:blog\0remote.odd\0";
        let found = Configuration::parse(listed);
        assert_eq!(found.remote("piku").as_deref(), Some("piku@box:blog"));
        assert_eq!(found.remote("live").as_deref(), Some("piku@live:blog"));
        assert_eq!(found.remote("odd"), None);
        assert_eq!(found.value("user.name"), Some("Ada"));
    }
}
