//! Reads why an installer of Python packages failed.

use std::borrow::Cow;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

/// A package that does not run on the Python of the environment, as pip's or uv's output has it.
///
/// ```
/// use piku_runtime::InstallFailure;
///
/// let said = ["ERROR: Package 'blog' requires a different Python: 3.11.2 not in '>=3.12'"];
/// let failure = InstallFailure::of(said).expect("that is known");
/// assert_eq!(failure.to_string(), "`blog` needs Python >=3.12");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallFailure {
    /// The package, as it was required.
    pub package: String,
    /// The versions of Python that it runs on.
    pub python: String,
}

const IGNORED: &str = "ERROR: Ignored the following versions that require a different python version: ";
const UNSATISFIED: &str = "ERROR: Could not find a version that satisfies the requirement ";

impl InstallFailure {
    /// Finds it in the lines of the output; `None` if something else went wrong.
    pub fn of<L: AsRef<str>>(output: impl IntoIterator<Item = L>) -> Option<Self> {
        let lines: Vec<L> = output.into_iter().collect();
        let lines = || lines.iter().map(|line| line.as_ref().trim());
        let ignored = lines().find_map(|line| line.strip_prefix(IGNORED));
        let of_pip = || {
            let wanted = lines().find_map(|line| line.strip_prefix(UNSATISFIED))?;
            let package = wanted.split(" (from").next().unwrap_or(wanted).trim();
            Some(Self { package: package.to_owned(), python: python_for(package, ignored?)? })
        };
        of_pip().or_else(|| lines().find_map(of_project)).or_else(|| lines().find_map(of_uv))
    }

    /// Returns what to do now.
    pub fn help(&self) -> String {
        format!(
            "ask for a Python {} in `.python-version` or PYTHON_VERSION, or for a version of the package that runs \
             on this one",
            self.python
        )
    }
}

impl std::fmt::Display for InstallFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` needs Python {}", self.package, self.python)
    }
}

/// Shortens a line in which pip lists every version of a package.
pub fn folded(line: &str) -> Cow<'_, str> {
    if let Some(versions) = line.strip_prefix(IGNORED) {
        let count = versions.split("; ").count();
        return format!("ERROR: Ignored {count} versions that require a different python version").into();
    }
    if let Some((before, versions)) = line.split_once("(from versions: ")
        && line.starts_with(UNSATISFIED)
        && let [first, _, .., last] =
            versions.trim_end_matches(')').split(", ").collect::<Vec<_>>().as_slice()
    {
        return format!("{before}(from versions: {first}, …, {last})").into();
    }
    line.into()
}

/// Finds the Python that the newest version needs which the requirement allows; `None` if it allows none of them.
fn python_for(package: &str, ignored: &str) -> Option<String> {
    let name = package.find(['<', '>', '=', '!', '~', ';', ' ']).unwrap_or(package.len());
    let allowed = package[name..].split(';').next().unwrap_or_default().trim();
    let allowed = VersionSpecifiers::from_str(allowed).ok()?;
    let one = |text: &str| {
        let (version, python) = text.split_once(" Requires-Python ")?;
        Some((Version::from_str(version.trim()).ok()?, python.trim().to_owned()))
    };
    let all = ignored.split("; ").filter_map(one);
    all.filter(|(version, _)| allowed.contains(version)).max().map(|(_, python)| python)
}

/// Reads pip's word about a project in a folder.
fn of_project(line: &str) -> Option<InstallFailure> {
    let rest = line.strip_prefix("ERROR: Package '")?;
    let (package, rest) = rest.split_once("' requires a different Python: ")?;
    let (_, python) = rest.split_once(" not in ")?;
    Some(InstallFailure { package: package.to_owned(), python: python.trim_matches('\'').to_owned() })
}

/// Reads uv's word about any package.
fn of_uv(line: &str) -> Option<InstallFailure> {
    let (_, rest) = line.split_once("the current Python version (")?;
    let (_, rest) = rest.split_once(" and ")?;
    let (package, rest) = rest.split_once(" depends on Python")?;
    let python = rest.split(", we").next()?.trim_end_matches(',');
    Some(InstallFailure { package: package.to_owned(), python: python.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIP: &str = "ERROR: Ignored the following versions that require a different python version: 1.21.2 Requires-Python >=3.7,<3.11; 1.21.6 Requires-Python >=3.7,<3.11; 2.5.2 Requires-Python >=3.12
ERROR: Could not find a version that satisfies the requirement numpy==1.21.2 (from versions: 1.3.0, 1.4.1, 1.5.0, 2.1.2)
ERROR: No matching distribution found for numpy==1.21.2";

    fn told(output: &str) -> Option<String> {
        InstallFailure::of(output.lines()).map(|it| it.to_string())
    }

    #[test]
    fn a_python_that_does_not_fit_is_found_in_what_pip_and_uv_say() {
        let uv = "error: No solution found when resolving dependencies
  cause: Because the current Python version (3.11.2) does not satisfy Python>=3.12 and django==6.0 depends on Python>=3.12, we can conclude that django==6.0 cannot be used.";
        let cases = [
            (PIP.to_owned(), Some("`numpy==1.21.2` needs Python >=3.7,<3.11")),
            (PIP.replace("==1.21.2", ">=2.5"), Some("`numpy>=2.5` needs Python >=3.12")),
            // Another version is missing, for whatever reason.
            (PIP.replace("==1.21.2", "==9.9"), None),
            (PIP.lines().skip(1).collect(), None),
            (uv.to_owned(), Some("`django==6.0` needs Python >=3.12")),
            (
                "ERROR: Package 'blog' requires a different Python: 3.11.2 not in '>=3.12,<4'".to_owned(),
                Some("`blog` needs Python >=3.12,<4"),
            ),
            ("ERROR: something else".to_owned(), None),
        ];
        for (output, expected) in cases {
            assert_eq!(told(&output).as_deref(), expected, "{output}");
        }
    }

    #[test]
    fn lists_of_versions_are_folded() {
        let shown: Vec<_> = PIP.lines().map(folded).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        ERROR: Ignored 3 versions that require a different python version
        ERROR: Could not find a version that satisfies the requirement numpy==1.21.2 (from versions: 1.3.0, …, 2.1.2)
        ERROR: No matching distribution found for numpy==1.21.2
        ");
        for line in [
            "Collecting flask",
            "ERROR: Could not find a version that satisfies the requirement x (from versions: none)",
        ] {
            assert_eq!(folded(line), line);
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(ERROR: |Ignored the following versions that require a different python version: |Could not find a version that satisfies the requirement |[a-z0-9.=<>;' ()]|\n){0,30}|\\PC*") {
            let _ = InstallFailure::of(text.lines());
            let _: Vec<_> = text.lines().map(folded).collect();
        }
    }
}
