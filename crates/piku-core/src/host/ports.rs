//! Ports reserved for apps: no port is ever picked for two apps.

use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};

use camino::Utf8PathBuf;

use super::{HostError, files};
use crate::app::AppName;
use crate::root::Root;

/// Below the range that Linux uses for outgoing connections (32768 and up, ip(7)).
const PICKED_FROM: std::ops::Range<u16> = 20_000..32_000;

fn file(root: &Root, port: u16) -> Utf8PathBuf {
    root.ports().join(port.to_string())
}

/// A port, and a socket that keeps other programs from using it until its process is about to start.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) port: u16,
    /// Drop this right before the process starts.
    pub(crate) guard: TcpListener,
}

/// Picks a port that nobody listens on and no app holds, and reserves it for `app`.
///
/// The file that reserves it is created atomically, so two deploys never pick the same port.
pub(crate) fn pick(root: &Root, app: &AppName, address: IpAddr) -> Result<Picked, HostError> {
    files::make_folder(&root.ports(), 0o700)?;
    // Start at a random port: most tries succeed at once, and two roots on one machine rarely pick the same port before
    // either listens. The process id is not random enough: in containers it is always small.
    let count = PICKED_FROM.end - PICKED_FROM.start;
    let begin = RandomState::new().hash_one(app.as_str());
    for step in 0..count {
        let at = begin.wrapping_add(u64::from(step)) % u64::from(count);
        let port = PICKED_FROM.start + u16::try_from(at).unwrap_or(0);
        if !files::write_new(&file(root, port), app.as_str().as_bytes())? {
            continue;
        }
        match TcpListener::bind((address, port)) {
            Ok(guard) => return Ok(Picked { port, guard }),
            Err(error) => {
                files::remove(&file(root, port))?;
                if error.kind() != ErrorKind::AddrInUse {
                    return Err(HostError::Listen { address, source: error });
                }
            }
        }
    }
    let none = std::io::Error::new(ErrorKind::AddrInUse, "every port from 20000 to 31999 is in use");
    Err(HostError::file("pick a port in", root.ports())(none))
}

/// The app that holds `port`, if any.
pub(crate) fn holder(root: &Root, port: u16) -> Option<AppName> {
    files::read_text(&file(root, port)).ok().flatten()?.trim().parse().ok()
}

/// Reserves a port that the settings of `app` name. If another app holds it, returns that app.
pub(crate) fn hold(root: &Root, app: &AppName, port: u16) -> Result<Result<(), AppName>, HostError> {
    files::make_folder(&root.ports(), 0o700)?;
    let path = file(root, port);
    if files::write_new(&path, app.as_str().as_bytes())? {
        return Ok(Ok(()));
    }
    match holder(root, port) {
        Some(other) if other != *app => Ok(Err(other)),
        _ => {
            files::write(&path, app.as_str().as_bytes(), 0o600)?;
            Ok(Ok(()))
        }
    }
}

/// Gives every port of `from` to `to`.
pub(crate) fn pass_on(root: &Root, from: &AppName, to: &AppName) -> Result<(), HostError> {
    for name in files::names(&root.ports())? {
        let Ok(port) = name.parse() else { continue };
        if holder(root, port).as_ref() == Some(from) {
            files::write(&file(root, port), to.as_str().as_bytes(), 0o600)?;
        }
    }
    Ok(())
}

/// Releases every port of `app` except those in `keep`.
pub(crate) fn release_all_but(root: &Root, app: &AppName, keep: &[u16]) -> Result<(), HostError> {
    for name in files::names(&root.ports())? {
        let Ok(port) = name.parse() else { continue };
        if !keep.contains(&port) && holder(root, port).as_ref() == Some(app) {
            files::remove(&file(root, port))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn an_address_of_another_machine_is_told_at_the_first_port() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        let error = pick(&root, &"blog".parse().unwrap(), "192.0.2.1".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not listen on `192.0.2.1`; is BIND_ADDRESS an address of this machine?"
        );
        assert!(files::names(&root.ports()).unwrap().is_empty());
    }

    #[test]
    fn no_port_is_picked_twice_and_a_released_one_is_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        let (blog, shop): (AppName, AppName) = ("blog".parse().unwrap(), "shop".parse().unwrap());
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let first = pick(&root, &blog, local).unwrap().port;
        let second = pick(&root, &blog, local).unwrap().port;
        assert_ne!(first, second);
        assert_eq!(holder(&root, first), Some(blog.clone()));
        assert_eq!(hold(&root, &shop, first).unwrap(), Err(blog.clone()));
        release_all_but(&root, &blog, &[second]).unwrap();
        assert_eq!(holder(&root, first), None);
        assert_eq!(holder(&root, second), Some(blog));
        assert_eq!(hold(&root, &shop, first).unwrap(), Ok(()));
    }
}
