//! Absolute paths that are safe in a configuration.

use std::{fmt, str::FromStr};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::{InvalidSite, quote};

/// An absolute path that nginx reads as it is written.
///
/// It has no `$` (nginx expands variables in paths and has no escape for it), no control character, none of `*?[`
/// (patterns to `include`), and no `..`, which is resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Utf8PathBuf);

impl FilePath {
    /// Checks that `path` can be written into a configuration.
    pub fn new(path: impl AsRef<Utf8Path>) -> Result<Self, InvalidSite> {
        let path = path.as_ref();
        let refuse = |why| Err(InvalidSite::Path { path: path.to_string(), why });
        if !path.is_absolute() {
            return refuse("it is not absolute");
        }
        if path.as_str().len() > 1000 {
            return refuse("it is too long");
        }
        if path.as_str().chars().any(quote::unwritable) {
            return refuse("nginx has no way to write `$` or a control character in a path");
        }
        if path.as_str().contains(['*', '?', '[']) {
            return refuse("nginx could take `*`, `?`, or `[` for a pattern");
        }
        Ok(Self(folded(path)))
    }

    /// Returns the path.
    pub fn as_path(&self) -> &Utf8Path {
        &self.0
    }

    /// Writes the path as one word.
    pub(crate) fn word(&self) -> String {
        quote::word(self.0.as_str())
    }

    /// Writes the path as a pattern that matches only it. nginx refuses to include a missing file by its name, but a
    /// pattern may match nothing. The last character must be ASCII.
    pub(crate) fn word_if_exists(&self) -> String {
        let mut beginning = self.0.as_str().chars();
        let last = beginning.next_back().unwrap_or('/');
        quote::word(&format!("{}[{last}]", beginning.as_str()))
    }

    /// Writes the path as the folder from which `disable_symlinks` begins to look.
    pub(crate) fn starting_point(&self) -> String {
        quote::word(&format!("from={}", self.0))
    }

    /// Writes the path as one word that ends in a slash.
    pub(crate) fn folder_word(&self) -> String {
        quote::word(&format!("{}/", self.0.as_str().trim_end_matches('/')))
    }

    /// Returns the path of a file in this folder. The name is a constant, which needs no check.
    pub(crate) fn below(&self, name: &'static str) -> Self {
        Self(self.0.join(name))
    }

    /// Returns the parent folder, or `/` for `/`.
    pub(crate) fn parent(&self) -> Self {
        Self(self.0.parent().unwrap_or(&self.0).to_owned())
    }
}

impl FromStr for FilePath {
    type Err = InvalidSite;

    fn from_str(path: &str) -> Result<Self, InvalidSite> {
        Self::new(path)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// The path of a Unix socket: a [`FilePath`] of at most 107 bytes, the limit for binding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketPath(FilePath);

impl SocketPath {
    /// Checks that `path` can be written and bound.
    pub fn new(path: impl AsRef<Utf8Path>) -> Result<Self, InvalidSite> {
        let path = FilePath::new(path)?;
        if path.0.as_str().len() > 107 {
            return Err(InvalidSite::Path {
                path: path.to_string(),
                why: "a socket's path has at most 107 bytes",
            });
        }
        Ok(Self(path))
    }

    /// Returns the path.
    pub fn as_path(&self) -> &Utf8Path {
        self.0.as_path()
    }

    /// Writes the address of the socket as one word.
    pub(crate) fn word(&self) -> String {
        quote::word(&format!("unix:{}", self.0))
    }
}

impl FromStr for SocketPath {
    type Err = InvalidSite;

    fn from_str(path: &str) -> Result<Self, InvalidSite> {
        Self::new(path)
    }
}

/// Resolves `.`, `..`, and doubled slashes in the text alone, without looking at links.
fn folded(path: &Utf8Path) -> Utf8PathBuf {
    let mut folded = Utf8PathBuf::from("/");
    for component in path.components() {
        match component {
            Utf8Component::Normal(name) => folded.push(name),
            Utf8Component::ParentDir => {
                folded.pop();
            }
            _ => {}
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::{FilePath, SocketPath};

    #[test]
    fn dots_are_folded_away() {
        for (text, path) in [("/a/./b//c/", "/a/b/c"), ("/a/../../b", "/b"), ("/", "/"), ("/..", "/")] {
            assert_eq!(FilePath::new(text).unwrap().as_path(), path);
        }
    }

    #[test]
    fn what_nginx_would_read_otherwise_is_refused() {
        for text in [
            "",
            "a",
            "/a$b",
            "/a\nb",
            "/a\0",
            "/a/*",
            "/a?",
            "/[a]",
            "/a\u{7f}",
            &format!("/{}", "a".repeat(1000)),
        ] {
            assert!(FilePath::new(text).is_err(), "{text:?}");
        }
        assert!(SocketPath::new(format!("/{}", "a".repeat(107))).is_err());
        assert!(SocketPath::new(format!("/{}", "a".repeat(106))).is_ok());
    }
}
