//! Apps, releases, and the deploy pipeline of piku, a micro-PaaS that fits into one user's home folder.
//!
//! [`Piku`] has a method for each operation. They report [`Event`]s to a callback and return typed errors with
//! help; nothing here prints, exits, or reads the process environment. The machine needs git, uWSGI, and the `piku`
//! program, which [`Surroundings`] names.
//!
//! ```
//! use piku_core::{AppName, Piku, Root, Surroundings};
//! # let folder = tempfile::tempdir()?;
//! # let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
//! let piku = Piku::new(
//!     Root::new(home.join(".piku")),
//!     Surroundings::new("piku", home, "/usr/local/bin/piku"),
//! );
//! assert!(piku.apps()?.is_empty());
//! let unknown: AppName = "blog".parse()?;
//! assert_eq!(piku.releases(&unknown).unwrap_err().to_string(), "there is no app `blog`");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Start at [`Piku`]. A push is handled in `deploy/`, with one file per stage.

pub mod access;
mod app;
mod app_file;
mod authorized_keys;
mod backup;
mod cancel;
mod certificates;
mod deploy;
mod diagnostic;
mod error;
mod event;
mod fingerprint;
mod formation;
mod gate;
mod history;
mod host;
mod included;
mod nearest;
mod operations;
mod persisted;
mod piku;
mod plugins;
pub mod process;
mod release;
mod renamed;
mod root;
mod script;
pub mod server;
mod server_settings;
pub mod settings;
mod setup;
mod site_claim;
mod vassal;

pub(crate) use error::error_chain;

pub use app::{AppName, InvalidAppName};
pub use app_file::AppFileError;
pub use authorized_keys::{KeyError, KeysError};
pub use backup::BackupError;
pub use cancel::Cancel;
pub use certificates::{CertificateFailure, CertificateFault, CertificateOrigin, NotAPair, WhyNot};
pub use deploy::receive::{InvalidRefUpdate, RefUpdate, RefusedPush};
pub use deploy::{ClaimError, DeployError, PersistError};
pub use diagnostic::{DiagnosticRecord, FileDiagnostic};
pub use error::{Error, ErrorRecord};
pub use event::{Event, EventRecord, Report};
pub use formation::{InvalidScale, Scale};
pub use gate::maintenance::Maintenance;
pub use gate::requests::{Minute, Requests};
pub use gate::traffic::{MinuteTraffic, Traffic};
pub use gate::users::{InvalidPassword, InvalidUserName, UserName};
pub use history::{Happened, HistoryEntry};
pub use host::deploy_lock::DeployLock;
pub use host::nginx_error::NginxError;
pub use host::{HostError, Surroundings};
pub use nearest::nearest;
pub use operations::{
    Actor, AddedKey, AppFolder, AppStatus, AppUsage, BackedUp, Beginning, CertificateStatus, Checked,
    CheckedProcess, ConfigEntry, Destroyed, Done, Finding, KeyClaim, KeyStatus, KindStatus, Level, LogLine,
    LogQuery, LogReader, MachineUsage, MaintenanceChange, PreparedDeploy, ProcessStatus, ProcessUsage,
    ReleaseEntry, Restored, RunTarget, ServerChange, ServerEntry, ServerOrigin, SiteUsers, Snapshot,
    StartedDeploy, State, Watch, beginning,
};
pub use operations::{AppDetails, AppState, AppSummary, ReleaseState};
pub use piku::Piku;
pub use piku_nginx::Network;
pub use piku_procfile::{Diagnostic, Place, Severity, Source};
pub use plugins::{NotAPluginCommand, Notice, Occasion, PluginCommand, PluginError, PluginVeto};
pub use root::Root;
pub use server_settings::ServerSettingsError;
pub use setup::Prepared;

/// Tests the examples in the README together with those in the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
