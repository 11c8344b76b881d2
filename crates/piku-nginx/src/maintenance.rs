//! A page that stands before a site while somebody works on it.

use crate::{Answer, FilePath, InvalidSite, Namespace, Network, SiteName, UrlPath};

/// Where a site finds out that it is under maintenance: two files that it includes if they exist.
///
/// So a site goes under maintenance, and comes back, without a change of its own text. The files are written from a
/// [`Maintenance`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaintenanceFiles {
    /// Included in `http`: [`Maintenance::operators`].
    pub operators: FilePath,
    /// Included in `server`: [`Maintenance::rules`].
    pub rules: FilePath,
}

impl MaintenanceFiles {
    /// Makes it from both files. Their names must end in a letter or a digit: it is written as a pattern, since nginx
    /// refuses a missing file that is named as it is.
    pub fn new(operators: FilePath, rules: FilePath) -> Self {
        Self { operators, rules }
    }

    /// Returns the word by which the text of a site names the file of rules, to tell whether a text includes it.
    pub fn rules_word(&self) -> String {
        self.rules.word_if_exists()
    }
}

/// A site that answers every request with 503 and a page.
///
/// Open to everyone as before: the probe of the site, which then answers with [`mark`](Self::mark) behind its own
/// text, and ACME challenges. The site itself is open to operators, and to whoever sends [`pass`](Self::pass).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintenance {
    /// The name of the site.
    pub name: SiteName,
    /// The namespace of the site.
    pub namespace: Namespace,
    /// The path of the probe of the site. Two URLs below it are used for the page.
    pub probe: UrlPath,
    /// What the probe adds to its answer, so that a change of this maintenance can be seen.
    pub mark: Answer,
    /// The page, an HTML file that nginx can read.
    pub page: FilePath,
    /// When to come again, in seconds.
    pub retry_after: u32,
    /// The addresses that still reach the site.
    pub operators: Vec<Network>,
    /// A header with a secret; a request that has it reaches the site.
    pub pass: Option<Pass>,
}

impl Maintenance {
    /// Makes a maintenance without operators.
    pub fn new(name: SiteName, namespace: Namespace, probe: UrlPath, mark: Answer, page: FilePath) -> Self {
        Self { name, namespace, probe, mark, page, retry_after: 600, operators: Vec::new(), pass: None }
    }
}

/// A header with a secret, each of ASCII letters, digits, and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    header: String,
    pub(crate) secret: String,
}

impl Pass {
    /// Checks both.
    ///
    /// # Errors
    /// [`InvalidSite::Header`] when one of them has another character.
    pub fn new(header: &str, secret: &str) -> Result<Self, InvalidSite> {
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 100
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if plain(header) && plain(secret) {
            return Ok(Self { header: header.to_owned(), secret: secret.to_owned() });
        }
        Err(InvalidSite::Header { name: header.to_owned(), value: secret.to_owned() })
    }

    /// The variable of the header in a request.
    pub(crate) fn variable(&self) -> String {
        format!("$http_{}", self.header.to_ascii_lowercase().replace('-', "_"))
    }
}
