//! The file name of a vassal, which identifies its app and run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::app::AppName;

/// The file name of a vassal: `<app>_<kind>.<index>@<app>.<run>.<start>.ini`.
///
/// The part before `@` is for people. It is ambiguous, since names may contain `_` and `.`: `foo_web` + `web` looks
/// like `foo` + `web_web`. The part after `@` is exact, since no name contains `@`. Names are never matched by prefix.
/// Each start gets a new name, because uWSGI's emperor throttles crashing vassals by file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct VassalName {
    /// The app.
    pub app: AppName,
    /// The kind of process, as in the Procfile, [`FRONT`], or `-cron` for the scheduler of all jobs.
    pub kind: String,
    /// The index of the process within its kind, from 1; for [`FRONT`] the port.
    pub index: u32,
    /// The run that it belongs to ([`Release::run_number`](crate::Release::run_number)).
    pub run: u32,
    /// The number of the start within the run, normally 1; 0 is a rehearsal. It is higher if the process was restored
    /// after a failed deploy, when the emperor may still be busy stopping the previous start.
    pub start: u32,
}

/// The kind of the router vassal, which holds the TCP port of an app that uWSGI runs, across releases.
///
/// It can't collide with a process in a Procfile, whose name can't begin with `-`.
pub(crate) const FRONT: &str = "-port";

/// The kind of the vassal that runs all cron jobs of an app.
pub(crate) const CRON: &str = "-cron";

/// How the names of the vassal for piku's own jobs begin. No name of an app begins with `_`.
pub(crate) const OWN_JOBS: &str = "_piku_-jobs.1@_piku.1.";

/// The name of the vassal for piku's own jobs, for one of its starts.
pub(crate) fn own_jobs(start: u32) -> String {
    format!("{OWN_JOBS}{start}.ini")
}

/// The start number of a rehearsal: a process that is tried on a temporary port before it gets the real one.
pub(crate) const REHEARSAL: u32 = 0;

impl VassalName {
    /// The name of the first start of the same process. Its files in `uwsgi-available` and the record of the release
    /// use this name.
    #[must_use]
    pub(crate) fn first_start(&self) -> Self {
        Self { start: self.start.min(1), ..self.clone() }
    }
}

impl fmt::Display for VassalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, kind, index, run, start } = self;
        write!(f, "{app}_{kind}.{index}@{app}.{run}.{start}.ini")
    }
}

/// The file name is not that of a piku vassal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a vassal")]
pub(crate) struct NotAVassal;

impl FromStr for VassalName {
    type Err = NotAVassal;

    fn from_str(text: &str) -> Result<Self, NotAVassal> {
        let parse = || {
            let (shown, exact) = text.strip_suffix(".ini")?.split_once('@')?;
            let (exact, start) = exact.rsplit_once('.')?;
            let (app, run) = exact.rsplit_once('.')?;
            let (kind, index) = shown.strip_prefix(app)?.strip_prefix('_')?.rsplit_once('.')?;
            let name = Self {
                app: app.parse().ok()?,
                kind: kind.to_owned(),
                index: index.parse().ok()?,
                run: run.parse().ok()?,
                start: start.parse().ok()?,
            };
            // `+7` and `07` parse as 7, but piku writes only one form.
            (name.to_string() == text).then_some(name)
        };
        parse().ok_or(NotAVassal)
    }
}

impl TryFrom<String> for VassalName {
    type Error = NotAVassal;

    fn try_from(text: String) -> Result<Self, NotAVassal> {
        text.parse()
    }
}

impl From<VassalName> for String {
    fn from(name: VassalName) -> Self {
        name.to_string()
    }
}

/// Reads a list of names, and skips invalid ones, which match no vassal.
pub(crate) fn known<'de, D: Deserializer<'de>>(names: D) -> Result<Vec<VassalName>, D::Error> {
    let names = Vec::<String>::deserialize(names)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_what_it_was() {
        for (app, kind) in
            [("blog", "web"), ("foo_web", "web"), ("foo", "web_web"), ("a.1.2", "my-worker"), ("x", FRONT)]
        {
            let name =
                VassalName { app: app.parse().unwrap(), kind: kind.to_owned(), index: 2, run: 7, start: 1 };
            assert_eq!(name.to_string().parse(), Ok(name.clone()));
            let again = VassalName { start: 3, ..name.clone() };
            let launched = piku_launch::first_start(&again.to_string());
            assert_eq!(launched, Some(name.to_string()), "the launcher finds the record");
            assert_eq!((again.first_start(), name.first_start()), (name.clone(), name));
        }
    }

    #[test]
    fn pikus_own_jobs_have_a_record_and_belong_to_no_app() {
        let name = own_jobs(1_800_000_000);
        assert_eq!(piku_launch::first_start(&name), Some(own_jobs(1)));
        assert_eq!(name.parse::<VassalName>(), Err(NotAVassal));
        assert!("_piku".parse::<AppName>().is_err());
    }

    #[test]
    fn a_list_of_names_is_written_as_text_and_odd_ones_are_left_out() {
        let text = r#"["blog_web.1@blog.3.1.ini","blog_web.1.ini"]"#;
        let names = known(&mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!(serde_json::to_string(&names).unwrap(), r#"["blog_web.1@blog.3.1.ini"]"#);
    }

    #[test]
    fn files_of_others_are_not_ours() {
        for text in [
            "blog_web.1.ini",
            "blog___web.7.ini",
            "foo_web.1@bar.7.1.ini",
            "blog_web.1@blog.07.1.ini",
            "@.ini",
            "",
        ] {
            assert_eq!(text.parse::<VassalName>(), Err(NotAVassal), "{text}");
            assert_eq!(piku_launch::first_start(text), None, "{text}");
        }
    }
}
