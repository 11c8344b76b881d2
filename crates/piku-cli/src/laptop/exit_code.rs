//! How a program ended, as a shell has it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The exit status; 128 and the number of the signal if one ended the program.
pub(super) fn of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}
