//! What was chosen for a Python app.

use crate::Interpreter;
use crate::python::manifest::PythonManifest;

/// The interpreter and the manifest of a Python app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PythonChoice {
    /// The interpreter that makes the virtual environment.
    pub interpreter: Interpreter,
    /// What decided on it: `PYTHON_VERSION`, `.python-version`, or the host.
    pub reason: String,
    /// The file that names the packages.
    pub manifest: PythonManifest,
}
