//! The entry: whether a command line is for this machine or for a server.

use std::ffi::OsString;
use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::CommandFactory;

use super::command_line::{self, command_line};
use super::connection::{Calling, Connection};
use super::end::{End, Far, Signs, decide};
use super::error::{LaptopError, Stopped};
use super::sockets::Places;
use super::words::{self, Chosen};
use super::work_tree::Configuration;
use super::{files, forward};
use crate::args::Cli;
use crate::surroundings;

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
    if signs.has_root && signs.server.is_none() && !begins_with_option {
        return Ok(None);
    }
    let text: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let is_text = words.iter().zip(&text).all(|(word, text)| word == text.as_str());
    let Some(typed) = Typed::read(&text, &mut signs.chosen)? else { return Ok(None) };
    let configuration = Configuration::read();
    match decide(&signs, |name| configuration.remote(name)) {
        Ok(End::Here) => Ok(None),
        Ok(End::Far(_)) if !is_text => Err(LaptopError::NotText.into()),
        Ok(End::Far(far)) => send(&typed, &far, signs.chosen.app.is_some(), &configuration),
        _ if typed.is_help() => Ok(None),
        Ok(End::Nowhere) if WITHOUT_ROOT.contains(&typed.name()) => Ok(None),
        Ok(End::Nowhere) => Err(LaptopError::NoServer.into()),
        Err(error) => Err(error.into()),
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

    /// Whether it asks for help, or for the version of this program.
    fn is_help(&self) -> bool {
        let asks = |word: &String| ["-h", "--help", "-V", "--version"].contains(&word.as_str());
        matches!(self.name(), "" | "help") || self.rest.iter().take_while(|word| *word != "--").any(asks)
    }
}

/// Sends the command, or shows what is wrong with it.
fn send(
    typed: &Typed,
    far: &Far,
    named: bool,
    configuration: &Configuration,
) -> Result<Option<ExitCode>, Stopped> {
    if matches!(typed.name(), "" | "help") {
        let words = std::iter::once("piku").chain(typed.command.as_deref());
        let words = words.chain(typed.rest.iter().map(String::as_str));
        command_line(far).try_get_matches_from(words)?;
        return Ok(None);
    }
    let words = command_line::read(typed.name(), &typed.rest, far, named)?;
    let named_files = command_line::files(typed.name(), &words);
    let input = if named_files.is_empty() { None } else { Some(files::contents(&named_files)?) };
    let words = files::replaced(words, &named_files);
    let connection = Connection::new(&far.address, &calling(), configuration);
    let status = forward::forward(&connection, &words, input.as_deref())?;
    Ok(Some(ExitCode::from(u8::try_from(status).unwrap_or(1))))
}

/// What the environment says about calling ssh.
fn calling() -> Calling {
    let home = surroundings::home();
    let user = rustix::process::geteuid().as_raw();
    let cache = surroundings::variable("XDG_CACHE_HOME").map(Utf8PathBuf::from);
    Calling {
        command: surroundings::variable("GIT_SSH_COMMAND"),
        program: surroundings::variable("GIT_SSH"),
        places: Places {
            runtime: surroundings::variable("XDG_RUNTIME_DIR").map(Utf8PathBuf::from),
            cache: cache.or_else(|| Some(home.join(".cache"))),
            short: Some(format!("/tmp/piku-{user}").into()),
        },
        home,
    }
}
