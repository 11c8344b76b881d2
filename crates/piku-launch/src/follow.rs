//! Programs that end with the launcher that started them, however it ends.

use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::Signal;

use crate::supervise::follow_parent;
use crate::{Error, LAUNCHER};

/// The launcher's word for becoming a program that ends with its parent.
const FOLLOW: &str = "--follow";

/// The program that runs now.
const THIS: &str = "/proc/self/exe";

/// A command for `program`, which is killed when this process ends before it does, killed itself for example.
///
/// Only the program can ask the kernel for that. So it is started by way of the launcher, which asks and then becomes
/// it. In a program that is not the launcher, it is started as it is.
pub(crate) fn following(program: &str) -> Command {
    let this = std::fs::read_link(THIS).ok();
    let name = this.as_ref().and_then(|this| this.file_name()).map(|name| name.to_string_lossy());
    // After an upgrade it is called `piku-launch (deleted)`.
    if name.is_none_or(|name| name.split(' ').next() != Some(LAUNCHER)) {
        return Command::new(program);
    }
    let mut command = Command::new(THIS);
    command.arg0(LAUNCHER).args([FOLLOW, program]);
    command
}

/// Becomes a program that is killed when its parent ends.
///
/// # Errors
/// [`Error::Start`] with the reason. Never returns on success.
pub fn become_follower(words: &[String]) -> Result<Infallible, Error> {
    follow_parent(Signal::KILL);
    let program = words.first().cloned().unwrap_or_default();
    let source = Command::new(&program).args(words.iter().skip(1)).exec();
    Err(Error::Start { program, source })
}
