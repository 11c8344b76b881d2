//! The logs of requests to sites: nginx writes them, and never makes room.

use super::{HostError, Surroundings, files, logs, nginx, own_nginx};
use crate::app::AppName;
use crate::root::Root;

/// The size at which a log is rotated, in bytes. One older log is kept.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Makes the folder, without which nginx would read no configuration. Workers of another user pass through it when
/// they open the logs anew.
pub(crate) fn prepare(root: &Root) -> Result<(), HostError> {
    files::make_folder(&root.access_logs(), 0o711)
}

/// Rotates the log of an app if it has become long. Returns whether it had.
///
/// nginx goes on writing to the older log until it opens the new one: piku's own is told so, the system's reads its
/// configuration again.
pub(crate) fn rotate(root: &Root, surroundings: &Surroundings, app: &AppName) -> Result<bool, HostError> {
    let log = root.access_log(app);
    if logs::length(&log) < LONGEST {
        return Ok(false);
    }
    files::rename(&log, &logs::older(&log))?;
    if own_nginx::is_wanted(root) {
        own_nginx::reopen_logs(root);
    } else {
        nginx::write_again(root, app)?;
        drop(nginx::reload(root, surroundings));
    }
    Ok(true)
}

/// Removes the logs of an app.
pub(crate) fn remove(root: &Root, app: &AppName) -> Result<(), HostError> {
    let log = root.access_log(app);
    files::remove(&log)?;
    files::remove(&logs::older(&log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_rotated_when_it_is_long_and_one_older_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let (root, surroundings) = (Root::new(&home), Surroundings::of_tests(&home));
        let app: AppName = "blog".parse().unwrap();
        prepare(&root).unwrap();
        let log = root.access_log(&app);
        assert!(!rotate(&root, &surroundings, &app).unwrap(), "there is none yet");
        std::fs::write(&log, "short\n").unwrap();
        assert!(!rotate(&root, &surroundings, &app).unwrap());
        for text in ["a", "b"] {
            std::fs::write(&log, text.repeat(LONGEST as usize)).unwrap();
            assert!(rotate(&root, &surroundings, &app).unwrap());
            assert!(!log.exists());
            assert!(std::fs::read_to_string(logs::older(&log)).unwrap().starts_with(text));
        }
        remove(&root, &app).unwrap();
        assert_eq!(files::names(&root.access_logs()).unwrap().len(), 0);
    }
}
