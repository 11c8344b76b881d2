//! What of a command line is for the client itself: `--remote` and `--app`.

use clap::{Arg, ArgAction};

use super::error::LaptopError;

/// What the command line says about the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    /// `--remote`, `-r`.
    pub(super) remote: Option<String>,
    /// `--app`, `-a`.
    pub(super) app: Option<String>,
}

/// Takes the client's options out of the words, of which the rest stays in order. Without a command, only before the
/// first word that is no option; with one, up to where the words are those of another program, as after `--`.
///
/// An option of the command with the same name is the command's.
pub(super) fn take(
    words: &[String],
    command: Option<&clap::Command>,
    chosen: &mut Chosen,
) -> Result<Vec<String>, LaptopError> {
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let place = match word.split_once('=').map_or(word.as_str(), |(name, _)| name) {
            "--remote" => Some(&mut chosen.remote),
            "--app" => Some(&mut chosen.app),
            _ if word.starts_with("-r") && !is_own(command, 'r') => Some(&mut chosen.remote),
            _ if word.starts_with("-a") && !is_own(command, 'a') => Some(&mut chosen.app),
            _ => None,
        };
        if let Some(place) = place {
            let joined = match word.strip_prefix("--") {
                Some(long) => long.split_once('=').map(|(_, value)| value),
                None => Some(&word[2..]).filter(|value| !value.is_empty()),
            };
            let value = joined.map(str::to_owned).or_else(|| words.next().cloned());
            *place = Some(
                value.filter(|value| !value.is_empty()).ok_or_else(|| LaptopError::NoValue(word.clone()))?,
            );
            continue;
        }
        kept.push(word.clone());
        let is_option = word.len() > 1 && word.starts_with('-') && word != "--";
        match command {
            _ if word == "--" => break,
            None if !is_option => break,
            Some(command) if !is_option && runs_a_program(command) => break,
            // The value of an option of the command's, which may look like one of ours.
            Some(command) if takes_next(command, word) => kept.extend(words.next().cloned()),
            _ => {}
        }
    }
    kept.extend(words.cloned());
    Ok(kept)
}

/// Whether the command has a short option of its own by this name.
fn is_own(command: Option<&clap::Command>, short: char) -> bool {
    command.is_some_and(|command| command.get_arguments().any(|arg| arg.get_short() == Some(short)))
}

/// Whether the command's first word, after its app, begins the words of another program.
fn runs_a_program(command: &clap::Command) -> bool {
    let mut own = command.get_positionals().filter(|arg| !is_app(arg));
    own.next().is_some_and(Arg::is_trailing_var_arg_set)
}

/// Whether the word is an option of the command's whose value is the next word.
fn takes_next(command: &clap::Command, word: &str) -> bool {
    let named = |arg: &&Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => word.len() == 2 && word.starts_with('-') && arg.get_short() == word.chars().nth(1),
    };
    let takes = |arg: &Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    command.get_arguments().filter(|arg| !arg.is_positional()).find(named).is_some_and(takes)
}

/// The names of the argument that is the app: `old` where a command makes another one of it.
pub(super) const APP: [&str; 2] = ["app", "old"];

/// Whether the argument is the app that a command is about.
pub(super) fn is_app(arg: &Arg) -> bool {
    arg.is_positional() && APP.contains(&arg.get_id().as_str())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    fn taken(command: Option<&str>, line: &str) -> String {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let cli = Cli::command();
        let command = command.map(|name| cli.find_subcommand(name).unwrap());
        let mut chosen = Chosen::default();
        match take(&words, command, &mut chosen) {
            Ok(kept) => {
                let or_none = |one: Option<String>| one.unwrap_or_else(|| "·".to_owned());
                format!("{} {} | {}", or_none(chosen.remote), or_none(chosen.app), kept.join(" "))
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn options_before_the_command_are_the_clients() {
        for (line, wanted) in [
            ("logs -n 5", "· · | logs -n 5"),
            ("-r staging logs -a x", "staging · | logs -a x"),
            ("-rstaging --app=shop logs", "staging shop | logs"),
            ("--remote staging --json -a shop apps", "staging shop | --json apps"),
            ("-r", "`-r` needs a name after it"),
            ("--app= logs", "`--app=` needs a name after it"),
        ] {
            assert_eq!(taken(None, line), wanted, "{line}");
        }
    }

    #[test]
    fn options_after_the_command_are_taken_where_they_can_be_nothing_else() {
        for (command, line, wanted) in [
            ("logs", "web -a shop -n 5", "· shop | web -n 5"),
            ("logs", "-n -a", "· · | -n -a"),
            ("config:set", "A=b -r staging C=d", "staging · | A=b C=d"),
            ("config:set", "-- -a=b", "· · | -- -a=b"),
            ("run", "-a shop ls -a -r x", "· shop | ls -a -r x"),
            ("run", "-- ls -a", "· · | -- ls -a"),
            ("ps:scale", "web=2 --app=shop", "· shop | web=2"),
        ] {
            assert_eq!(taken(Some(command), line), wanted, "{line}");
        }
    }
}
