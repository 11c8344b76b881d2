//! PHP apps.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// A folder of PHP and static files. Needs uWSGI's `php` plugin, which no wheel has.
///
/// A folder is answered by its `index.html`, or else its `index.php`. Files and folders whose names begin with a dot
/// are not served, except `.well-known` at the top. Each process serves one request at a time.
/// See <https://uwsgi-docs.readthedocs.io/en/latest/PHP.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PhpApp {
    /// Nothing outside this folder is served or run.
    pub document_root: Utf8PathBuf,
    /// Names of other files at the top of the document root that are not served, in letters and digits.
    pub hidden: Vec<String>,
}

impl PhpApp {
    /// Describes a folder.
    pub fn new(document_root: impl Into<Utf8PathBuf>) -> Self {
        Self { document_root: document_root.into(), hidden: Vec::new() }
    }

    pub(super) fn write(&self, ini: &mut Ini) -> Result<(), InvalidValue> {
        ini.plugin_for_all("php")?;
        ini.path("php-docroot", &self.document_root, &[])?;
        ini.text("php-allowed-ext", ".php")?;
        ini.text("php-index", "index.php")?;
        ini.path("check-static", &self.document_root, &[])?;
        ini.text("static-index", "index.html")?;
        // The static files skip these endings, and PHP refuses them.
        for ending in [".php", ".inc"] {
            ini.text("static-skip-ext", ending)?;
        }
        // Routes run before files are looked up. The http router passes on what the client sent: a path without a
        // slash, or one with a NUL, which hides the rest of the path from the rules below but not from the file
        // system.
        ini.text("route", r"^[^/] break:400 Bad Request")?;
        ini.text("route", r"[\x00-\x1f\x7f] break:400 Bad Request")?;
        // This also refuses paths that climb: they have a dot after a slash.
        ini.text("route", r"^/+\.well-known/+[^./][^/]*(/+[^./][^/]*)*$ last:")?;
        ini.text("route", r"/\. break:404 Not Found")?;
        for name in &self.hidden {
            let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
            ini.checked("route", &format!("^/+{name}$ break:404 Not Found"), "the name of a file", fits)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_served_and_what_is_hidden_is_not() {
        let mut ini = Ini::new();
        let app = PhpApp { hidden: vec!["ENV".to_owned()], ..PhpApp::new("/srv/blog/public") };
        app.write(&mut ini).unwrap();
        insta::assert_snapshot!(ini.finish(), @r"
        [uwsgi]
        plugin = 0:php
        php-docroot = /srv/blog/public
        php-allowed-ext = .php
        php-index = index.php
        check-static = /srv/blog/public
        static-index = index.html
        static-skip-ext = .php
        static-skip-ext = .inc
        route = ^[^/] break:400 Bad Request
        route = [\x00-\x1f\x7f] break:400 Bad Request
        route = ^/+\.well-known/+[^./][^/]*(/+[^./][^/]*)*$ last:
        route = /\. break:404 Not Found
        route = ^/+ENV$ break:404 Not Found
        ");
    }

    #[test]
    fn a_hidden_name_that_reads_as_a_pattern_is_refused() {
        let app = PhpApp { hidden: vec!["E.V".to_owned()], ..PhpApp::new("/srv") };
        assert_eq!(app.write(&mut Ini::new()).unwrap_err().key, Some("route"));
    }
}
