//! Reads and writes the settings of the whole server: `SERVER` below the root.

use piku_procfile::Place;

use crate::host::lock::AppLock;
use crate::host::{HostError, files};
use crate::root::Root;
use crate::settings::{ServerOptions, ServerSettings};

/// Why the settings of the server can't be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerSettingsError {
    /// The file was edited by hand and is invalid.
    #[error("the settings of the server can't be read: line {line}: {message}")]
    Damaged {
        /// The file.
        path: camino::Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The machine failed.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// The settings of the server; none if nothing was set.
pub(crate) fn load(root: &Root) -> Result<ServerSettings, ServerSettingsError> {
    let path = root.server_settings();
    let text = files::read(&path)?.unwrap_or_default();
    ServerSettings::parse(&text).map_err(|mistake| ServerSettingsError::Damaged {
        path,
        line: Place::of(&text, mistake.span.start).line,
        message: mistake.message,
    })
}

/// What is set for the server itself: its domain, its contact and account at certificate authorities, the folders that
/// sites may name. Nothing if the file can't be read, which refuses new releases anyway.
pub(crate) fn options(root: &Root) -> ServerOptions {
    load(root).unwrap_or_default().options()
}

/// Changes the settings while nobody else does. `doing` tells others who wait, and `waiting` what they do.
pub(crate) fn change<E: From<ServerSettingsError>>(
    root: &Root,
    doing: &str,
    waiting: &mut dyn FnMut(&str),
    change: impl FnOnce(&mut ServerSettings) -> Result<(), E>,
) -> Result<ServerSettings, E> {
    let lock = AppLock::take(&root.server_settings_lock(), doing, waiting);
    let _lock = lock.map_err(ServerSettingsError::from)?;
    let mut settings = load(root)?;
    change(&mut settings)?;
    files::write(&root.server_settings(), settings.to_string().as_bytes(), 0o600)
        .map_err(ServerSettingsError::from)?;
    Ok(settings)
}
