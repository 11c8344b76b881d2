//! Lets uv fetch a Python that an app asks for and the machine does not have.

use camino::Utf8Path;
use piku_runtime::{DetectError, Toolbox};

use super::steps::BuildContext;
use crate::event::{Report, stage};
use crate::host::command::Invocation;
use crate::host::toolbox;

/// Fetches the Python whose absence is this error, if uv is there. Returns whether it is worth looking again.
///
/// What uv says is shown; the error remains if it fails.
pub(super) fn fetch(
    site: &BuildContext<'_>,
    tools: &Toolbox,
    error: &DetectError,
    report: &mut Report<'_>,
) -> bool {
    let (Some(wanted), Some(uv)) = (error.python_to_fetch(), tools.tool("uv").map(Utf8Path::to_owned)) else {
        return false;
    };
    stage(report, format!("Fetching Python {wanted} with uv"));
    let mut env = site.env.clone();
    let own = [
        ("UV_PYTHON_INSTALL_DIR", toolbox::uv_pythons(site.surroundings).into_string()),
        // Only apps that ask for it get it: no program of its name in PATH.
        ("UV_PYTHON_INSTALL_BIN", "0".to_owned()),
        ("UV_NO_PROGRESS", "1".to_owned()),
    ];
    env.extend(own.map(|(name, value)| (name.to_owned(), value)));
    let command = Invocation::new([uv.as_str(), "python", "install", wanted])
        .in_folder(site.tree)
        .with_env(&env)
        .supervised(&site.root.launcher())
        .cancelled_by(site.cancel);
    command.follow(&format!("uv python install {wanted}"), report).is_ok()
}
