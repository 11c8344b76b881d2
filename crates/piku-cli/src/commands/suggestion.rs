//! What a misspelt command may have meant.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

use crate::args::Cli;

/// Parts of the names of commands that remove something, which are never suggested: a person may take the suggestion
/// without reading it.
const REMOVES: [&str; 3] = ["destroy", "unset", "remove"];

/// Options that do away with something, or with a question about it.
const HARMFUL: [&str; 5] = ["--data", "--force", "--replace", "--stop", "--undo"];

/// Replaces what clap suggests for an unknown command, which may be far away or remove something, and takes away what
/// would do harm.
pub(super) fn correct(error: &mut clap::Error) {
    if let Some(ContextValue::String(option)) = error.get(ContextKind::SuggestedArg)
        && HARMFUL.contains(&option.split([' ', '=']).next().unwrap_or_default())
    {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
    }
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidSubcommand).cloned() else {
        return;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    if let Some(meant) = meant(&asked) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![meant]));
    }
}

/// The command of a similar name, unless that removes something: whoever meant it is not led to the next one either.
fn meant(asked: &str) -> Option<String> {
    let cli = Cli::command();
    let offered = cli.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let near = piku_core::nearest(asked, offered)?;
    let is_harmless = !near.split(':').any(|part| REMOVES.contains(&part));
    is_harmless.then(|| near.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_near_and_never_removes_anything() {
        for (asked, wanted) in [
            ("app", Some("apps")),
            ("confg", Some("config")),
            ("config-set", Some("config:set")),
            ("relases", Some("releases")),
            ("rollbakc", Some("rollback")),
            ("destory", None),
            ("destro", None),
            ("config:unst", None),
            ("server:unset:", None),
            ("certificates", None),
            ("info", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(meant(asked).as_deref(), wanted, "{asked}");
        }
        let every = Cli::command();
        let names: Vec<_> = every.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        for name in names {
            for at in 0..name.len() {
                let mut misspelt = name.clone();
                misspelt.remove(at);
                let meant = meant(&misspelt).unwrap_or_default();
                assert!(!REMOVES.iter().any(|part| meant.contains(part)), "{misspelt}: {meant}");
            }
        }
    }

    #[test]
    fn clap_says_what_we_suggest() {
        use clap::Parser;
        let said = |word: &str| {
            let mut error = Cli::try_parse_from(["piku", word]).unwrap_err();
            correct(&mut error);
            error.to_string()
        };
        assert!(said("relases").contains("releases"), "{}", said("relases"));
        assert!(!said("destory").contains("destroy"), "{}", said("destory"));
        let option = |words: &[&str]| {
            let mut error = Cli::try_parse_from(["piku"].iter().chain(words)).unwrap_err();
            correct(&mut error);
            error.to_string()
        };
        assert!(option(&["config", "blog", "--defualts"]).contains("--defaults"));
        assert!(!option(&["destroy", "blog", "--forec"]).contains("--force"));
    }
}
