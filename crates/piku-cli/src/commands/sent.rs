//! Commands that the laptop sends: the app's own port, and single files.

use std::process::ExitCode;

use piku_core::{AppFolder, process};

use crate::error::CliError;
use crate::laptop::Sent;
use crate::session::Session;

pub(super) fn sent(command: Sent, session: &Session) -> Result<ExitCode, CliError> {
    let folder = |data: bool| if data { AppFolder::Data } else { AppFolder::Tree };
    match command {
        Sent::Connect { app, check } => {
            let address = session.piku.own_port(&app)?;
            if check {
                session.ui.data(format_args!("{address}"));
            } else {
                process::relay(address).map_err(piku_core::Error::from)?;
            }
        }
        Sent::Read { app, path, data } => {
            let mut file = session.piku.open_file(&app, folder(data), &path)?;
            let failed = |source| CliError::Input { name: path.to_string(), source };
            std::io::copy(&mut file, &mut std::io::stdout().lock()).map_err(failed)?;
        }
        Sent::Write { app, path, data, bytes } => {
            session.piku.write_file(&app, folder(data), &path, bytes, &mut std::io::stdin().lock())?;
            session.ui.done(format_args!("Wrote {path} of {app} ({bytes} bytes)"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
