//! Files with directives for nginx, which become part of a release. Pure.

use std::sync::Arc;

use camino::Utf8PathBuf;
use piku_nginx::{IncludedFile, Includes, Place};
use piku_procfile::{Diagnostic, Source};
use serde::{Deserialize, Serialize};

use crate::diagnostic::FileDiagnostic;
use crate::settings::NginxOptions;

/// The prefix of everything that sites define in nginx.
pub(crate) const NAMESPACE: &str = "piku";

/// The files of a release, as its record keeps them: what the app changes in its folder later changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Included(pub(crate) Vec<IncludedText>);

/// A file with directives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IncludedText {
    /// Its path in the app's folder.
    pub(crate) file: String,
    /// Whether its directives are about what is passed to the app (`NGINX_LOCATION_INCLUDE_FILE`).
    pub(crate) in_location: bool,
    pub(crate) text: String,
}

/// The directives of a release for its site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directives {
    /// The files they were read from.
    pub(crate) files: Included,
    pub(crate) parsed: Includes,
    /// A file that nginx reads itself, for a release of an older version of piku. Its next release is refused.
    pub(crate) unread: Option<(Utf8PathBuf, String)>,
}

/// The files that settings name, and whether they are for `location /`.
pub(crate) fn named(options: &NginxOptions) -> impl Iterator<Item = (&str, bool)> {
    let files = [(&options.include_file, false), (&options.location_include_file, true)];
    files.into_iter().filter_map(|(file, in_location)| Some((file.as_deref()?, in_location)))
}

impl Included {
    /// Reads the directives.
    ///
    /// # Errors
    /// Every mistake, with its place.
    pub(crate) fn parse(&self) -> Result<Includes, Vec<FileDiagnostic>> {
        let files: Vec<IncludedFile<'_>> = self.0.iter().map(IncludedText::file).collect();
        let namespace = NAMESPACE.parse().unwrap_or_default();
        Includes::parse(&files, &namespace).map_err(|mistakes| {
            let sources: Vec<Arc<Source>> =
                self.0.iter().map(|file| Arc::new(Source::new(file.text.as_bytes()))).collect();
            let diagnostic = |mistake: piku_nginx::IncludeMistake| {
                let found = Diagnostic::error(mistake.code, mistake.span, mistake.message);
                let file = self.0.get(mistake.file)?;
                let source = sources.get(mistake.file)?;
                FileDiagnostic::of(&file.file, source, vec![found.with_help(mistake.help)]).next()
            };
            mistakes.into_iter().filter_map(diagnostic).collect()
        })
    }
}

impl IncludedText {
    fn file(&self) -> IncludedFile<'_> {
        let place = if self.in_location { Place::Location } else { Place::Server };
        IncludedFile { name: &self.file, text: &self.text, place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_in_its_file_at_its_line() {
        let text = |file: &str, in_location, text: &str| {
            let (file, text) = (file.to_owned(), text.to_owned());
            IncludedText { file, in_location, text }
        };
        let files = vec![
            text("a.conf", false, "gzip on;\naccess_log /x;\n"),
            text("b.conf", true, "# here\n  root /;\n"),
        ];
        let found = Included(files).parse().unwrap_err();
        let shown: Vec<String> = found
            .iter()
            .map(|one| format!("{}:{}: {}", one.file, one.place(), one.diagnostic.code))
            .collect();
        assert_eq!(shown, ["a.conf:2:1: nginx::bad-value", "b.conf:2:3: nginx::refused-directive"]);
    }
}
