//! Files that nginx serves itself.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{FileName, FilePath, InvalidSite, UrlPath, quote};

/// A folder or a file that nginx serves itself, and its URL.
///
/// The caller need not know which it is: a URL `/docs` serves a file, and `/docs/…` the contents of a folder. Some
/// names are never served, whatever is mapped: those that begin with a dot (except `.well-known`), which also can't
/// be part of the URL, and those that [the site](crate::Site::never_served) lists. A folder above the app's can't be
/// mapped, because it holds other apps' files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaticPath {
    url: UrlPath,
    path: FilePath,
}

impl StaticPath {
    /// Maps `url` to `path`, which is absolute or relative to `tree`, the app's folder.
    pub fn new(url: UrlPath, path: &str, tree: &Utf8Path) -> Result<Self, InvalidSite> {
        if url.segments().any(is_hidden) {
            return Err(InvalidSite::Url { url: url.to_string(), why: "such names are never served" });
        }
        let (path, tree) = (FilePath::new(tree.join(path))?, FilePath::new(tree)?);
        let refuse = |why| Err(InvalidSite::Path { path: path.to_string(), why });
        if path != tree && tree.as_path().starts_with(path.as_path()) {
            return refuse("it is above the app's folder");
        }
        Ok(Self { url, path })
    }

    /// Maps `/` to `path`, as an app of static files does.
    pub fn root(path: &str, tree: &Utf8Path) -> Result<Self, InvalidSite> {
        Self::new("/".parse()?, path, tree)
    }

    /// Parses pairs such as `/static:public,/robots.txt:robots.txt`; empty entries are skipped.
    pub fn parse_list(text: &str, tree: &Utf8Path) -> Result<Vec<Self>, InvalidSite> {
        let mut paths: Vec<Self> = Vec::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (url, path) = item.split_once(':').ok_or_else(|| InvalidSite::StaticPair(item.to_owned()))?;
            let (url, path) = (url.trim(), path.trim());
            if path.is_empty() {
                return Err(InvalidSite::StaticPair(item.to_owned()));
            }
            let mapped = Self::new(url.parse()?, path, tree)?;
            if paths.iter().any(|other| other.url == mapped.url) {
                return Err(InvalidSite::StaticTwice(mapped.url.to_string()));
            }
            paths.push(mapped);
        }
        Ok(paths)
    }

    /// Returns the URL of the folder or file.
    pub fn url(&self) -> &UrlPath {
        &self.url
    }

    /// Returns the folder or file.
    pub fn path(&self) -> &FilePath {
        &self.path
    }

    /// Whether the path may be served as a file: `.next` may be a folder of public files, but `.env` is a secret.
    pub(crate) fn may_be_file(&self, never_served: &[FileName]) -> bool {
        let listed = |name: &str| never_served.iter().any(|one| one.as_str() == name);
        !self.path.as_path().file_name().is_some_and(|name| is_hidden(name) || listed(name))
    }
}

/// The file that is served for missing files of a folder, relative to that folder.
///
/// Without a leading slash, so that it can follow any folder; never a name that is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatchAll(Utf8PathBuf);

impl CatchAll {
    /// Returns the path, without a leading slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Writes the path after `prefix` as one word.
    pub(crate) fn word_behind(&self, prefix: &str) -> String {
        quote::word(&format!("{prefix}{}", self.0))
    }
}

impl FromStr for CatchAll {
    type Err = InvalidSite;

    /// Parses `index.html` or `/index.html`.
    fn from_str(text: &str) -> Result<Self, InvalidSite> {
        let url: UrlPath = format!("/{}", text.trim().trim_start_matches('/')).parse()?;
        let refuse = |why| Err(InvalidSite::Url { url: text.to_owned(), why });
        if url.is_root() {
            return refuse("it names no file");
        }
        if url.segments().any(is_hidden) {
            return refuse("such names are never served");
        }
        // nginx takes `=404` for a status and `@app` for a named location.
        if url.as_str()[1..].starts_with(['=', '@']) {
            return refuse("nginx gives a meaning to the first character");
        }
        Ok(Self(url.as_str()[1..].into()))
    }
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && name != ".well-known"
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::{CatchAll, StaticPath};

    fn read(text: &str) -> Result<Vec<String>, String> {
        StaticPath::parse_list(text, Utf8Path::new("/srv/apps/blog"))
            .map(|list| list.iter().map(|mapped| format!("{}={}", mapped.url, mapped.path)).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn pairs_are_read_as_people_write_them() {
        for (text, list) in [
            ("", vec![]),
            ("/static:public", vec!["/static=/srv/apps/blog/public"]),
            (" /static/ : public/ , /:. ,", vec!["/static=/srv/apps/blog/public", "/=/srv/apps/blog"]),
            ("/media:/opt/media", vec!["/media=/opt/media"]),
            ("/media:../../data/blog", vec!["/media=/srv/data/blog"]),
            (
                "/_next:.next/static,/hidden:.vitepress",
                vec!["/_next=/srv/apps/blog/.next/static", "/hidden=/srv/apps/blog/.vitepress"],
            ),
            ("/.well-known/x:x", vec!["/.well-known/x=/srv/apps/blog/x"]),
        ] {
            assert_eq!(read(text).unwrap(), list, "{text}");
        }
    }

    #[test]
    fn what_would_publish_a_secret_is_refused() {
        for text in ["/x:..", "/x:/", "/x:/srv", "/.git:x", "/a/.env:x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for text in ["/static", "static:x", ":x", "/a:", "/a:b,/a/:c", "/a b:c", "/a:b$c"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_catch_all_is_a_file_that_may_be_served() {
        for text in ["index.html", "/index.html", " /app/index.html "] {
            assert!(text.parse::<CatchAll>().is_ok(), "{text}");
        }
        for text in ["", "/", "/.env", ".env", "/../x", "=404", "@app", "a b", "$uri", "x/.git/config"] {
            assert!(text.parse::<CatchAll>().is_err(), "{text}");
        }
    }
}
