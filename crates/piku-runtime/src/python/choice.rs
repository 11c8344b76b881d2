//! What was chosen for a Python app.

use crate::Interpreter;
use crate::python::manifest::PythonManifest;

/// The interpreter and the manifest of a Python app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonChoice {
    /// What the virtual environment is made with.
    pub interpreter: Interpreter,
    /// Who decided on it: `PYTHON_VERSION`, `.python-version`, or the host.
    pub reason: String,
    /// The file that names the packages.
    pub manifest: PythonManifest,
}
