//! One file for each group of commands: arguments, one call, a sentence.

mod auth;
mod certificates;
mod change;
mod check;
mod completions;
mod config;
mod doctor;
mod dotenv;
mod git;
mod input;
mod list;
mod logs;
mod maintenance;
mod man;
mod reference;
mod server;
mod server_settings;
mod settings;
mod setup;
mod suggestion;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use piku_core::{Actor, Cancel};

use crate::args::{Cli, Command};
use crate::error::CliError;
use crate::json::{Refusal, Versioned};
use crate::session::Session;
use crate::ui::Ui;
use crate::{act_as, client, ssh, surroundings};

/// Runs a command line, typed on this machine or called by git.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    let parsed = Cli::try_parse_from([OsString::from("piku")].into_iter().chain(words.iter().cloned()));
    dispatch(parsed, &words, surroundings::actor())
}

fn dispatch(parsed: Result<Cli, clap::Error>, words: &[OsString], actor: Actor) -> ExitCode {
    let mut cli = match parsed {
        Ok(cli) => cli,
        Err(mut error) => {
            suggestion::correct(&mut error);
            drop(error.print());
            if error.use_stderr() && words.iter().any(|word| word == "--json") {
                let message = error.to_string();
                let message =
                    message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
                refuse(&CliError::Usage(message), &Ui::new());
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ui = Ui::new();
    let server = match act_as::owner(&mut cli.command, words) {
        Ok(server) => server,
        Err(error) => {
            ui.failure(&error, error.help().as_deref());
            return ExitCode::from(1);
        }
    };
    let mut piku = surroundings::piku(server.as_ref());
    if cli.command.deploys() {
        let cancel = Cancel::default();
        client::cancel_when_gone(&cancel);
        piku = piku.cancelled_by(&cancel);
    }
    let (session, json) = (Session { piku, actor, ui }, cli.command.is_json());
    if let Command::OverSsh { name } = cli.command {
        return match ssh::command(&name, &session.ui) {
            Ok(words) => {
                let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
                let parsed =
                    Cli::try_parse_from([OsString::from("piku")].into_iter().chain(words.iter().cloned()));
                dispatch(parsed, &words, Actor::named(name))
            }
            Err(status) => status,
        };
    }
    carry_out(cli.command, &session).unwrap_or_else(|error| {
        if let CliError::Core(error) = &error {
            session.ui.output_of(error);
        }
        session.ui.failure(&error, error.help().as_deref());
        if json {
            refuse(&error, &session.ui);
        }
        ExitCode::from(error.status())
    })
}

/// Prints why a command was refused as JSON.
fn refuse(error: &CliError, ui: &Ui) {
    let help = error.help();
    let refusal = Versioned::new(Refusal::new(error.code(), error, help.as_deref()));
    if let Ok(text) = serde_json::to_string(&refusal) {
        ui.data(format_args!("{text}"));
    }
}

fn carry_out(command: Command, session: &Session) -> Result<ExitCode, CliError> {
    match command {
        Command::Apps { json } => list::apps(json, session),
        Command::AppsCreate(args) => change::create(&args.app, session),
        Command::Config { app, defaults, json, origin } => {
            config::config(&app, defaults, config::Form::of(json, origin), session)
        }
        Command::ConfigGet { app, key } => config::get(&app, &key, session),
        Command::ConfigImport(args) => dotenv::import(&args.app, session),
        Command::ConfigExport { app, all } => dotenv::export(&app, all, session),
        Command::ConfigLive(args) => config::live(&args, session),
        Command::Ps(args) => list::ps(&args, session),
        Command::Events { app, json } => list::events(app.as_ref(), json, session),
        Command::Releases(args) => list::releases(&args, session),
        Command::ConfigSet { app, settings } => change::config_set(&app, &settings, session),
        Command::ConfigUnset { app, keys } => change::config_unset(&app, &keys, session),
        Command::Deploy(args) => change::deploy(&args.app, session),
        Command::PsScale { app, changes } => change::scale(&app, &changes, session),
        Command::Rollback { app, release } => change::rollback(&app, release, session),
        Command::Restart(args) => change::restart(&args.app, session),
        Command::Stop(args) => change::stop(&args.app, session),
        Command::Start(args) => change::start(&args.app, session),
        Command::Destroy { app, force } => change::destroy(&app, force, session),
        Command::Run { app, command } => change::run(&app, &command, session),
        Command::Logs { app, kind, lines, no_follow, all, json } => {
            logs::logs(&app, kind.as_deref(), &logs::Shape { lines, follow: !no_follow, all, json }, session)
        }
        Command::Auth(args) => auth::list(&args, session),
        Command::AuthAdd { app, user } => auth::add(&app, &user, session),
        Command::AuthRemove { app, user } => auth::remove(&app, &user, session),
        Command::MaintenanceOn { app, allow, json } => maintenance::on(&app, &allow, json, session),
        Command::MaintenanceOff(args) => maintenance::off(&args.app, args.json, session),
        Command::Certs { app, json } => certificates::list(app.as_ref(), json, session),
        Command::CertsAdd { app, certificate, key } => {
            certificates::add(&app, &certificate, key.as_deref(), session)
        }
        Command::CertsRenew(args) => certificates::renew(&args.app, session),
        Command::Upkeep { app, apart } => certificates::upkeep(app.as_ref(), apart, session),
        Command::CertsRemove(args) => certificates::remove(&args.app, session),
        Command::Check { folder, json } => check::check(folder, json, session),
        Command::Doctor { json } => doctor::doctor(json, session),
        Command::Server { json } => server_settings::server(json, session),
        Command::ServerSet { settings } => server_settings::set(&settings, session),
        Command::ServerUnset { keys } => server_settings::unset(&keys, session),
        Command::Setup(args) if args.system => server::setup(&args, session),
        Command::Setup(args) => setup::setup(args.nginx, session),
        Command::SetupSsh { file } => setup::ssh(&file, session),
        Command::Emperor { stop } => setup::emperor(stop, session),
        Command::Repair => setup::repair(session),
        Command::Units { folder } => server::units(&folder),
        Command::Completions { shell } => completions::completions(shell, session),
        Command::Man { list: true, .. } => man::list(session),
        Command::Man { command, .. } => man::man(command.as_deref(), session),
        Command::Reference => reference::reference(session),
        Command::GitReceivePack { path } => git::receive_pack(&path, session),
        Command::GitUploadPack { path } => git::upload_pack(&path, session),
        Command::GitUploadArchive { path } => git::upload_archive(&path, session),
        Command::GitLfs { path, .. } => git::lfs(&path, session),
        Command::GitHook { hook, app, words } => git::hook(&hook, &app, &words, session),
        Command::OverSsh { .. } => Ok(ExitCode::from(2)),
    }
}
