//! Pages for nginx's own errors.

use std::{fmt, str::FromStr};

use crate::{FilePath, InvalidSite};

/// The folder of a site's own pages for errors, and which pages it has.
///
/// nginx shows them where it answers itself: for a missing file, or when no server of the app answers. An answer of
/// the app stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorPages {
    /// The top folder of the app, which may be a link. No link below it is followed.
    pub top: FilePath,
    /// The folder.
    pub folder: FilePath,
    /// The pages in it.
    pub pages: Vec<ErrorPage>,
}

impl ErrorPages {
    /// Makes it from all of these.
    pub fn new(top: FilePath, folder: FilePath, pages: Vec<ErrorPage>) -> Self {
        Self { top, folder, pages }
    }
}

/// A page for errors, named for their status: `404.html`, or `50x.html` for all that have none of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorPage {
    /// The page of one status: 404, 500, 502, 503, or 504.
    Of(u16),
    /// The page of 500, 502, 503, and 504.
    Of50x,
}

/// The statuses of [`ErrorPage::Of50x`].
const SERVER_ERRORS: [u16; 4] = [500, 502, 503, 504];

impl ErrorPage {
    /// Returns every page that there can be, those of one status first.
    pub fn all() -> impl Iterator<Item = Self> {
        [404].into_iter().chain(SERVER_ERRORS).map(Self::Of).chain([Self::Of50x])
    }

    /// Returns the name of its file.
    pub fn file_name(self) -> String {
        match self {
            Self::Of(status) => format!("{status}.html"),
            Self::Of50x => "50x.html".to_owned(),
        }
    }

    /// The statuses that it is shown for, if the site has these pages.
    pub(crate) fn statuses(self, pages: &[Self]) -> Vec<u16> {
        match self {
            Self::Of(status) => vec![status],
            Self::Of50x => {
                SERVER_ERRORS.into_iter().filter(|status| !pages.contains(&Self::Of(*status))).collect()
            }
        }
    }
}

impl FromStr for ErrorPage {
    type Err = InvalidSite;

    fn from_str(name: &str) -> Result<Self, InvalidSite> {
        let found = Self::all().find(|page| page.file_name() == name);
        found.ok_or_else(|| InvalidSite::FileName(name.to_owned()))
    }
}

impl fmt::Display for ErrorPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file_name())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorPage;

    #[test]
    fn a_page_of_its_own_comes_before_that_of_all() {
        let pages = ["404.html", "503.html", "50x.html"].map(|name| name.parse::<ErrorPage>().unwrap());
        let shown = pages.map(|page| page.statuses(&pages));
        assert_eq!(shown, [vec![404], vec![503], vec![500, 502, 504]]);
        assert!("403.html".parse::<ErrorPage>().is_err() && "index.html".parse::<ErrorPage>().is_err());
    }
}
