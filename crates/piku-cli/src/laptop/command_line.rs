//! The command line of the laptop, made from the server's: each command without its app.

use clap::error::ErrorKind;
use clap::{Arg, CommandFactory, Subcommand, ValueHint};
use piku_core::AppName;

use super::args::AtLaptop;
use super::end::Far;
use super::error::{LaptopError, Stopped};
use super::words::{APP, is_app};
use crate::args::Cli;
use crate::examples;

/// The command that lists all apps where no app is named. All others that can be about one app are about this one.
const ALL_APPS: &str = "apps";

/// The command line as it is typed in the folder of an app: without the app, which an option may name.
pub(super) fn command_line(far: Option<&Far>) -> clap::Command {
    let whole = Cli::command();
    let names: Vec<String> = whole.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let whole = names.iter().fold(whole, |whole, name| whole.mut_subcommand(name, without_app));
    let whole = whole.arg(remote_option()).arg(app_option()).override_usage("piku [OPTIONS] <COMMAND>");
    let Some(far) = far else { return whole };
    whole.after_help(format!(
        "In this folder, commands act on {}, over ssh. Another remote of git is named by -r, another app by -a.",
        far.shown()
    ))
}

fn remote_option() -> Arg {
    Arg::new("remote").short('r').long("remote").value_name("NAME").help("Another git remote than `piku`")
}

fn app_option() -> Arg {
    Arg::new("app").short('a').long("app").value_name("NAME").help("Another app than this folder's")
}

fn without_app(mut command: clap::Command) -> clap::Command {
    let has_short =
        |command: &clap::Command, short| command.get_arguments().any(|arg| arg.get_short() == Some(short));
    let app = command.get_positionals().next().filter(|arg| is_app(arg)).map(|arg| arg.get_id().clone());
    let examples = examples::without_app(command.get_name(), app.is_some());
    if !examples.is_empty() {
        command = command.after_help(format!("Example:\n  {}", examples.join("\n  ")));
    }
    if let Some(app) = app {
        let own = has_short(&command, 'a');
        command = command.mut_arg(app, |arg| {
            let arg =
                arg.long("app").value_name("NAME").required(false).help("Another app than this folder's");
            if own { arg } else { arg.short('a') }
        });
    }
    if AtLaptop::has_subcommand(command.get_name()) {
        command = command.arg(app_option());
    }
    if command.get_arguments().any(|arg| arg.get_long() == Some("remote")) {
        return command;
    }
    let remote = if has_short(&command, 'r') { Arg::new("remote").long("remote") } else { remote_option() };
    command.arg(remote)
}

/// Checks a command and its words, without the client's options, and puts the app where the server wants it. `named`:
/// whether the app was named by an option.
pub(super) fn read(command: &str, rest: &[String], far: &Far, named: bool) -> Result<Vec<String>, Stopped> {
    let server = Cli::command();
    let Some(found) = server.find_subcommand(command) else {
        return Ok(with(command, None, rest));
    };
    let whole = std::iter::once("piku").chain([command]).chain(rest.iter().map(String::as_str));
    if let Err(error) = command_line(Some(far)).try_get_matches_from(whole.clone()) {
        let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let given = if is_help { None } else { given_app(&server, whole) };
        return match (given, &far.app) {
            (Some(given), Some(own)) if given != *own => {
                Err(LaptopError::OtherApp { given, own: own.clone() }.into())
            }
            (Some(_), _) => Ok(with(command, None, rest)),
            (None, _) => Err(error.into()),
        };
    }
    let wanted = found.get_positionals().next().filter(|arg| is_app(arg));
    let app = wanted.filter(|_| named || command != ALL_APPS).and(far.app.as_ref());
    if wanted.is_some_and(Arg::is_required_set) && app.is_none() {
        return Err(LaptopError::NoApp(far.address.server()).into());
    }
    Ok(with(command, app, rest))
}

/// The app of a command that is complete as the server reads it: its messages name commands with their app.
fn given_app<'a>(server: &clap::Command, words: impl Iterator<Item = &'a str>) -> Option<AppName> {
    let matches = server.clone().try_get_matches_from(words).ok()?;
    let (_, own) = matches.subcommand()?;
    APP.iter().find_map(|id| own.try_get_one::<AppName>(id).ok().flatten().cloned())
}

fn with(command: &str, app: Option<&AppName>, rest: &[String]) -> Vec<String> {
    let app = app.map(ToString::to_string);
    std::iter::once(command.to_owned()).chain(app).chain(rest.iter().cloned()).collect()
}

/// The arguments of a command that are files, which are on the laptop.
pub(super) fn files(command: &str, words: &[String]) -> Vec<String> {
    let server = Cli::command();
    let Some(found) = server.find_subcommand(command) else { return Vec::new() };
    let hints: Vec<&str> = found
        .get_positionals()
        .filter(|arg| arg.get_value_hint() == ValueHint::FilePath)
        .map(|arg| arg.get_id().as_str())
        .collect();
    if hints.is_empty() {
        return Vec::new();
    }
    let all = std::iter::once("piku").chain(words.iter().map(String::as_str));
    let Ok(matches) = server.clone().try_get_matches_from(all) else { return Vec::new() };
    let Some((_, own)) = matches.subcommand() else { return Vec::new() };
    let given = hints.iter().filter_map(|id| own.try_get_raw(id).ok().flatten()).flatten();
    given.filter_map(|word| word.to_str()).filter(|word| *word != "-").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(app: Option<&str>) -> Far {
        let address = "piku@box:blog".parse().unwrap();
        Far { address, app: app.map(|app| app.parse().unwrap()), remote: Some("piku".to_owned()) }
    }

    fn sent(line: &str, app: Option<&str>, named: bool) -> String {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match read(&words[0], &words[1..], &far(app), named) {
            Ok(words) => words.join(" "),
            Err(Stopped::Said(error)) => error.to_string().lines().next().unwrap_or_default().to_owned(),
            Err(Stopped::Failed(error)) => error.to_string(),
        }
    }

    #[test]
    fn the_app_is_put_behind_every_command_that_is_about_one() {
        for (line, wanted) in [
            ("logs", "logs blog"),
            ("logs web -n 5", "logs blog web -n 5"),
            ("config:set A=b C=-d", "config:set blog A=b C=-d"),
            ("run -- ls -l", "run blog -- ls -l"),
            ("run ls -l", "run blog ls -l"),
            ("rollback", "rollback blog"),
            ("apps:clone copy", "apps:clone blog copy"),
            ("lock until monday", "lock blog until monday"),
            ("backup", "backup blog"),
            ("rollback 3", "rollback blog 3"),
            ("events", "events blog"),
            ("maintenance:on --allow 192.0.2.7", "maintenance:on blog --allow 192.0.2.7"),
            ("certs:add c.pem k.pem", "certs:add blog c.pem k.pem"),
            ("apps", "apps"),
            ("apps --json", "apps --json"),
            ("top --once", "top blog --once"),
            ("doctor", "doctor"),
            ("server:set PIKU_DOMAIN=a.test", "server:set PIKU_DOMAIN=a.test"),
            ("setup", "setup"),
            ("unknown:command x", "unknown:command x"),
        ] {
            assert_eq!(sent(line, Some("blog"), false), wanted, "{line}");
        }
        assert_eq!(sent("events", None, false), "events");
        assert_eq!(sent("logs", None, false), "which app? `piku@box` names a server only");
    }

    #[test]
    fn the_words_of_a_message_of_the_server_work_at_the_laptop() {
        for (line, wanted) in [
            ("start blog", "start blog"),
            ("destroy blog --force", "destroy blog --force"),
            ("config:get blog A", "config:get blog A"),
            ("ps:scale blog web=2", "ps:scale blog web=2"),
            ("rollback blog 3", "rollback blog 3"),
            ("apps:clone blog copy", "apps:clone blog copy"),
            ("start shop", "`shop` is not the app of this folder, which is `blog`"),
            ("rollback shop", "`shop` is not the app of this folder, which is `blog`"),
        ] {
            assert_eq!(sent(line, Some("blog"), false), wanted, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_before_anything_is_sent() {
        for (line, wanted) in [
            ("start blog shop", "error: unexpected argument 'blog' found"),
            (
                "logs --lines many",
                "error: invalid value 'many' for '--lines <LINES>': invalid digit found in string",
            ),
            ("config:set", "error: the following required arguments were not provided:"),
            ("ps:scale", "error: the following required arguments were not provided:"),
        ] {
            assert_eq!(sent(line, Some("blog"), false), wanted, "{line}");
        }
    }

    #[test]
    fn no_command_has_its_app_in_the_help_of_the_laptop() {
        let mut whole = command_line(Some(&far(Some("blog"))));
        whole.build();
        for command in whole.get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(!command.get_positionals().any(is_app), "{}", command.get_name());
        }
        let help = whole.find_subcommand_mut("logs").unwrap().render_help().to_string();
        assert!(help.contains("Usage: piku logs [OPTIONS] [KIND]"), "{help}");
        assert!(help.contains("  piku logs worker -n 100"), "{help}");
        assert!(help.contains("-a, --app <NAME>") && help.contains("-r, --remote <NAME>"), "{help}");
        let help = whole.render_help().to_string();
        assert!(help.contains("act on the app `blog` at piku@box"), "{help}");
    }

    #[test]
    fn files_of_the_laptop_are_known() {
        let files = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            files(&words[0], &words)
        };
        assert_eq!(files("certs:add blog c.pem k.pem"), ["c.pem", "k.pem"]);
        assert_eq!(files("setup:ssh id.pub"), ["id.pub"]);
        assert_eq!(files("setup:ssh -"), [""; 0]);
        assert_eq!(files("logs blog web"), [""; 0]);
    }
}
