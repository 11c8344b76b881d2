//! The methods of [`crate::Piku`], with one file per group of commands.

mod apps;
mod auth;
mod certificates;
mod change;
mod check;
mod config;
mod destroy;
mod doctor;
mod folder;
mod git;
mod jobs;
mod keys;
mod lock;
mod logs;
mod maintenance;
mod orders;
mod processes;
mod releases;
mod repair;
mod run;
mod server;
mod standing;
#[cfg(test)]
mod tests;
mod top;

pub use apps::AppStatus;
pub use auth::SiteUsers;
pub use certificates::CertificateStatus;
pub use change::{Actor, Done};
pub use check::{Checked, CheckedProcess};
pub use config::ConfigEntry;
pub use destroy::Destroyed;
pub use doctor::{Finding, Level};
pub use folder::{PreparedDeploy, StartedDeploy};
pub use keys::{AddedKey, KeyStatus};
pub use logs::LogLine;
pub use maintenance::MaintenanceChange;
pub use processes::{KindStatus, ProcessStatus, State};
pub use releases::ReleaseEntry;
pub use run::RunTarget;
pub use server::{ServerChange, ServerEntry, ServerOrigin};
pub use standing::KeyClaim;
pub use top::{AppUsage, MachineUsage, ProcessUsage, Snapshot, Watch};
