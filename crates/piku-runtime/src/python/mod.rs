//! Python: which file speaks for it, which interpreter runs it, and how its packages are installed.
//!
//! [`manifest`] knows the files, [`choice`] chooses the interpreter, [`requirements`] and [`pyproject`] read, and
//! [`environment`], [`install`], and [`lockfile`] write the steps.

mod choice;
mod environment;
mod install;
mod lockfile;
mod manifest;
mod pyproject;
mod requirements;

pub use choice::PythonChoice;
pub use manifest::PythonManifest;

pub(crate) use choice::detect;
pub(crate) use install::plan;
pub(crate) use manifest::{hint, speaks as manifest};
