//! What nginx caches.

use crate::{FilePath, InvalidSite, UrlPath};

/// What nginx caches of an app's answers, and for how long. Times are in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cache {
    /// The folder of the cache. nginx creates it if its parent exists.
    pub path: FilePath,
    /// The URLs that are cached, with everything below them.
    pub prefixes: Vec<UrlPath>,
    /// The maximum size, in gigabytes.
    pub size: u32,
    /// How long content (200 and 304) is kept.
    pub time: u32,
    /// How long redirects (301, 302, 307, and 308) are kept.
    pub redirects: u32,
    /// How long every other answer is kept, except server errors, which are never cached.
    pub any: u32,
    /// How long a browser may keep an answer without a `Cache-Control` header of the app (`max-age`).
    pub control: u32,
    /// When an entry that nobody requested is removed.
    pub expiry: u32,
}

impl Cache {
    /// Makes a cache with the default times and size.
    pub fn new(path: FilePath, prefixes: Vec<UrlPath>) -> Self {
        Self { path, prefixes, size: 1, time: 3600, redirects: 3600, any: 3600, control: 3600, expiry: 86400 }
    }

    /// Parses prefixes separated by commas. The leading slash is optional; empty entries are skipped.
    pub fn parse_prefixes(text: &str) -> Result<Vec<UrlPath>, InvalidSite> {
        let mut prefixes = Vec::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let prefix: UrlPath = format!("/{}", item.strip_prefix('/').unwrap_or(item)).parse()?;
            if !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
        }
        Ok(prefixes)
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn prefixes_are_read_once_each_and_in_order() {
        let read: Vec<String> =
            Cache::parse_prefixes(" /b/, a ,,/b,/").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(read, ["/b", "/a", "/"]);
        assert!(Cache::parse_prefixes("a|b").is_err());
    }
}
