//! What a misspelt command may have meant.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

use crate::args::Cli;

/// Parts of the names of commands that remove something, which are never suggested: a person may take the suggestion
/// without reading it.
const REMOVES: [&str; 3] = ["destroy", "unset", "remove"];

/// Replaces what clap suggests for an unknown command, which may be far away or remove something.
pub(super) fn correct(error: &mut clap::Error) {
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidSubcommand).cloned() else {
        return;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    if let Some(meant) = meant(&asked) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![meant]));
    }
}

/// The command of a similar name, if there is one that removes nothing.
fn meant(asked: &str) -> Option<String> {
    let cli = Cli::command();
    let offered = cli.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let harmless = offered.filter(|name| !name.split(':').any(|part| REMOVES.contains(&part)));
    let near = harmless.filter_map(|name| {
        let distance = strsim::damerau_levenshtein(asked, name);
        // A word of four letters has too many neighbours for two mistakes.
        let tolerance = if name.len() < 5 { 1 } else { 2 };
        (distance <= tolerance && distance < asked.len()).then_some((distance, name))
    });
    near.min().map(|(_, name)| name.to_owned())
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
    }
}
