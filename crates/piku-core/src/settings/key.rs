//! A key that piku honours: what it means, what it may be, and what it is when it is not set.

use std::fmt;

/// A setting that piku honours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its name, as it is written in `ENV`.
    pub name: &'static str,
    /// What it may be.
    pub value: ValueType,
    /// Who honours it.
    pub scope: Scope,
    /// One sentence on what it does, as Markdown.
    pub meaning: &'static str,
}

impl Key {
    /// What counts when it is not set, as it would be written; `None` when nothing does.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        match self.value {
            ValueType::Boolean { default } => Some(default.to_string()),
            ValueType::Number { default, .. } => default.map(|number| number.to_string()),
            ValueType::Text { default, .. } => default.map(str::to_owned),
        }
    }
}

/// What the value of a key may be. Its `Display` is the phrase of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// `1`, `true`, `yes`, `y`, `on`, or `enabled`; or `0`, `false`, `no`, `n`, `off`, `disabled`, or nothing. In any case.
    Boolean {
        /// What counts when it is not set.
        default: bool,
    },
    /// A whole number.
    Number {
        /// What counts when it is not set.
        default: Option<u64>,
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
        /// What is counted, in the plural; may be empty.
        unit: &'static str,
    },
    /// Anything else.
    Text {
        /// What counts when it is not set.
        default: Option<&'static str>,
        /// What it looks like, as a noun.
        form: &'static str,
    },
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean { .. } => f.write_str("`true` or `false`"),
            Self::Number { min, max, unit: "", .. } => write!(f, "{min} to {max}"),
            Self::Number { min, max, unit, .. } => write!(f, "{min} to {max} {unit}"),
            Self::Text { form, .. } => f.write_str(form),
        }
    }
}

/// Who honours a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// The deploy: what is released, and when it counts as healthy.
    Deploy,
    /// The build: which runtime, which version, which tool.
    Build,
    /// The processes, which find it in their environment.
    Processes,
    /// uWSGI. These keys are not handed on to the processes.
    Uwsgi,
    /// nginx, in the app's site.
    Nginx,
    /// Piku itself, for all apps: read from its own environment, never from the settings of an app.
    Host,
}
