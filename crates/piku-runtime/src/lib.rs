//! Decides which runtime a source tree needs, says why, and plans its build.
//!
//! Pure: a [`SourceTree`] and a [`Toolbox`] go in, a [`Detection`] and a [`BuildPlan`] come out. It never runs a
//! tool, never looks for one, and reads the tree only through the trait. The plan is a list of commands as data,
//! whose paths the caller fills in, and a key that is the same whenever the result of the build would be the same.
//!
//! ```
//! use piku_runtime::{Interpreter, MemoryTree, Source, Toolbox, Wishes, detect, plan};
//!
//! let tree = MemoryTree::new("4f2a90c").with("requirements.txt", "flask==3.0.0\n");
//! let toolbox = Toolbox::new("linux-x86_64-glibc").with_interpreter(Interpreter {
//!     version: "3.11.2".parse()?,
//!     path: "/usr/bin/python3.11".into(),
//!     source: Source::System,
//!     has_venv: true,
//! });
//! let wishes = Wishes::default();
//!
//! let detection = detect(&tree, &toolbox, &wishes)?;
//! assert_eq!(detection.runtime.to_string(), "python");
//! assert_eq!(detection.evidence[0].file, "requirements.txt");
//!
//! let build = plan(&detection, &tree, &toolbox, &wishes)?.expect("Python has a build");
//! assert_eq!(build.steps[0].to_string(), "/usr/bin/python3.11 -m venv $BUILD");
//! assert_eq!(build.provides.path[0].to_string(), "$BUILD/bin");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Begin at [`detect`] and [`plan`]. Each language is one module: what it is detected by, which version the app asks
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
mod generic;
mod go;
mod java;
mod key;
mod manifest;
mod node;
mod php;
mod plan;
mod plan_error;
mod python;
mod range;
mod ruby;
mod runtime;
mod rust;
mod step;
mod toolbox;
mod tree;
mod version;
mod wishes;

pub use build_plan::{BuildPlan, Provides, Reuse};
pub use command::{Command, Places, ResolvedCommand, Word};
pub use deciding::DecidingSettings;
pub use detect::{detect, runtime};
pub use detection::{Detection, Evidence, Warning};
pub use error::DetectError;
pub use key::BuildKey;
pub use node::{NodeChoice, NodeSource, PackageManager};
pub use plan::plan;
pub use plan_error::PlanError;
pub use python::{PythonChoice, PythonManifest};
pub use runtime::{RuntimeName, VersionQuestion};
pub use step::{Copied, Placement, Step};
pub use toolbox::{Interpreter, Source, Toolbox};
pub use tree::{MemoryTree, SourceTree};
pub use version::{InvalidVersion, Version, VersionRequest};
pub use wishes::Wishes;

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
