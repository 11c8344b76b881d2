//! Python: how an app is detected, which interpreter runs it, and how its packages are installed.
//!
//! [`manifest`] knows the files, [`asked`] which version is asked for, [`detect`] chooses the interpreter,
//! [`requirements`] and [`pyproject`] read, and [`plan`], with [`environment`], [`install`], and [`lockfile`], writes
//! the steps. [`failure`] reads what an installer that failed has said.

mod asked;
mod choice;
mod detect;
mod environment;
mod failure;
mod install;
mod lockfile;
mod manifest;
mod plan;
mod pyproject;
mod range;
mod requirements;

pub use choice::PythonChoice;
pub use failure::{InstallFailure, folded};
pub use manifest::PythonManifest;

pub(crate) use detect::detect;
pub(crate) use manifest::{hint, speaks as manifest};
pub(crate) use plan::plan;
