//! The paths of an app that outlive its releases, and where their contents are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::ops::Bound;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::app::AppName;
use crate::host::{HostError, files};
use crate::root::Root;

/// The paths that every new release links, by their names in the folder of the app. Stored in `envs/<app>/PERSISTED`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Persisted(pub(crate) BTreeMap<PathBuf, Place>);

/// What a release has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A link to this path in the app's data.
    Data {
        at: PathBuf,
        /// The release whose tree the contents are being moved from.
        moving_from: Option<u32>,
    },
    /// A link that the app made, with this target.
    Link(PathBuf),
}

impl Place {
    /// The path in the app's data.
    pub(crate) fn in_data(&self) -> Option<&Path> {
        match self {
            Self::Data { at, .. } => Some(at),
            Self::Link(_) => None,
        }
    }
}

/// A path as it is stored; names are escaped as [`shown`].
#[derive(Serialize, Deserialize)]
struct Line {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moving_from: Option<u32>,
}

impl Persisted {
    /// Reads the paths of an app; none if there is no such file.
    pub(crate) fn load(root: &Root, app: &AppName) -> Result<Self, HostError> {
        let path = root.persisted(app);
        let Some(text) = files::read(&path)? else { return Ok(Self::default()) };
        Self::parse(&text).map_err(|source| HostError::Damaged { path, source })
    }

    /// Reads the text of such a file.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let lines: Vec<Line> = serde_json::from_slice(text)?;
        let entry = |line: Line| {
            let name = read(&line.path);
            let place = match line.link {
                Some(target) => Place::Link(read(&target)),
                None => Place::Data {
                    at: line.at.map_or_else(|| name.clone(), |at| read(&at)),
                    moving_from: line.moving_from,
                },
            };
            (name, place)
        };
        let is_within = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        let entries = lines.into_iter().map(entry);
        // Nobody but piku writes this file; if anybody did, nothing outside of the two folders is touched.
        Ok(Self(
            entries
                .filter(|(path, place)| is_within(path) && place.in_data().is_none_or(is_within))
                .collect(),
        ))
    }

    /// Whether a path outlives releases, by itself or with a folder that it is in.
    pub(crate) fn has(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.0.contains_key(above))
    }

    /// Whether a path below this one outlives releases by itself.
    pub(crate) fn has_below(&self, folder: &Path) -> bool {
        let after = self.0.range::<Path, _>((Bound::Excluded(folder), Bound::Unbounded));
        after.map(|(path, _)| path).next().is_some_and(|path| path.starts_with(folder))
    }

    /// Takes out the paths that are below another one, which has them from now on.
    pub(crate) fn take_nested(&mut self) -> BTreeMap<PathBuf, Place> {
        let all = std::mem::take(&mut self.0);
        let mut nested = BTreeMap::new();
        for (path, place) in all {
            // A folder comes before what is in it.
            let is_nested = self.has(&path);
            if is_nested { &mut nested } else { &mut self.0 }.insert(path, place);
        }
        nested
    }

    /// Notes that nothing is being moved any more.
    pub(crate) fn settled(mut self) -> Self {
        for place in self.0.values_mut() {
            if let Place::Data { moving_from, .. } = place {
                *moving_from = None;
            }
        }
        self
    }

    /// Stores the paths, unless the file says the same.
    pub(crate) fn save(&self, root: &Root, app: &AppName) -> Result<(), HostError> {
        if *self == Self::load(root, app)? {
            return Ok(());
        }
        let path = root.persisted(app);
        if self.0.is_empty() {
            return files::remove(&path);
        }
        let line = |(name, place): (&PathBuf, &Place)| match place {
            Place::Data { at, moving_from } => {
                let at = Some(shown(at).into_owned());
                Line { path: shown(name).into_owned(), at, link: None, moving_from: *moving_from }
            }
            Place::Link(target) => {
                let link = Some(shown(target).into_owned());
                Line { path: shown(name).into_owned(), at: None, link, moving_from: None }
            }
        };
        let lines: Vec<Line> = self.0.iter().map(line).collect();
        let mut text = serde_json::to_vec_pretty(&lines)
            .map_err(|source| HostError::Damaged { path: path.clone(), source })?;
        text.push(b'\n');
        files::write(&path, &text, 0o600)
    }
}

/// A path as text: control characters, backslashes, and what is not UTF-8 become `\xHH`.
pub(crate) fn shown(path: &Path) -> Cow<'_, str> {
    let bytes = path.as_os_str().as_bytes();
    match path.to_str() {
        Some(text) if !text.contains(|c: char| c.is_control() || c == '\\') => Cow::Borrowed(text),
        _ => {
            let mut text = String::new();
            for chunk in bytes.utf8_chunks() {
                for c in chunk.valid().chars() {
                    if c.is_control() || c == '\\' {
                        c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape(byte, &mut text));
                    } else {
                        text.push(c);
                    }
                }
                chunk.invalid().iter().for_each(|byte| escape(*byte, &mut text));
            }
            Cow::Owned(text)
        }
    }
}

fn escape(byte: u8, text: &mut String) {
    // Writing to text can't fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// The path that is shown like this.
fn read(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend(before.as_bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(byte);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend(rest.as_bytes());
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_path_that_leads_elsewhere_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        let app: AppName = "blog".parse().unwrap();
        files::make_folder(&root.env(&app), 0o700).unwrap();
        let text = r#"[{"path": "../x"}, {"path": "/etc"}, {"path": "a", "at": "../b"}, {"path": "a/b", "at": "c/d"}]"#;
        files::write(&root.persisted(&app), text.as_bytes(), 0o600).unwrap();
        let read: Vec<PathBuf> = Persisted::load(&root, &app).unwrap().0.into_keys().collect();
        assert_eq!(read, [PathBuf::from("a/b")]);
    }

    #[test]
    fn a_path_below_another_one_is_a_part_of_it() {
        let paths = ["a", "a-b/c", "a/b", "a/b/c", "b/x"];
        let mut all = Persisted(paths.map(|path| (path.into(), Place::Link("x".into()))).into());
        assert!(
            all.has_below(Path::new("a")) && all.has_below(Path::new("b")) && !all.has_below(Path::new("c"))
        );
        let nested: Vec<PathBuf> = all.take_nested().into_keys().collect();
        assert_eq!(nested, ["a/b", "a/b/c"].map(PathBuf::from));
        assert!(all.has(Path::new("a/b")) && all.has(Path::new("b/x/y")) && !all.has(Path::new("b")));
    }

    #[test]
    fn any_name_is_stored_and_shown_on_one_line() {
        for name in [&b"uploads"[..], b"a b/\xc3\xa9", b"caf\xe9", b"a\nb\\x41\\", b"\xc2\x85", b"\\x"] {
            let path = Path::new(OsStr::from_bytes(name));
            let text = shown(path);
            assert_eq!(read(&text), path, "{text}");
            assert!(!text.contains(char::is_control), "{text}");
        }
        assert_eq!(shown(Path::new(OsStr::from_bytes(b"caf\xe9\n"))), "caf\\xe9\\x0a");
    }
}
