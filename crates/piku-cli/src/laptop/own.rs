//! The commands of the laptop itself.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::FromArgMatches;

use super::args::AtLaptop;
use super::command_line::command_line;
use super::connection::{Calling, Connection};
use super::end::{Far, Signs};
use super::error::{LaptopError, Stopped};
use super::init::Init;
use super::sockets::Places;
use super::transfer::Download;
use super::{forward, open, transfer, tunnel};
use crate::surroundings;
use crate::ui::Ui;

/// Carries out a command that is about an app of a server, and returns its exit status.
pub(super) fn carry_out(
    command: &AtLaptop,
    far: &Far,
    connection: &Connection,
    ui: &Ui,
) -> Result<i32, LaptopError> {
    let app = far.app.as_ref().ok_or_else(|| LaptopError::NoApp(far.address.server()))?;
    match command {
        // It needs no server; see below.
        AtLaptop::Init { .. } => Err(LaptopError::OnLaptop("init")),
        AtLaptop::Open { print } => open::open(app, connection, *print, ui),
        AtLaptop::Shell => forward::forward(connection, &["run".to_owned(), app.to_string()], None),
        AtLaptop::Tunnel { port } => tunnel::tunnel(app, *port, connection, ui),
        AtLaptop::Download { file, to, data, force } => {
            let asked = Download { app, file, to: to.as_deref(), data: *data, force: *force };
            transfer::download(&asked, connection, ui)
        }
        AtLaptop::Upload { file, to, data } => transfer::upload(app, file, to.as_deref(), *data, connection),
    }
}

/// Prepares the current folder.
pub(super) fn init(words: &[&str], signs: &Signs, ui: &Ui) -> Result<ExitCode, Stopped> {
    let matches = command_line(None).try_get_matches_from(words)?;
    let AtLaptop::Init { server } = AtLaptop::from_arg_matches(&matches)? else {
        return Ok(ExitCode::from(2));
    };
    let user = surroundings::user();
    let init = Init {
        folder: &surroundings::here(),
        server: server.as_deref(),
        signs,
        calling: &calling(),
        user: &user,
    };
    super::init::init(&init, ui)?;
    Ok(ExitCode::SUCCESS)
}

/// What the environment says about calling ssh.
pub(super) fn calling() -> Calling {
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
