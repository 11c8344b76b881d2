//! Says why a command was refused: to a person on stderr, and with `--json` as an object on stdout too.

use std::error::Error as StdError;
use std::process::ExitCode;

use serde::Serialize;

use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::ui::Ui;

/// The object.
#[derive(Serialize)]
struct Refusal<'a> {
    code: &'a str,
    message: String,
    help: Option<String>,
}

impl<'a> Refusal<'a> {
    /// The message has the causes of the error too, on one line.
    fn new(code: &'a str, error: &dyn StdError, help: Option<String>) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            message = format!("{message}: {next}");
            cause = next.source();
        }
        Self { code, message, help }
    }
}

/// Prints why a command failed, and returns its exit status.
pub(crate) fn tell(error: &CliError, json: bool, ui: &Ui) -> ExitCode {
    if let CliError::Core(error) = error {
        ui.output_of(error);
    }
    ui.failure(error, error.help().as_deref());
    if json {
        print(error, ui);
    }
    ExitCode::from(error.status())
}

/// Prints the object alone: a person has read it already.
pub(crate) fn print(error: &CliError, ui: &Ui) {
    json::print_line(&object(error), ui);
}

fn object(error: &CliError) -> Versioned<Refusal<'_>> {
    Versioned::new(Refusal::new(error.code(), error, error.help()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_its_code_its_causes_and_what_to_do() {
        let source = std::io::Error::other("no such thing");
        let error = CliError::Input { name: "key.pub".to_owned(), source };
        assert_eq!(
            serde_json::to_string(&object(&error)).unwrap(),
            r#"{"schema":1,"code":"command::input","message":"could not read `key.pub`: no such thing","help":null}"#
        );
    }
}
