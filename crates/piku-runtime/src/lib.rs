//! Decides which runtime a source tree needs, says why, and plans its build.
//!
//! Pure: a [`SourceTree`], a [`Toolbox`], and [`Wishes`] go in, a [`Detection`] and a [`BuildPlan`] come out. It never
//! runs a tool, never looks for one, and reads the tree only through the trait. The plan is a list of commands as data,
//! whose paths the caller fills in, and a key that is the same whenever the result of the build would be the same.
//! With the feature `fs`, `FolderTree` is a tree in a folder, and `Toolbox::discover` finds what is on a `PATH`.
//!
//! ```
//! use piku_runtime::{Interpreter, MemoryTree, Planner, Source, Toolbox, Wishes};
//!
//! let tree = MemoryTree::new("4f2a90c").with("requirements.txt", "flask==3.0.0\n");
//! let python = Interpreter::new("3.11.2".parse()?, "/usr/bin/python3.11", Source::System, true);
//! let toolbox = Toolbox::new("linux-x86_64-glibc").with_interpreter(python);
//! let planner = Planner::new(&tree, toolbox, Wishes::default());
//!
//! let detection = planner.detect()?;
//! assert_eq!(detection.runtime.to_string(), "python");
//! assert_eq!(detection.evidence[0].file, "requirements.txt");
//!
//! let build = planner.plan(&detection)?.expect("Python has a build");
//! assert_eq!(build.steps[0].to_string(), "/usr/bin/python3.11 -m venv $BUILD");
//! assert_eq!(build.provides.path[0].to_string(), "$BUILD/bin");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Begin at [`Planner`]. Each language is one module: what it is detected by, which version the app asks
//! for, and its plan, made with a `Draft` that keeps the key complete. Its name is in [`RuntimeName`].

mod asked;
mod build_plan;
mod clojure;
mod command;
mod deciding;
mod deno;
mod detect;
mod detection;
mod draft;
mod error;
#[cfg(feature = "fs")]
mod fs;
mod generic;
mod go;
mod java;
mod key;
mod manifest;
mod node;
mod php;
mod plan;
mod plan_error;
mod planner;
mod python;
mod range;
mod ruby;
mod runtime;
mod rust;
mod start;
mod step;
mod text;
mod toolbox;
mod tree;
mod version;
mod wishes;

pub use build_plan::{BuildPlan, Provides, Reuse};
pub use command::{Command, Places, ResolvedCommand, Word};
pub use deciding::DecidingSettings;
pub use detection::{Detection, Evidence, Warning};
pub use error::DetectError;
#[cfg(feature = "fs")]
pub use fs::{FolderTree, Unread};
pub use key::BuildKey;
pub use node::{AskedManager, NodeChoice, NodeSource, PackageManager};
pub use plan_error::PlanError;
pub use planner::Planner;
pub use python::{InstallFailure, PythonChoice, PythonManifest, folded};
pub use runtime::{RuntimeName, VersionQuestion};
pub use start::{Start, start};
pub use step::{Copied, Placement, Step};
pub use toolbox::{Interpreter, Source, Toolbox};
pub use tree::{MemoryTree, SourceTree};
pub use version::{InvalidVersion, Version, VersionRequest};
pub use wishes::Wishes;

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
