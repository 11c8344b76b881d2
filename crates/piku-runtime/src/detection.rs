//! What was detected in a source tree, and why.

use std::fmt;

use crate::{NodeChoice, PythonChoice, RuntimeName, Version};

/// Which runtime a tree needs, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detection {
    /// The runtime.
    pub runtime: RuntimeName,
    /// The version of its interpreter or compiler, where the toolbox knows it.
    pub version: Option<Version>,
    /// The evidence for it and for its version, most important first.
    pub evidence: Vec<Evidence>,
    /// What deserves a second look.
    pub warnings: Vec<Warning>,
    /// The interpreter and the manifest, when the runtime is Python.
    pub python: Option<PythonChoice>,
    /// The package manager and where Node.js comes from, when the runtime is Node.js or Bun.
    pub node: Option<NodeChoice>,
}

/// Evidence for a runtime or for a version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The file or the setting.
    pub file: String,
    /// What it says, phrased to follow the file name, such as "asks for Python 3.12".
    pub meaning: String,
}

/// Something valid that deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Stable across releases.
    pub code: &'static str,
    /// What is odd.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
    /// The file it is about.
    pub file: Option<String>,
}

impl Detection {
    /// Starts with the runtime alone, without a reason.
    #[must_use]
    pub fn of(runtime: RuntimeName) -> Self {
        let (evidence, warnings) = (Vec::new(), Vec::new());
        Self { runtime, version: None, evidence, warnings, python: None, node: None }
    }

    pub(crate) fn because(&mut self, file: impl Into<String>, meaning: impl Into<String>) {
        self.evidence.push(Evidence { file: file.into(), meaning: meaning.into() });
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

impl Evidence {
    /// Makes evidence of what a file or a setting says, phrased to follow its name.
    pub fn new(file: impl Into<String>, meaning: impl Into<String>) -> Self {
        Self { file: file.into(), meaning: meaning.into() }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.meaning)
    }
}
