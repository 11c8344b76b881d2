//! Files that nginx serves itself.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::OUTSIDE;
use crate::{FileName, FilePath, InvalidSite, UrlPath, quote};

/// The folders of an app from which nginx may serve files.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Servable<'a> {
    /// The app's folder, to which paths are relative. It may be reached through a link.
    pub tree: &'a Utf8Path,
    /// The folder of its data, which must not be a link itself.
    pub data: Option<&'a Utf8Path>,
    /// Folders of nobody's, which the operator of the server has allowed.
    pub others: &'a [Utf8PathBuf],
}

impl<'a> Servable<'a> {
    /// The folder of an app that has no data.
    pub fn tree(tree: &'a Utf8Path) -> Self {
        Self { tree, data: None, others: &[] }
    }

    /// Adds the folder of its data.
    #[must_use]
    pub fn with_data(self, data: &'a Utf8Path) -> Self {
        Self { data: Some(data), ..self }
    }

    /// Adds folders that every app may serve.
    #[must_use]
    pub fn with_others(self, others: &'a [Utf8PathBuf]) -> Self {
        Self { others, ..self }
    }

    /// The folder up to which links to `path` are followed, if it may be served.
    fn top(&self, path: &FilePath) -> Result<FilePath, InvalidSite> {
        let is_in = |folder: &FilePath| path.as_path().starts_with(folder.as_path());
        let tree = FilePath::new(self.tree)?;
        if is_in(&tree) {
            return Ok(tree);
        }
        let data = self.data.map(FilePath::new).transpose()?;
        if let Some(data) = data.filter(is_in) {
            return Ok(data.parent());
        }
        match self.others.iter().find(|folder| path.as_path().starts_with(folder)) {
            Some(folder) => FilePath::new(folder),
            None => Err(InvalidSite::Path { path: path.to_string(), why: OUTSIDE }),
        }
    }
}

/// A folder or a file that nginx serves itself, and its URL.
///
/// The caller need not know which it is: a URL `/docs` serves a file, and `/docs/…` the contents of a folder. Some
/// names are never served, whatever is mapped: those that begin with a dot (except `.well-known`), which also can't
/// be part of the URL, and those that [the site](crate::Site::never_served) lists. Nothing outside of the app's own
/// folders can be mapped, and no link in them is followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaticPath {
    url: UrlPath,
    path: FilePath,
    /// Links are followed up to here only.
    top: FilePath,
    /// Whether it is part of the folder that is served at `/`, which decides about missing files.
    of_root: bool,
}

impl StaticPath {
    /// Maps `url` to `path`, which is absolute or relative to the app's folder.
    ///
    /// # Errors
    /// [`InvalidSite`] when the URL is never served, or the path is in neither folder of the app.
    pub fn new(url: UrlPath, path: &str, from: &Servable<'_>) -> Result<Self, InvalidSite> {
        if url.segments().any(is_hidden) {
            return Err(InvalidSite::Url { url: url.to_string(), why: "such names are never served" });
        }
        let path = FilePath::new(from.tree.join(path))?;
        let top = from.top(&path)?;
        Ok(Self { url, path, top, of_root: false })
    }

    /// What is served instead where `link`, an absolute path, leads to `target`: the whole of this path if it is the
    /// link or below it, or else the part of this path that is below the link. `None` if the link makes no difference,
    /// or leads to what is never served.
    pub fn led(&self, link: &Utf8Path, target: &Utf8Path, from: &Servable<'_>) -> Option<Led> {
        let leads_to = |url: UrlPath, below: &Utf8Path| {
            let mapped = Self::new(url, target.join(below).as_str(), from).ok()?;
            let in_top = mapped.path.as_path().strip_prefix(mapped.top.as_path()).ok()?;
            (!in_top.components().any(|part| is_hidden(part.as_str()))).then_some(mapped)
        };
        let path = self.path.as_path();
        if let Ok(below) = path.strip_prefix(link) {
            let mapped = leads_to(self.url.clone(), below)?;
            return Some(Led::Whole(Self { of_root: self.of_root, ..mapped }));
        }
        let below = link.strip_prefix(path).ok()?;
        let url = format!("{}/{below}", self.url.as_str().trim_end_matches('/')).parse().ok()?;
        let mapped = leads_to(url, Utf8Path::new(""))?;
        Some(Led::Part(Self { of_root: self.of_root || self.url.is_root(), ..mapped }))
    }

    /// Maps `/` to `path`, as an app of static files does.
    pub fn root(path: &str, from: &Servable<'_>) -> Result<Self, InvalidSite> {
        Self::new("/".parse()?, path, from)
    }

    /// Parses pairs such as `/static:public,/robots.txt:robots.txt`; empty entries are skipped.
    pub fn parse_list(text: &str, from: &Servable<'_>) -> Result<Vec<Self>, InvalidSite> {
        let mut paths: Vec<Self> = Vec::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (url, path) = item.split_once(':').ok_or_else(|| InvalidSite::StaticPair(item.to_owned()))?;
            let (url, path) = (url.trim(), path.trim());
            if path.is_empty() {
                return Err(InvalidSite::StaticPair(item.to_owned()));
            }
            let mapped = Self::new(url.parse()?, path, from)?;
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

    /// The folder up to which links are followed.
    pub(crate) fn top(&self) -> &FilePath {
        &self.top
    }

    /// Whether it is part of the folder at `/`.
    pub(crate) fn is_of_root(&self) -> bool {
        self.of_root
    }

    /// Whether the path may be served as a file: `.next` may be a folder of public files, but `.env` is a secret.
    pub(crate) fn may_be_file(&self, never_served: &[FileName]) -> bool {
        let listed = |name: &str| never_served.iter().any(|one| one.as_str() == name);
        !self.path.as_path().file_name().is_some_and(|name| is_hidden(name) || listed(name))
    }
}

/// What a link changes about a [`StaticPath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Led {
    /// This is served in its place.
    Whole(StaticPath),
    /// This is served before it.
    Part(StaticPath),
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

    use super::{CatchAll, Led, Servable, StaticPath};

    fn read(text: &str) -> Result<Vec<String>, String> {
        let from = Servable::tree("/srv/apps/blog".into()).with_data("/srv/data/blog".into());
        StaticPath::parse_list(text, &from)
            .map(|list| list.iter().map(|mapped| format!("{}={}", mapped.url, mapped.path)).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn pairs_are_read_as_people_write_them() {
        for (text, list) in [
            ("", vec![]),
            ("/static:public", vec!["/static=/srv/apps/blog/public"]),
            (" /static/ : public/ , /:. ,", vec!["/static=/srv/apps/blog/public", "/=/srv/apps/blog"]),
            ("/media:/srv/data/blog/media", vec!["/media=/srv/data/blog/media"]),
            ("/all:/srv/apps/blog", vec!["/all=/srv/apps/blog"]),
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
        for text in [
            "/x:..",
            "/x:/",
            "/x:/srv",
            "/.git:x",
            "/a/.env:x",
            "/x:/etc",
            "/x:../victim",
            "/x:../../data/victim",
            "/x:/srv/data",
            "/x:/srv/data/blog/../victim",
            "/x:/srv/data/blogger",
            "/x:../blogger",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_link_of_pikus_is_served_where_it_leads() {
        let from = Servable::tree("/srv/apps/blog".into()).with_data("/srv/data/blog".into());
        let led = |pair: &str, link: &str, target: &str| {
            let mapped = StaticPath::parse_list(pair, &from).unwrap().remove(0);
            let live = Utf8Path::new("/srv/apps/blog");
            match mapped.led(&live.join(link), Utf8Path::new(target), &from)? {
                Led::Whole(it) => Some(format!("{}={}", it.url, it.path)),
                Led::Part(it) => Some(format!("+ {}={} {}", it.url, it.path, it.of_root)),
            }
        };
        let data = "/srv/data/blog";
        for (pair, link, target, shown) in [
            ("/media:media", "media", &format!("{data}/media"), Some("/media=/srv/data/blog/media")),
            ("/a:media/a", "media", &format!("{data}/m"), Some("/a=/srv/data/blog/m/a")),
            (
                "/:public",
                "public/up",
                &format!("{data}/public/up"),
                Some("+ /up=/srv/data/blog/public/up true"),
            ),
            ("/s:public", "public/a/b", &format!("{data}/b"), Some("+ /s/a/b=/srv/data/blog/b false")),
            ("/s:public", "other", &format!("{data}/b"), None),
            ("/s:public", "public/a", &"/etc".to_owned(), None),
            ("/s:public", "public/a", &"/srv/data/victim".to_owned(), None),
            ("/s:public", "public/a", &"/srv/apps/blog/.git".to_owned(), None),
            ("/s:public", "public/.a", &format!("{data}/b"), None),
            ("/s:public", "public/a b", &format!("{data}/b"), None),
        ] {
            assert_eq!(led(pair, link, target).as_deref(), shown, "{pair} {link} {target}");
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
