//! Why the runtime of a tree can't be decided.

use crate::{Interpreter, InvalidVersion, RuntimeName, Version};

/// Why no runtime could be decided on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// `PIKU_RUNTIME` names something else.
    #[error("there is no runtime `{name}`")]
    UnknownRuntime {
        /// As it was written.
        name: String,
    },
    /// The lock files of two tools are present, and they may differ.
    #[error("`{first}` and `{second}` both lock the packages of this app")]
    TwoLocks {
        /// The language.
        runtime: RuntimeName,
        /// The one found first.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A lock file without the manifest it belongs to.
    #[error("`{lock}` is here, but `{manifest}` is not")]
    LockAlone {
        /// The lock file.
        lock: &'static str,
        /// The manifest.
        manifest: &'static str,
    },
    /// A project that only Poetry can read, without its lock file.
    #[error("`pyproject.toml` is written for Poetry, but `poetry.lock` is not here")]
    PoetryWithoutLock,
    /// A JSON file that the build reads is not valid.
    #[error("could not read `{file}` as JSON")]
    BadJson {
        /// The file.
        file: &'static str,
        /// What is wrong with it, and where.
        source: serde_json::Error,
    },
    /// piku does not know the package manager that was asked for.
    #[error("`{origin}` asks for the package manager `{name}`, which piku does not know")]
    UnknownPackageManager {
        /// The file or the setting.
        origin: &'static str,
        /// As it was written.
        name: String,
    },
    /// The version that was asked for is not valid.
    #[error("could not read the {} version in `{origin}`", runtime.title())]
    BadVersion {
        /// The language.
        runtime: RuntimeName,
        /// The file or the setting.
        origin: &'static str,
        /// What is wrong with it.
        source: InvalidVersion,
    },
    /// The host has another version than the one asked for.
    #[error("`{origin}` asks for {} {request}, and this host has {has}", runtime.title())]
    OtherVersion {
        /// The language.
        runtime: RuntimeName,
        /// The file or the setting.
        origin: &'static str,
        /// The version asked for, as it was written.
        request: String,
        /// The host's version.
        has: Version,
    },
    /// There is no Python at all.
    #[error("this app needs Python, and this host has none")]
    NoPython {
        /// What to ask uv for, which fetches Pythons.
        fetch: String,
    },
    /// Another implementation of Python is asked for.
    #[error("`{place}` asks for `{name}`, and apps run with CPython only")]
    NotCPython {
        /// The setting, or the file with its line.
        place: String,
        /// As it was written.
        name: String,
    },
    /// No installed Python is one of those that are asked for.
    #[error("`{place}` asks for Python {request}, which this host does not have")]
    NoSuchVersion {
        /// The setting, or the file with its line.
        place: String,
        /// What it asks for.
        request: String,
        /// What to ask uv for, which fetches Pythons.
        fetch: String,
        /// Whether the host has uv.
        has_uv: bool,
        /// The installed interpreters, sorted.
        available: Vec<Interpreter>,
    },
    /// The project says that it does not run on the Python that is asked for.
    #[error("`{place}` requires Python {requires}, and `{asked_by}` asks for {chosen}")]
    DoesNotFit {
        /// The file with its line.
        place: String,
        /// The range.
        requires: String,
        /// The setting, or the file with its line.
        asked_by: String,
        /// The version that this gives.
        chosen: Version,
        /// The installed ones that satisfy it, sorted.
        fitting: Vec<Interpreter>,
    },
}

impl DetectError {
    /// Returns the name of the error, stable across releases.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRuntime { .. } => "runtime::unknown",
            Self::TwoLocks { .. } => "runtime::two-locks",
            Self::LockAlone { .. } => "runtime::lock-alone",
            Self::PoetryWithoutLock => "python::poetry-without-lock",
            Self::BadJson { .. } => "runtime::bad-json",
            Self::UnknownPackageManager { .. } => "node::unknown-package-manager",
            Self::BadVersion { .. } => "runtime::bad-version",
            Self::OtherVersion { .. } => "runtime::other-version",
            Self::NoPython { .. } => "python::missing",
            Self::NotCPython { .. } => "python::not-cpython",
            Self::NoSuchVersion { .. } => "python::no-such-version",
            Self::DoesNotFit { .. } => "python::does-not-fit",
        }
    }

    /// Returns the Python that is missing, as `uv python install` takes it; `None` if none would help.
    pub fn python_to_fetch(&self) -> Option<&str> {
        match self {
            Self::NoPython { fetch } | Self::NoSuchVersion { fetch, .. } => Some(fetch),
            _ => None,
        }
    }

    /// Returns what to do now.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::UnknownRuntime { .. } => {
                let names = RuntimeName::ALL.map(|name| format!("`{name}`"));
                let (last, rest) = names.split_last()?;
                format!("set PIKU_RUNTIME to {}, or {last}, or unset it", rest.join(", "))
            }
            Self::TwoLocks { runtime, first, second } => {
                let keep = format!("keep the one whose tool you use: `git rm {second}` or `git rm {first}`");
                match runtime {
                    RuntimeName::Node | RuntimeName::Bun => {
                        format!("{keep}; or name it in NODE_PACKAGE_MANAGER")
                    }
                    _ => keep,
                }
            }
            Self::LockAlone { lock, manifest } => {
                format!("commit `{manifest}` as well, or remove `{lock}`")
            }
            Self::PoetryWithoutLock => "run `poetry lock` and commit `poetry.lock`".to_owned(),
            Self::BadJson { file, .. } => format!("correct `{file}`: it must be one JSON object"),
            Self::UnknownPackageManager { .. } => "name `npm`, `pnpm`, `yarn`, or `bun`".to_owned(),
            Self::BadVersion { runtime, .. } => bad_version(*runtime),
            Self::OtherVersion { runtime, request, .. } => other_version(*runtime, request),
            Self::NoPython { .. } => "install it on the host: `apt install python3 python3-venv`".to_owned(),
            Self::NotCPython { .. } => bad_version(RuntimeName::Python),
            Self::NoSuchVersion { fetch, has_uv, available, .. } => {
                let get = if *has_uv {
                    format!("install it on the host: `uv python install '{fetch}'`")
                } else {
                    "install uv on the host, which fetches it: https://docs.astral.sh/uv".to_owned()
                };
                format!("ask for one that is here ({}), or {get}", list(available))
            }
            Self::DoesNotFit { asked_by, fitting, .. } => {
                let asked_by = asked_by.split(':').next().unwrap_or_default();
                match fitting.last() {
                    Some(newest) => {
                        let Version { major, minor, .. } = newest.version;
                        format!("ask for {major}.{minor} in `{asked_by}`: here are {}", list(fitting))
                    }
                    None => "let both allow the same version".to_owned(),
                }
            }
        })
    }
}

fn bad_version(runtime: RuntimeName) -> String {
    let examples = match runtime {
        RuntimeName::Python => "a version of CPython such as `3.12` or `3.12.1`",
        RuntimeName::Node => "a version such as `22`, `22.11.0`, or `lts/jod`",
        RuntimeName::Ruby => "a version such as `3.3` or `3.3.6`",
        RuntimeName::Java => "a version such as `17` or `21`",
        _ => "a version such as `1.22`",
    };
    format!("write {examples}")
}

fn other_version(runtime: RuntimeName, request: &str) -> String {
    match runtime {
        // nodeenv can only fetch an exact version.
        RuntimeName::Node if request.split('.').count() < 3 || request.contains(char::is_whitespace) => {
            "install that one on the host; or `apt install nodeenv` and name an exact version in NODE_VERSION, \
             such as `22.11.0`"
        }
        RuntimeName::Node => "install nodeenv on the host, which fetches it: `apt install nodeenv`",
        RuntimeName::Ruby => "install that one on the host, or ask for the one that is here",
        RuntimeName::Go => "install a newer Go on the host, as https://go.dev/dl shows, or lower the line in `go.mod`",
        RuntimeName::Java | RuntimeName::Clojure => {
            "install a newer JDK on the host and make it the default: `update-alternatives --config javac`"
        }
        RuntimeName::Deno => "install a newer Deno on the host: `deno upgrade`",
        _ => "install that one on the host",
    }
    .to_owned()
}

fn list(interpreters: &[Interpreter]) -> String {
    interpreters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
