//! Python: how an app is detected, which interpreter runs it, and how its packages are installed.
//!
//! [`manifest`] knows the files, [`detect`] chooses the interpreter, [`requirements`] and [`pyproject`] read, and
//! [`plan`], with [`environment`], [`install`], and [`lockfile`], writes the steps.

mod choice;
mod detect;
mod environment;
mod install;
mod lockfile;
mod manifest;
mod plan;
mod pyproject;
mod requirements;

pub use choice::PythonChoice;
pub use manifest::PythonManifest;

pub(crate) use detect::detect;
pub(crate) use manifest::{hint, speaks as manifest};
pub(crate) use plan::plan;
