//! Names of files in a backup, which may come from anybody: nothing leads out of the app's data.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::BackupError;
use crate::persisted::shown;

/// The longest path, in bytes, as in Linux.
const LONGEST: usize = 4096;

/// The longest name of a file, in bytes, as in Linux.
const LONGEST_NAME: usize = 255;

/// A path below the app's data: plain names alone, at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inside(PathBuf);

impl Inside {
    /// Reads the name of an entry below `data/`; `None` for `data` itself.
    pub(crate) fn read(name: &[u8]) -> Result<Option<Self>, BackupError> {
        let hostile =
            |why| BackupError::Hostile { path: shown(Path::new(OsStr::from_bytes(name))).into(), why };
        let rest = name.strip_prefix(b"data").ok_or_else(|| hostile("is no part of a backup"))?;
        let rest = match rest {
            [] | [b'/'] => return Ok(None),
            [b'/', path @ ..] => path,
            _ => return Err(hostile("is no part of a backup")),
        };
        if rest.contains(&0) || rest.len() > LONGEST {
            return Err(hostile("is no name of a file"));
        }
        let mut path = PathBuf::new();
        for part in rest.strip_suffix(b"/").unwrap_or(rest).split(|byte| *byte == b'/') {
            match part {
                [] | b"." | b".." => return Err(hostile("leads elsewhere")),
                part if part.len() > LONGEST_NAME => return Err(hostile("is too long for a name")),
                part => path.push(OsStr::from_bytes(part)),
            }
        }
        Ok(Some(Self(path)))
    }

    /// The path, relative to the data.
    pub(crate) fn as_path(&self) -> &Path {
        &self.0
    }
}

/// Whether a link at `link`, relative to the data, leads to something in the data: up to a folder of it, and down from
/// there. A `..` behind a name is refused, since the name may be a link to a folder less deep.
pub(crate) fn leads_within(link: &Path, target: &Path) -> bool {
    let depth = link.components().count().saturating_sub(1);
    let mut parts = target.components().peekable();
    let mut up = 0;
    while parts.next_if_eq(&Component::ParentDir).is_some() {
        up += 1;
    }
    // `Path` drops a `.` in the middle, and keeps one at the beginning.
    let is_plain = parts.all(|part| matches!(part, Component::Normal(_)));
    let length = target.as_os_str().len();
    up <= depth && is_plain && (1..=LONGEST).contains(&length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let read = |name: &[u8]| Inside::read(name).map(|path| path.map(|path| path.as_path().to_owned()));
        assert_eq!(read(b"data").unwrap(), None);
        assert_eq!(read(b"data/").unwrap(), None);
        assert_eq!(read(b"data/a/b").unwrap(), Some(PathBuf::from("a/b")));
        assert_eq!(read(b"data/a/").unwrap(), Some(PathBuf::from("a")));
        let odd = PathBuf::from(OsStr::from_bytes(b"caf\xe9\n"));
        assert_eq!(read(b"data/caf\xe9\n").unwrap(), Some(odd));
        let long = [b"data/".to_vec(), vec![b'x'; 256]].concat();
        let deep = [b"data/".to_vec(), b"a/".repeat(3000)].concat();
        let names: [&[u8]; 14] = [
            b"",
            b"/",
            b"/etc/passwd",
            b"data/../x",
            b"data/a/../../x",
            b"data/..",
            b"data//etc/passwd",
            b"data/./x",
            b"data/a\0b",
            b"datax/y",
            b"../data/x",
            b"ENV/x",
            &long,
            &deep,
        ];
        for name in names {
            assert!(matches!(read(name), Err(BackupError::Hostile { .. })), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn a_link_leads_up_to_the_data_and_down_and_nowhere_else() {
        let leads = |link: &str, target: &str| leads_within(Path::new(link), Path::new(target));
        for (link, target) in [("a", "b"), ("a", "b/c"), ("a/b/c", "../../x/y"), ("a/b", "..")] {
            assert!(leads(link, target), "{link} -> {target}");
        }
        for (link, target) in [
            ("a", ".."),
            ("a", "../x"),
            ("a/b", "../../x"),
            ("a", "/etc/passwd"),
            ("a", "b/../../x"),
            ("a/b", "c/.."),
            ("a", ""),
            ("a", "./../x"),
        ] {
            assert!(!leads(link, target), "{link} -> {target}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_name_is_the_path_stays_below(name in proptest::collection::vec(0u8..128, 0..40)) {
            if let Ok(Some(inside)) = Inside::read(&[b"data/".to_vec(), name].concat()) {
                let is_normal = |part| matches!(part, Component::Normal(_));
                assert!(inside.as_path().components().all(is_normal));
            }
        }
    }
}
