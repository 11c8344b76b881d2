//! A key that piku reads: its meaning, its type, and its default.

use std::fmt;

/// A setting that piku reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its name, as written in `ENV`.
    pub name: &'static str,
    /// The type of its value.
    pub value: ValueType,
    /// What it applies to.
    pub scope: Scope,
    /// One sentence on what it does, as Markdown.
    pub meaning: &'static str,
}

impl Key {
    /// The default as it would be written; `None` if there is none.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        match self.value {
            ValueType::Boolean { default } => Some(default.to_string()),
            ValueType::Number { default, .. } => default.map(|number| number.to_string()),
            ValueType::Text { default, .. } => default.map(str::to_owned),
        }
    }
}

/// The type of a value. `Display` gives the phrase that the reference uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// `1`, `true`, `yes`, `y`, `on`, or `enabled`; or `0`, `false`, `no`, `n`, `off`, `disabled`, or empty. Ignores
    /// case.
    Boolean {
        /// The default.
        default: bool,
    },
    /// A whole number.
    Number {
        /// The default.
        default: Option<u64>,
        /// The minimum.
        min: u64,
        /// The maximum.
        max: u64,
        /// The unit, in the plural; may be empty.
        unit: &'static str,
    },
    /// Any other text.
    Text {
        /// The default.
        default: Option<&'static str>,
        /// A noun phrase for what it must look like.
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

/// What a key applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// The deploy: what is released, and when it is healthy.
    Deploy,
    /// The build: which runtime, which version, which tool.
    Build,
    /// The processes, which see it in their environment.
    Processes,
    /// uWSGI. These keys are not passed on to the processes.
    Uwsgi,
    /// nginx, in the app's site.
    Nginx,
    /// The whole server: set with `server:set`, never read from the settings of an app.
    Host,
}
