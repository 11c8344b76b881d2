//! Says which runtime was detected, and why.

use piku_runtime::{Detection, Evidence, RuntimeName};

use crate::event::{Report, stage, warn};

/// Reports the runtime, and what deserves a second look.
pub(super) fn tell(detection: &Detection, report: &mut Report<'_>) {
    stage(report, described(detection));
    for warning in &detection.warnings {
        warn(report, &warning.message, warning.help.as_deref());
    }
}

/// One line: `Python 3.12.4 (pyenv), from requirements.txt, because .python-version asks for Python 3.12`.
fn described(detection: &Detection) -> String {
    let which = match (&detection.runtime, &detection.python) {
        (RuntimeName::Python, Some(python)) => format!("Python {}", python.interpreter),
        (RuntimeName::Static, _) => return "Static site".to_owned(),
        (RuntimeName::Generic, _) if detection.evidence.iter().any(|one| one.file == "PIKU_RUNTIME") => {
            return "No runtime, from PIKU_RUNTIME: nothing to build".to_owned();
        }
        (RuntimeName::Generic, _) => return "No runtime detected: nothing to build".to_owned(),
        (runtime, _) => {
            let version = detection.version.map(|version| format!(" {version}")).unwrap_or_default();
            format!("{}{version}", runtime.title())
        }
    };
    // With several Pythons on a machine, the question is why it is this one.
    let of_version = |one: &&Evidence| {
        detection.runtime == RuntimeName::Python
            && ["asks for ", "requires "].iter().any(|verb| one.meaning.starts_with(verb))
    };
    let (reasons, others): (Vec<_>, Vec<_>) =
        detection.evidence.iter().partition(|one| one.file == "Procfile" || of_version(one));
    let mut files: Vec<&str> = Vec::new();
    for one in others {
        if !files.contains(&one.file.as_str()) {
            files.push(&one.file);
        }
    }
    let from = if files.is_empty() { String::new() } else { format!(", from {}", files.join(" and ")) };
    let reasons: Vec<String> = reasons
        .iter()
        .map(|one| if one.file == "Procfile" { format!("the {one}") } else { one.to_string() })
        .collect();
    let because =
        if reasons.is_empty() { String::new() } else { format!(", because {}", reasons.join(" and ")) };
    format!("{which}{from}{because}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_told_with_the_files_that_decided_it() {
        let of = |runtime, evidence: &[(&str, &str)]| {
            let mut found = Detection::of(runtime);
            found.version = "3.1.2".parse().ok();
            found.evidence = evidence.iter().map(|(file, meaning)| Evidence::new(*file, *meaning)).collect();
            described(&found)
        };
        let gems = ("Gemfile", "lists the packages");
        assert_eq!(of(RuntimeName::Ruby, &[gems]), "Ruby 3.1.2, from Gemfile");
        let version = (".ruby-version", "asks for Ruby 3.1");
        let all = [gems, version, ("Gemfile", "asks for Ruby 3")];
        assert_eq!(of(RuntimeName::Ruby, &all), "Ruby 3.1.2, from Gemfile and .ruby-version");
        assert_eq!(
            of(RuntimeName::Ruby, &[("Procfile", "has `rwsgi`"), version]),
            "Ruby 3.1.2, from .ruby-version, because the Procfile has `rwsgi`"
        );
        let python = [
            ("requirements.txt", "lists the packages"),
            ("Procfile", "has `wsgi`"),
            ("pyproject.toml", "requires Python >=3.10,<3.13"),
        ];
        assert_eq!(
            of(RuntimeName::Python, &python),
            "Python 3.1.2, from requirements.txt, because the Procfile has `wsgi` and pyproject.toml requires \
             Python >=3.10,<3.13"
        );
        assert_eq!(of(RuntimeName::Static, &[("Procfile", "has nothing but `static`")]), "Static site");
        assert_eq!(of(RuntimeName::Generic, &[]), "No runtime detected: nothing to build");
        assert_eq!(
            of(RuntimeName::Generic, &[("PIKU_RUNTIME", "asks for generic")]),
            "No runtime, from PIKU_RUNTIME: nothing to build"
        );
    }
}
