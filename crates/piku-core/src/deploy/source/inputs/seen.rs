//! Warnings about settings that a person has seen already, when what they are about went live.

use std::collections::BTreeSet;

use super::Reading;
use crate::diagnostic::FileDiagnostic;

/// What was said of the settings of the live release.
#[derive(Debug, Default)]
pub(crate) struct Seen(BTreeSet<(String, &'static str, String)>);

impl Seen {
    /// The warnings of the live release.
    pub(crate) fn of(live: &Reading) -> Self {
        Self(live.diagnostics.iter().filter(|found| is_about_settings(found)).map(key).collect())
    }

    /// Whether it need not be said again.
    pub(crate) fn has(&self, found: &FileDiagnostic) -> bool {
        is_about_settings(found) && self.0.contains(&key(found))
    }
}

/// Whether any of these may have been seen.
pub(crate) fn may_be_seen(reading: &Reading) -> bool {
    reading.diagnostics.iter().any(is_about_settings)
}

fn is_about_settings(found: &FileDiagnostic) -> bool {
    !found.is_error() && found.diagnostic.code.starts_with("env::")
}

fn key(found: &FileDiagnostic) -> (String, &'static str, String) {
    (found.file.clone(), found.diagnostic.code, found.diagnostic.message.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Texts, Written};
    use super::*;

    fn reading(env: &str) -> Reading {
        let texts = Texts { procfile: Some(b"web: x\n".into()), env: Some(env.into()), ..Texts::default() };
        Written::parse(None, &texts).expand(&BTreeMap::new())
    }

    #[test]
    fn a_warning_is_news_once() {
        let seen = Seen::of(&reading("NGINX_SERVERNAME=x\nA=\"1\"\n"));
        let now = reading("# moved\nNGINX_SERVERNAME=y\nA=\"2\"\nB='x'\nUWSGI_PROCESES=3\nUWSGI_LISTEN=no\n");
        let news: Vec<_> = now.diagnostics.iter().filter(|found| !seen.has(found)).collect();
        let said: Vec<_> = news.iter().map(|found| found.diagnostic.message.as_str()).collect();
        assert_eq!(
            said,
            [
                "the quotes are part of the value of `B`",
                "`UWSGI_PROCESES` is not a setting of piku, and not handed on to the processes",
                "`no` is not a whole number",
            ]
        );
        assert!(may_be_seen(&now) && !may_be_seen(&reading("A=1\n")));
    }
}
