//! One file for each group of commands: arguments, one call, a sentence.

mod apps;
mod auth;
mod backup;
mod certificates;
mod change;
mod check;
mod completions;
mod config;
mod deploy_lock;
mod doctor;
mod dotenv;
mod git;
mod input;
mod keys;
mod logs;
mod maintenance;
mod man;
mod plugins;
mod ps;
mod reference;
mod releases;
mod sent;
mod server;
mod server_settings;
mod settings;
mod setup;
mod suggestion;
mod top;
mod usage;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use piku_core::access::Request;
use piku_core::{Actor, Cancel, KeyClaim, Piku};

use crate::access::{self, Caller};
use crate::args::{Cli, Command};
use crate::error::CliError;
use crate::laptop::{LaptopError, Stopped};
use crate::session::Session;
use crate::ui::Ui;
use crate::{act_as, client, laptop, refusal, ssh, surroundings};

/// Runs a command line, typed on this machine or called by git.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    let words = ssh::of_legacy_line(&words).unwrap_or(words);
    match laptop::turn(&words) {
        Ok(None) => dispatch(&words, Caller::here(surroundings::actor())),
        Ok(Some(status)) => status,
        Err(Stopped::Said(error)) => said(*error, &words, &Ui::new()),
        Err(Stopped::Failed(error)) => refusal::tell(&error.into(), usage::asks_for_json(&words), &Ui::new()),
    }
}

fn dispatch(words: &[OsString], caller: Caller) -> ExitCode {
    let ui = Ui::new();
    let mut cli = match Cli::read(words).or_else(|error| plugins::read(words, error)) {
        Ok(cli) => cli,
        Err(error) => return said(error, words, &ui),
    };
    let server = match act_as::owner(&mut cli.command, words) {
        Ok(server) => server,
        Err(error) => return refusal::tell(&error.into(), cli.json, &ui),
    };
    let mut piku = surroundings::piku(server.as_ref());
    if cli.command.deploys() {
        let cancel = Cancel::default();
        client::cancel_when_gone(&cancel);
        piku = piku.cancelled_by(&cancel);
    }
    if let (Command::OverSsh { name, fingerprint, limited }, None) = (&cli.command, &caller.standing) {
        let claim = KeyClaim { name: name.clone(), fingerprint: fingerprint.clone(), limited: *limited };
        return over_ssh(&piku.of_legacy_line(claim), &mut piku, &ui);
    }
    let allowed =
        access::request(&cli.command, &piku).and_then(|request| caller.must_be_allowed(&request, &mut piku));
    let session = Session { piku, actor: caller.actor, ui, json: cli.json };
    allowed
        .and_then(|()| carry_out(cli.command, &session))
        .unwrap_or_else(|error| refusal::tell(&error, session.json, &session.ui))
}

/// Prints help, or what is wrong with a command line.
fn said(mut error: clap::Error, words: &[OsString], ui: &Ui) -> ExitCode {
    suggestion::correct(&mut error);
    drop(error.print());
    if error.use_stderr() && usage::asks_for_json(words) {
        refusal::print(&usage::refusal(&error), ui);
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Runs what the client of an ssh connection asks for.
fn over_ssh(claim: &KeyClaim, piku: &mut Piku, ui: &Ui) -> ExitCode {
    let caller = Caller { actor: Actor::named(&claim.name), standing: Some(piku.standing(claim)) };
    let (request, json) = ssh::asked();
    // Whoever may do nothing hears so, whatever is asked for.
    let needed = if matches!(request, ssh::Request::Files(_)) { Request::Files } else { Request::Program };
    if let Err(error) = caller.must_be_allowed(&needed, piku) {
        return refusal::tell(&error, json, ui);
    }
    let error = match request {
        ssh::Request::Command(words) => {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            return dispatch(&words, caller);
        }
        ssh::Request::Files(words) => match ssh::transfer(&words, &claim.name) {
            Ok(never) => match never {},
            Err(error) => error,
        },
        ssh::Request::Local(what) => CliError::OnServerOnly(what),
        ssh::Request::Unknown(what) => CliError::NoCommand(what),
        ssh::Request::NotUtf8(odd) => CliError::NotUtf8(odd),
    };
    refusal::tell(&error, json, ui)
}

fn carry_out(command: Command, session: &Session) -> Result<ExitCode, CliError> {
    match command {
        Command::Apps { app } => apps::apps(app.as_ref(), session),
        Command::AppsCreate(args) => change::create(&args.app, session),
        Command::Config { app, defaults, origin } => {
            config::config(&app, defaults, config::Form::of(session.json, origin), session)
        }
        Command::ConfigGet { app, key } => config::get(&app, &key, session),
        Command::ConfigImport(args) => dotenv::import(&args.app, session),
        Command::ConfigExport { app, all } => dotenv::export(&app, all, session),
        Command::ConfigLive(args) => config::live(&args.app, session),
        Command::Ps(args) => ps::ps(&args.app, session),
        Command::Top { app, once } => top::top(app, once, session),
        Command::Events { app } => releases::events(app.as_ref(), session),
        Command::Releases(args) => releases::releases(&args.app, session),
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
        Command::Lock { app, reason } => deploy_lock::lock(&app, &reason.join(" "), session),
        Command::Unlock(args) => deploy_lock::unlock(&args.app, session),
        Command::Backup { app } => backup::backup(&app, session),
        Command::Restore { app, replace } => backup::restore(&app, replace, session),
        Command::AppsRename { old, new } => change::rename(&old, &new, session),
        Command::AppsClone { old, new, data } => backup::clone(&old, &new, data, session),
        Command::Logs(args) => logs::logs(&args, session),
        Command::Auth(args) => auth::list(&args.app, session),
        Command::AuthAdd { app, user } => auth::add(&app, &user, session),
        Command::AuthRemove { app, user } => auth::remove(&app, &user, session),
        Command::MaintenanceOn { app, allow } => maintenance::on(&app, &allow, session),
        Command::MaintenanceOff(args) => maintenance::off(&args.app, session),
        Command::Certs { app } => certificates::list(app.as_ref(), session),
        Command::CertsAdd { app, certificate, key } => {
            certificates::add(&app, &certificate, key.as_deref(), session)
        }
        Command::CertsRenew(args) => certificates::renew(&args.app, session),
        Command::Upkeep { app, apart } => certificates::upkeep(app.as_ref(), apart, session),
        Command::Plugin { command, words } => plugins::run(&command, &words, session),
        Command::Notify => plugins::notify(session),
        Command::CertsRemove(args) => certificates::remove(&args.app, session),
        Command::Check { folder } => check::check(folder, session),
        Command::Doctor => doctor::doctor(session),
        Command::Server => server_settings::server(session),
        Command::ServerSet { settings } => server_settings::set(&settings, session),
        Command::ServerUnset { keys } => server_settings::unset(&keys, session),
        Command::Keys => keys::list(session),
        Command::KeysAdd { name, file, apps, read_only } => {
            keys::add(&name, &file, &keys::permission(&apps, read_only), session)
        }
        Command::KeysRemove { key } => keys::remove(&key, session),
        Command::KeysAllow { key, apps, read_only, .. } => {
            keys::allow(&key, &keys::permission(&apps, read_only), session)
        }
        Command::Setup(args) if args.system => server::setup(&args, session),
        Command::Setup(args) => setup::setup(args.nginx, session),
        Command::SetupSsh { file } => setup::ssh(&file, session),
        Command::Emperor { stop } => setup::emperor(stop, session),
        Command::Repair => setup::repair(session),
        Command::Units { folder } => server::units(&folder),
        Command::Completions { shell } => completions::completions(shell, session),
        Command::Man { list: true, .. } => man::list(session),
        Command::Man { command, .. } => man::man(command.as_deref(), session),
        Command::Version => version::version(session),
        Command::Reference => reference::reference(session),
        Command::GitReceivePack { path } => git::receive_pack(&path, session),
        Command::GitUploadPack { path } => git::upload_pack(&path, session),
        Command::GitUploadArchive { path } => git::upload_archive(&path, session),
        Command::GitLfs { path, .. } => git::lfs(&path, session),
        Command::GitHook { hook, app, words } => git::hook(&hook, &app, &words, session),
        Command::Laptop(command) => Err(LaptopError::OnLaptop(command.name()).into()),
        Command::Sent(command) => sent::sent(command, session),
        Command::OverSsh { .. } => Ok(ExitCode::from(2)),
    }
}
