//! A wrong command line as a refusal, for `--json`: what clap has told a person in several lines.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::error::CliError;

/// Whether JSON is asked for, in a command line that clap could not read. What follows `--` is for another program.
pub(super) fn asks_for_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

/// What clap says: its first paragraph, and a proposal or how the command is used.
pub(super) fn refusal(error: &clap::Error) -> CliError {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n").map(joined).filter(|paragraph| !paragraph.is_empty());
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    let rest: Vec<String> = paragraphs.collect();
    let tip = rest.iter().find_map(|paragraph| paragraph.strip_prefix("tip: ").map(str::to_owned));
    let unknown = error.kind() == ErrorKind::InvalidSubcommand;
    let usage = || {
        let usage = rest.iter().filter(|_| !unknown).find_map(|paragraph| paragraph.strip_prefix("Usage: "));
        usage.map(|usage| format!("usage: `{usage}`"))
    };
    let other =
        || if unknown { "`help` lists the commands" } else { "`--help` says how it is used" }.to_owned();
    CliError::CommandLine { message, help: Some(tip.or_else(usage).unwrap_or_else(other)) }
}

/// The lines of a paragraph on one line.
fn joined(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn a_wrong_command_line_is_told_on_one_line_with_a_way_out() {
        let told = |words: &[&str]| {
            let mut error = Cli::try_parse_from(["piku"].iter().chain(words)).unwrap_err();
            crate::commands::suggestion::correct(&mut error);
            let refused = refusal(&error);
            format!("{refused} -> {}", refused.help().unwrap_or_default())
        };
        insta::assert_snapshot!(
            [
                told(&["releases", "--json"]),
                told(&["relases", "--json"]),
                told(&["destory", "--json"]),
                told(&["ps", "../x", "--json"]),
                told(&["apps", "--no-such-option"]),
            ]
            .join("\n"),
            @r"
        the following required arguments were not provided: <APP> -> usage: `piku releases --json <APP>`
        unrecognized subcommand 'relases' -> a similar subcommand exists: 'releases'
        unrecognized subcommand 'destory' -> `help` lists the commands
        invalid value '../x' for '<APP>': `../x` is not an app name: it holds '/' at position 3 -> `--help` says how it is used
        unexpected argument '--no-such-option' found -> to pass '--no-such-option' as a value, use '-- --no-such-option'
        "
        );
    }

    #[test]
    fn json_is_asked_for_before_the_words_of_another_program() {
        let asks = |words: &[&str]| asks_for_json(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(asks(&["ps", "--json"]) && asks(&["--json", "ps"]));
        assert!(!asks(&["ps"]) && !asks(&["run", "blog", "--", "x", "--json"]));
    }
}
