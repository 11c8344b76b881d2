//! The entry: whether a command line is for this machine or for a server.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Subcommand};

use super::args::AtLaptop;
use super::command_line::{self, command_line};
use super::connection::Connection;
use super::end::{End, Far, Signs, decide};
use super::error::{LaptopError, Stopped};
use super::words::{self, Chosen};
use super::work_tree::Configuration;
use super::{deploy, doctor, files, forward, own, work_tree};
use crate::args::Cli;
use crate::surroundings;
use crate::ui::Ui;

/// Commands of the machine on which they are typed.
const LOCAL: [&str; 3] = ["check", "completions", "man"];
/// Commands that make a root, or find out why there is none.
const WITHOUT_ROOT: [&str; 5] = ["setup", "setup:ssh", "emperor", "repair", "doctor"];

/// Carries out a command line that is for a server; `None` if it is for this machine.
pub(crate) fn turn(words: &[OsString]) -> Result<Option<ExitCode>, Stopped> {
    let mut signs = Signs {
        chosen: Chosen::default(),
        server: surroundings::variable("PIKU_SERVER"),
        app: surroundings::variable("PIKU_APP"),
        has_root: surroundings::has_some_root(),
    };
    let begins_with_option = words.first().is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let is_init = words.first().is_some_and(|word| word == "init");
    if signs.has_root && signs.server.is_none() && !begins_with_option && !is_init {
        return Ok(None);
    }
    let text: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let is_text = words.iter().zip(&text).all(|(word, text)| word == text.as_str());
    let Some(typed) = Typed::read(&text, &mut signs.chosen)? else { return Ok(None) };
    let ui = Ui::new();
    if typed.name() == "init" {
        return own::init(&typed.words(), &signs, &ui).map(Some);
    }
    let configuration = Configuration::read();
    let decided = decide(&signs, |name| configuration.remote(name));
    if typed.name() == "doctor" && !typed.is_help() && is_for_laptop(&decided) {
        let connect = |far: &Far| Connection::new(&far.address, &own::calling(), &configuration);
        return Ok(Some(doctor::doctor(decided, connect, typed.asks_for_json(), &ui)?));
    }
    match decided {
        Ok(End::Here) => Ok(None),
        Ok(End::Far(_)) if !is_text => Err(LaptopError::NotText.into()),
        Ok(End::Far(far)) => send(&typed, &far, signs.chosen.app.is_some(), &configuration, &ui).map(Some),
        _ if typed.is_help() => Ok(None),
        Ok(End::Nowhere) if WITHOUT_ROOT.contains(&typed.name()) => Ok(None),
        Ok(End::Nowhere) => Err(LaptopError::NoServer.into()),
        Err(error) => Err(error.into()),
    }
}

/// Whether the laptop's doctor has something to say: of a server, or of a work tree that has none.
fn is_for_laptop(decided: &Result<End, LaptopError>) -> bool {
    match decided {
        Ok(End::Here) => false,
        Ok(End::Nowhere) => work_tree::is_here(),
        Ok(End::Far(_)) | Err(_) => true,
    }
}

/// A command line in its parts, without the client's options.
struct Typed {
    command: Option<String>,
    rest: Vec<String>,
}

impl Typed {
    /// Reads it; `None` if the command is one of the machine on which it is typed, or one that nobody types.
    fn read(text: &[String], chosen: &mut Chosen) -> Result<Option<Self>, LaptopError> {
        let mut rest = words::take(text, None, chosen)?;
        let Some(at) = rest.iter().position(|word| !word.starts_with('-')) else {
            return Ok(Some(Self { command: None, rest }));
        };
        let command = rest.remove(at);
        let cli = Cli::command();
        let known = cli.find_subcommand(&command);
        if LOCAL.contains(&command.as_str()) || known.is_some_and(clap::Command::is_hide_set) {
            return Ok(None);
        }
        if known.is_some() {
            rest = words::take(&rest, known, chosen)?;
        }
        Ok(Some(Self { command: Some(command), rest }))
    }

    fn name(&self) -> &str {
        self.command.as_deref().unwrap_or_default()
    }

    /// The command and its words, for clap.
    fn words(&self) -> Vec<&str> {
        let program = std::iter::once("piku").chain(self.command.as_deref());
        program.chain(self.rest.iter().map(String::as_str)).collect()
    }

    fn asks_for_json(&self) -> bool {
        self.rest.iter().any(|word| word == "--json")
    }

    /// Whether it asks for help, or for the version of this program.
    fn is_help(&self) -> bool {
        let asks = |word: &String| ["-h", "--help", "-V", "--version"].contains(&word.as_str());
        matches!(self.name(), "" | "help") || self.rest.iter().take_while(|word| *word != "--").any(asks)
    }
}

/// Carries out a command of the laptop, or sends another one to the server.
fn send(
    typed: &Typed,
    far: &Far,
    named: bool,
    configuration: &Configuration,
    ui: &Ui,
) -> Result<ExitCode, Stopped> {
    let name = typed.name();
    if matches!(name, "" | "help") || AtLaptop::has_subcommand(name) {
        let matches = command_line(Some(far)).try_get_matches_from(typed.words())?;
        let command = AtLaptop::from_arg_matches(&matches)?;
        let connection = Connection::new(&far.address, &own::calling(), configuration);
        return Ok(status(own::carry_out(&command, far, &connection, ui)?));
    }
    let words = command_line::read(name, &typed.rest, far, named)?;
    let named_files = command_line::files(name, &words);
    let input = if named_files.is_empty() { None } else { Some(files::contents(&named_files)?) };
    let words = files::replaced(words, &named_files);
    let connection = Connection::new(&far.address, &own::calling(), configuration);
    if name == "deploy" {
        return Ok(status(deploy::deploy(far, &connection, ui)?));
    }
    Ok(status(forward::forward(&connection, &words, input.as_deref())?))
}

fn status(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
