//! User accounts: the user of this process, and switching to another.

use std::ffi::CString;

use camino::{Utf8Path, Utf8PathBuf};

use super::HostError;

/// The groups whose members may use `sudo`, on different distributions.
const ADMINISTRATORS: [&str; 3] = ["sudo", "wheel", "admin"];

/// The name and home folder of the user that this process runs as, from the user database.
#[must_use]
pub fn account() -> Option<(String, Utf8PathBuf)> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??;
    Some((user.name, Utf8PathBuf::from_path_buf(user.dir).ok()?))
}

/// Whether this process runs as root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this process has a controlling terminal (tty(4)).
#[must_use]
pub fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// Whether the user is in a group whose members may use `sudo`.
#[must_use]
pub fn may_use_sudo() -> bool {
    let groups = rustix::process::getgroups().unwrap_or_default();
    let name = |id: &rustix::process::Gid| {
        Some(nix::unistd::Group::from_gid(nix::unistd::Gid::from_raw(id.as_raw())).ok()??.name)
    };
    groups.iter().filter_map(name).any(|name| ADMINISTRATORS.contains(&name.as_str()))
}

/// Switches permanently to another user, with all groups of that user, and enters the folder `home`.
///
/// # Errors
/// [`HostError::User`] if there is no such user or this process is not root.
pub fn become_user(name: &str, home: &Utf8Path) -> Result<(), HostError> {
    let failed = |source: nix::Error| HostError::User { user: name.to_owned(), source: source.into() };
    let user = nix::unistd::User::from_name(name).map_err(failed)?;
    let user = user.ok_or_else(|| failed(nix::Error::ENOENT))?;
    let c_name = CString::new(name).map_err(|_| failed(nix::Error::EINVAL))?;
    nix::unistd::initgroups(&c_name, user.gid).map_err(failed)?;
    nix::unistd::setgid(user.gid).map_err(failed)?;
    nix::unistd::setuid(user.uid).map_err(failed)?;
    // The user may have no access to the folder that root was in.
    enter(home)
}

/// Begins a session without a terminal (setsid(2)), which outlives the one of whoever started this process.
pub fn begin_session() {
    // It fails for the leader of a session, which is just as good.
    let _ = rustix::process::setsid();
}

/// Changes the current folder.
///
/// # Errors
/// [`HostError::File`] if it does not exist or can't be entered.
pub fn enter(folder: &Utf8Path) -> Result<(), HostError> {
    std::env::set_current_dir(folder).map_err(HostError::file("enter", folder))
}

/// Redirects the standard input of this process to a file.
///
/// # Errors
/// [`HostError::File`] if it can't be opened.
pub fn read_from(path: &str) -> Result<(), HostError> {
    let file = std::fs::File::open(path).map_err(HostError::file("read", path))?;
    rustix::stdio::dup2_stdin(&file).map_err(|errno| HostError::file("read", path)(errno.into()))
}

/// Redirects the standard input of this process to the contents of several small files, one after the other. They are
/// copied to a file without a name.
///
/// # Errors
/// [`HostError::File`] if one can't be read, or the copy can't be made.
pub fn read_from_all(paths: &[&str]) -> Result<(), HostError> {
    use std::io::{Seek, Write};
    let failed = || HostError::file("copy", paths.first().copied().unwrap_or_default());
    let mut all = tempfile::tempfile().map_err(failed())?;
    for path in paths {
        let mut bytes = std::fs::read(path).map_err(HostError::file("read", *path))?;
        bytes.push(b'\n');
        all.write_all(&bytes).map_err(failed())?;
    }
    all.rewind().map_err(failed())?;
    rustix::stdio::dup2_stdin(&all).map_err(|errno| failed()(errno.into()))
}
