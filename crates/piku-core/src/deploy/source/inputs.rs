//! What the user wrote for a release: Procfile and settings, read together to report all mistakes at once.
//!
//! Pure, and before anything slow, so that a bad Procfile is refused within milliseconds. The texts are parsed once,
//! into [`Written`]. ENV refers to variables, some of which are known only after the build, so it is expanded twice:
//! before the build ([`EarlyInputs`]), and for running the release ([`Inputs`]).

mod early;
mod lfs;
mod missing;
mod ported;
mod procfile;
mod scripts;
mod seen;
mod settings_files;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use piku_procfile::{Procfile, Source};

pub(crate) use self::early::{EarlyInputs, EarlyOptions};
pub(crate) use self::lfs::pointers;
pub(crate) use self::missing::Instead;
pub(crate) use self::ported::hints;
pub(crate) use self::procfile::answers;
pub(crate) use self::seen::{Seen, may_be_seen};
use self::settings_files::{WrittenSettings, source};
pub(crate) use self::texts::{LARGEST, Texts};
use crate::app::AppName;
use crate::diagnostic::{self, FileDiagnostic, shorten};
use crate::script::ScriptFile;
use crate::settings::{Layers, Options};

/// The parsed texts, with ENV not expanded yet.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    procfile: Option<Procfile>,
    settings: Option<WrittenSettings>,
    /// Diagnostics of the Procfile, and of the size of either file.
    diagnostics: Vec<FileDiagnostic>,
    /// Whether they are those of a release: a setting that would be refused today is ignored, with a warning.
    pub(crate) accepted: bool,
}

/// The contents once every variable is known. Options and environment come from the same expansion.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub(crate) procfile: Procfile,
    pub(crate) layers: Layers,
    pub(crate) options: Options,
}

/// The contents with some variables known, and all diagnostics.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) procfile: Option<Procfile>,
    pub(crate) layers: Option<Layers>,
    /// `Some` if there are no errors.
    pub(crate) inputs: Option<Inputs>,
    pub(crate) diagnostics: Vec<FileDiagnostic>,
}

impl Inputs {
    /// Keeps only what may be used early.
    pub(crate) fn early(self) -> EarlyInputs {
        let options = EarlyOptions::of(&self.options);
        EarlyInputs { procfile: self.procfile, layers: self.layers, options }
    }

    /// Whether the app has a site.
    pub(crate) fn has_site(&self) -> bool {
        procfile::has_site(&self.procfile, &self.options.nginx.server_names)
    }
}

impl Written {
    /// Parses the texts. [`Written::expand`] returns the mistakes.
    pub(crate) fn parse(app: Option<&AppName>, texts: &Texts) -> Self {
        let unread = texts.unread.iter().filter_map(|(file, why)| diagnostic::of_unread(file, why));
        let mut diagnostics: Vec<FileDiagnostic> = unread.collect();
        let procfile = parse_procfile(texts, &mut diagnostics);
        let settings = WrittenSettings::parse(app, texts, &mut diagnostics);
        Self { procfile, settings, diagnostics, accepted: false }
    }

    /// The paths of files in the tree that commands may start.
    pub(crate) fn scripts(&self) -> BTreeSet<String> {
        self.procfile.iter().flat_map(scripts::named).collect()
    }

    /// Adds what keeps those of the files that exist from starting.
    pub(crate) fn check_scripts(&mut self, texts: &Texts, files: &BTreeMap<String, ScriptFile>) {
        let Some((procfile, text)) = self.procfile.as_ref().zip(texts.procfile.as_ref()) else { return };
        let mistakes = scripts::mistakes(text, procfile, files);
        let text = Arc::new(Source::new(text.as_slice()));
        self.diagnostics.extend(FileDiagnostic::of("Procfile", &text, mistakes));
    }

    /// Expands the texts with these variables, which ENV may refer to.
    pub(crate) fn expand(&self, known: &BTreeMap<String, String>) -> Reading {
        let mut diagnostics = self.diagnostics.clone();
        let (layers, options) =
            self.settings.as_ref().and_then(|all| all.expand(known, self.accepted, &mut diagnostics)).unzip();
        let failed = diagnostics.iter().any(FileDiagnostic::is_error);
        let inputs = match (&self.procfile, &layers, options) {
            (Some(procfile), Some(layers), Some(options)) if !failed => {
                Some(Inputs { procfile: procfile.clone(), layers: layers.clone(), options })
            }
            _ => None,
        };
        Reading { procfile: self.procfile.clone(), layers, inputs, diagnostics: shorten(diagnostics) }
    }

    /// Expands the texts again, now that every variable is `known`. Earlier stages have used `early`; a release that was
    /// `kept` goes on with what it was built with, even if that differs.
    ///
    /// # Errors
    /// The mistakes that appear only now.
    pub(crate) fn settle(
        &self,
        early: &EarlyInputs,
        known: &BTreeMap<String, String>,
        kept: bool,
    ) -> Result<Inputs, Vec<FileDiagnostic>> {
        let reading = self.expand(known);
        let Some(inputs) = reading.inputs else {
            return Err(reading.diagnostics.into_iter().filter(FileDiagnostic::is_error).collect());
        };
        let options = EarlyOptions::of(&inputs.options);
        match early.options.first_that_differs(&options) {
            None => Ok(inputs),
            Some(_) if kept => Ok(inputs),
            Some(key) => Err(self.settings.iter().flat_map(|all| all.late(key, &inputs.layers)).collect()),
        }
    }
}

fn parse_procfile(texts: &Texts, diagnostics: &mut Vec<FileDiagnostic>) -> Option<Procfile> {
    let Some(text) = &texts.procfile else {
        // Unless it is there and can't be read, which is told already.
        if !diagnostics.iter().any(|found| found.file == "Procfile" && found.is_error()) {
            diagnostics.push(FileDiagnostic::of_whole("Procfile", texts.instead.diagnostic()));
        }
        return None;
    };
    let text = source("Procfile", Some(text), diagnostics)?;
    let parsed = piku_procfile::parse(text.bytes());
    diagnostics.extend(FileDiagnostic::of("Procfile", &text, parsed.diagnostics));
    if let Some(procfile) = &parsed.procfile {
        let mistakes = procfile::mistakes(text.bytes(), procfile);
        diagnostics.extend(FileDiagnostic::of("Procfile", &text, mistakes));
    }
    parsed.procfile
}

#[cfg(test)]
mod tests {
    use piku_runtime::Unread;

    use super::*;

    fn found(procfile: &str, env: &str) -> Vec<FileDiagnostic> {
        let texts = Texts { procfile: Some(procfile.into()), env: Some(env.into()), ..Texts::default() };
        Written::parse(None, &texts).expand(&BTreeMap::new()).diagnostics
    }

    #[test]
    fn a_file_that_nobody_wrote_is_told_in_a_moment() {
        // Files of the maximum size: anything quadratic in the number of lines would take minutes.
        let lines = |line: &str| line.repeat(LARGEST / line.len());
        let cron: String = (0..20_000).map(|at| format!("cron-{at}: @dayly true\n")).collect();
        let keys: String = (0..40_000).map(|at| format!("PIKU_HEALTHCHEK{at}=1\n")).collect();
        for (procfile, env) in [
            (lines("x\n"), String::new()),
            (lines("web: x\n"), String::new()),
            (cron, String::new()),
            ("web: x\n".to_owned(), lines("x\n")),
            ("web: x\n".to_owned(), keys),
            ("web: x\n".to_owned(), format!("PIKU_{}=1\n", "X".repeat(LARGEST / 2))),
        ] {
            let found = found(&procfile, &env);
            assert!((1..=51).contains(&found.len()), "{}", found.len());
            found.iter().for_each(|one| assert!(one.place().line >= 1));
        }
    }

    #[test]
    fn an_authority_that_nobody_knows_is_a_mistake() {
        let found = |value| found("web: x\n", &format!("NODE_VERSION=20\nACME_ROOT_CA={value}\n"));
        let wrong = found("letsencrpyt");
        assert_eq!(wrong.iter().map(|one| one.diagnostic.code).collect::<Vec<_>>(), ["env::bad-authority"]);
        for known in ["letsencrypt.org", "zerossl", "off", "https://ca.lan/acme/directory", ""] {
            assert!(found(known).is_empty(), "{known}");
        }
    }

    #[test]
    fn a_file_that_was_not_read_is_told() {
        let told = |file: &str, why: Unread, procfile: Option<&str>| {
            let unread = [(file.to_owned(), why)].into();
            let texts = Texts { procfile: procfile.map(Into::into), unread, ..Texts::default() };
            let found = Written::parse(None, &texts).expand(&BTreeMap::new()).diagnostics;
            let shown = |one: &FileDiagnostic| format!("{} {}", one.is_error(), one.diagnostic.message);
            found.iter().map(shown).collect::<Vec<_>>()
        };
        let web = Some("web: x\n");
        assert_eq!(
            told("ENV", Unread::Outside, web),
            [
                "true `ENV` is not a regular file, but a link that leads out of the app's folder or nowhere: it is not read"
            ]
        );
        assert_eq!(
            told("ENV", Unread::Folder, web),
            ["false `ENV` is not a regular file, but a folder: it is not read"]
        );
        assert_eq!(told("ENV", Unread::Special, web), ["true `ENV` is not a regular file: it is not read"]);
        assert_eq!(
            told("Procfile", Unread::Outside, None),
            [
                "false `Procfile` is not a regular file, but a link that leads out of the app's folder or nowhere: it is not read",
                "true there is no Procfile"
            ]
        );
        assert_eq!(
            told("ENV", Unread::TooLarge { limit: LARGEST as u64 }, web),
            ["true `ENV` is larger than the limit of 1 MiB (1048576 bytes)"]
        );
        let reason = "Permission denied".to_owned();
        assert_eq!(
            told("ENV", Unread::Failed { reason }, web),
            ["true could not read `ENV`: Permission denied"]
        );
        assert!(told("package.json", Unread::Folder, web).is_empty(), "a folder of that name is no manifest");
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_unread() {
        let large = "x".repeat(LARGEST + 1);
        for (procfile, env) in [(large.as_str(), ""), ("web: x\n", &large)] {
            let found = found(procfile, env);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].diagnostic.code, "file::too-large");
            assert!(found[0].text.bytes().is_empty());
        }
    }

    /// An app with this ENV, read before the build without variables, and after it.
    fn settled(env: &str, kept: bool) -> Result<(Inputs, BTreeMap<String, String>), Vec<FileDiagnostic>> {
        let texts = Texts { procfile: Some(b"web: x\n".into()), env: Some(env.into()), ..Texts::default() };
        let written = Written::parse(None, &texts);
        let early = written.expand(&BTreeMap::new()).inputs.unwrap().early();
        let known = [("VIRTUAL_ENV", "/envs/blog"), ("PIKU_RELEASE", "7")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let inputs = written.settle(&early, &known, kept)?;
        let environment = inputs.layers.process_environment(&known);
        Ok((inputs, environment))
    }

    #[test]
    fn options_and_environment_are_of_one_expansion() {
        let env = "PIKU_HEALTHCHECK=/of$VIRTUAL_ENV\nPIKU_DEPLOY_BRANCH=v$PIKU_RELEASE\n";
        let (inputs, environment) = settled(env, false).unwrap();
        let options = [inputs.options.healthcheck, inputs.options.deploy_branch];
        assert_eq!(options.clone().map(Option::unwrap), ["/of/envs/blog", "v7"]);
        let keys = ["PIKU_HEALTHCHECK", "PIKU_DEPLOY_BRANCH"];
        assert_eq!(options, keys.map(|key| environment.get(key).cloned()));
    }

    #[test]
    fn what_is_needed_before_the_build_can_not_refer_to_what_is_known_after_it() {
        let env = "A=1\nPIKU_PERSIST=data-$PIKU_RELEASE\n";
        assert!(settled(env, true).is_ok(), "what was accepted once can still be restarted");
        let refused = settled(env, false).unwrap_err();
        let shown = |found: &FileDiagnostic| {
            format!("{}:{}: {}", found.file, found.place().line, found.diagnostic.message)
        };
        assert_eq!(
            refused.iter().map(shown).collect::<Vec<_>>(),
            ["ENV:2: `PIKU_PERSIST` refers to a variable that is not known before the build"]
        );
    }

    #[test]
    fn settings_that_no_process_could_be_given_are_refused_together() {
        let value = "x".repeat(100_000);
        let env: String =
            ["A=", &value, "\n"].concat() + &(0..11).map(|at| format!("B{at}=$A\n")).collect::<String>();
        let found = found("web: x\n", &env);
        assert_eq!(found.iter().map(|one| one.diagnostic.code).collect::<Vec<_>>(), ["env::too-much"]);
    }
}
