use crate::{FilePath, InvalidSite, UrlPath};

/// What nginx keeps of the answers of an app, and for how long. Times are seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cache {
    /// The folder of the cache. nginx creates it when the folder around it is there.
    pub path: FilePath,
    /// What is cached: these URLs and everything below them.
    pub prefixes: Vec<UrlPath>,
    /// The greatest size, in gigabytes.
    pub size: u32,
    /// How long content (200 and 304) is kept.
    pub time: u32,
    /// How long redirects (301, 302, 307, and 308) are kept.
    pub redirects: u32,
    /// How long every other answer is kept, but for server errors, which never are.
    pub any: u32,
    /// How long a browser may keep what the app says nothing about (`Cache-Control: max-age`).
    pub control: u32,
    /// When what nobody asked for is removed.
    pub expiry: u32,
}

impl Cache {
    /// Makes a cache with the times and the size that apply when nothing is set.
    pub fn new(path: FilePath, prefixes: Vec<UrlPath>) -> Self {
        Self { path, prefixes, size: 1, time: 3600, redirects: 3600, any: 3600, control: 3600, expiry: 86400 }
    }

    /// Reads prefixes with commas between them. A slash in front may be missing; what is empty is skipped.
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
