//! Why the keys can't be changed.

/// Why a key can't be added, removed, or limited. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Another key has this name.
    #[error("there is a key `{name}` already; nothing was changed")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The key was added before.
    #[error("that key is there already, as `{name}`; nothing was changed")]
    Known {
        /// Its name.
        name: String,
    },
    /// A line that is not piku's has the key.
    #[error("`{path}` has that key in line {line}, which is not piku's; nothing was changed")]
    Elsewhere {
        /// The file.
        path: camino::Utf8PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// There is no such key.
    #[error("there is no key `{key}`")]
    Unknown {
        /// The name or fingerprint as given.
        key: String,
        /// The names of the keys that there are.
        available: Vec<String>,
    },
    /// Several keys have this name.
    #[error("{} keys have the name `{name}`; nothing was changed", .fingerprints.len())]
    Ambiguous {
        /// The name.
        name: String,
        /// Their fingerprints.
        fingerprints: Vec<String>,
    },
}

impl KeysError {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NameTaken { name } => {
                format!("choose another name, or remove that key before with `keys:remove {name}`")
            }
            Self::Known { name } => {
                format!("`keys:allow {name} …` changes what it may do, `keys:remove {name}` removes it")
            }
            Self::Elsewhere { .. } => {
                "remove that line first: ssh takes the first line with a key, whatever a later one says"
                    .to_owned()
            }
            Self::Unknown { available, .. } if available.is_empty() => {
                "there are none; `keys:add NAME FILE` adds one".to_owned()
            }
            Self::Unknown { available, .. } => format!("the keys are {}", available.join(", ")),
            Self::Ambiguous { fingerprints, .. } => {
                format!("say which by its fingerprint: {}", fingerprints.join(", "))
            }
        }
    }

    /// Names the mistake; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } => "keys::name-taken",
            Self::Known { .. } => "keys::known",
            Self::Elsewhere { .. } => "keys::elsewhere",
            Self::Unknown { .. } => "keys::unknown",
            Self::Ambiguous { .. } => "keys::ambiguous",
        }
    }
}
