//! Names of plugins, and what their files are for.

use std::fmt;
use std::str::FromStr;

use super::Occasion;

/// The file that is asked before a new release starts.
pub(crate) const BEFORE_DEPLOY: &str = "before-deploy";
/// How the names of files begin that run at an event.
const ON: &str = "on-";
/// How the names of files begin that are commands.
const COMMAND: &str = "command-";
/// The longest name of a plugin or a command.
const LONGEST: usize = 32;

/// Whether a plugin or a command may have this name: small letters, digits, and `-`, beginning with a letter.
pub(crate) fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    begins && text.len() <= LONGEST && text.chars().all(fits)
}

/// What a file of a plugin is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It runs at an event.
    On(Occasion),
    /// It is asked before a new release starts.
    BeforeDeploy,
    /// It is a command.
    Command(String),
    /// Its name looks like one of the above, and is none: it never runs.
    Unknown,
    /// Anything else is for the plugin itself.
    Own,
}

impl Role {
    /// The role of the file with this name.
    pub(crate) fn of(file: &str) -> Self {
        if file == BEFORE_DEPLOY {
            return Self::BeforeDeploy;
        }
        if let Some(event) = file.strip_prefix(ON) {
            return Occasion::of(event).map_or(Self::Unknown, Self::On);
        }
        match file.strip_prefix(COMMAND) {
            Some(word) if is_name(word) => Self::Command(word.to_owned()),
            Some(_) => Self::Unknown,
            None => Self::Own,
        }
    }
}

/// A command of a plugin, as it is typed: `NAME:WORD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCommand {
    /// The plugin.
    pub(crate) plugin: String,
    /// The command.
    pub(crate) word: String,
}

/// The text is not of the form `NAME:WORD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a command of a plugin is written NAME:WORD, with small letters, digits, and `-`")]
pub struct NotAPluginCommand;

impl PluginCommand {
    /// The file that it is.
    pub(crate) fn file(&self) -> String {
        format!("{COMMAND}{}", self.word)
    }
}

impl FromStr for PluginCommand {
    type Err = NotAPluginCommand;

    fn from_str(text: &str) -> Result<Self, NotAPluginCommand> {
        let (plugin, word) = text.split_once(':').ok_or(NotAPluginCommand)?;
        let fits = is_name(plugin) && is_name(word);
        fits.then(|| Self { plugin: plugin.to_owned(), word: word.to_owned() }).ok_or(NotAPluginCommand)
    }
}

impl fmt::Display for PluginCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.plugin, self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_when_it_runs() {
        assert_eq!(Role::of("on-deployed"), Role::On(Occasion::Deployed));
        assert_eq!(Role::of("before-deploy"), Role::BeforeDeploy);
        assert_eq!(Role::of("command-list"), Role::Command("list".to_owned()));
        for never in ["on-deploy", "on-", "command-", "command-a b", "command-../x"] {
            assert_eq!(Role::of(never), Role::Unknown, "{never}");
        }
        for own in ["README", "lib", "after-deploy", "deployed"] {
            assert_eq!(Role::of(own), Role::Own, "{own}");
        }
    }

    #[test]
    fn a_command_can_not_lead_elsewhere() {
        let command: PluginCommand = "mail:test-it".parse().unwrap();
        assert_eq!(
            (command.to_string(), command.file()),
            ("mail:test-it".to_owned(), "command-test-it".to_owned())
        );
        for odd in ["mail", "mail:", ":x", "../x:y", "mail:../../x", "Mail:x", "mail:x:y", "m ail:x", "-m:x"]
        {
            assert_eq!(odd.parse::<PluginCommand>(), Err(NotAPluginCommand), "{odd}");
        }
    }
}
