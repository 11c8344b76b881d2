//! Reads the keys of the catalog from the settings and collects problems.

use std::str::FromStr;

use piku_procfile::Diagnostic;

use super::key::{Key, ValueType};
use super::layers::{Layers, Origin};

/// A setting with an invalid value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionProblem {
    /// The key.
    pub key: &'static str,
    /// The file that [`Diagnostic::span`] refers to.
    pub origin: Origin,
    /// What is wrong, and where in that file.
    pub diagnostic: Diagnostic,
}

/// Why a value is invalid.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: Some(help.into()) }
    }
}

/// The settings, and the problems found while reading them.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    layers: &'a Layers,
    pub(super) problems: Vec<OptionProblem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a Layers) -> Self {
        Self { layers, problems: Vec::new() }
    }

    /// Whether the value comes from the settings of the server.
    pub(super) fn is_of_server(&self, key: &Key) -> bool {
        self.layers.origin(key.name) == Origin::Server
    }

    /// The trimmed value; `None` if it is not set or empty.
    pub(super) fn text(&self, key: &Key) -> Option<&'a str> {
        self.layers.get(key.name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Parses the value; `None` if it is not set. If parsing fails, adds a problem and returns `None` as well.
    pub(super) fn parsed<T>(
        &mut self,
        key: &Key,
        parse: impl FnOnce(&'a str) -> Result<T, Refusal>,
    ) -> Option<T> {
        match parse(self.text(key)?) {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.add(key, Diagnostic::error, refusal);
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, key: &Key) -> bool {
        let ValueType::Boolean { default } = key.value else { return false };
        if self.layers.get(key.name).is_some_and(|value| value.trim().is_empty()) {
            return false;
        }
        let refuse = |value| {
            let help = format!("set {} to `true` or `false`", key.name);
            Refusal::new("env::not-a-boolean", format!("`{value}` is neither true nor false"), help)
        };
        let parsed = self.parsed(key, |value| match value.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "y" | "on" | "enabled" => Ok(true),
            "0" | "false" | "no" | "n" | "off" | "disabled" => Ok(false),
            _ => Err(refuse(value)),
        });
        parsed.unwrap_or(default)
    }

    /// A number within the bounds of the catalog, if set.
    pub(super) fn number<T: TryFrom<u64>>(&mut self, key: &Key) -> Option<T> {
        let ValueType::Number { min, max, .. } = key.value else { return None };
        let help = || format!("set {} to a whole number, {}", key.name, key.value);
        self.parsed(key, |value| {
            let digits = value.strip_prefix('-').unwrap_or(value);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refusal::new(
                    "env::not-a-number",
                    format!("`{value}` is not a whole number"),
                    help(),
                ));
            }
            let within = value.parse().ok().filter(|number| (min..=max).contains(number));
            within.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
                let message = format!("{value} is not from {min} to {max}");
                Refusal::new("env::out-of-range", message, help())
            })
        })
    }

    /// Like [`Self::number`], with the default of the catalog.
    pub(super) fn count<T: TryFrom<u64> + Default>(&mut self, key: &Key) -> T {
        let default = match key.value {
            ValueType::Number { default, .. } => default.and_then(|number| T::try_from(number).ok()),
            _ => None,
        };
        self.number(key).or(default).unwrap_or_default()
    }

    /// An address, optionally in brackets, as in a URL.
    pub(super) fn address<T: FromStr>(&mut self, key: &Key) -> Option<T> {
        self.parsed(key, |value| {
            unbracketed(value).parse().map_err(|_| {
                let help = format!("set {} to {}", key.name, key.value);
                Refusal::new("env::bad-address", format!("`{value}` is not {}", key.value), help)
            })
        })
    }

    /// A file below the app's folder: an app may not include files from elsewhere.
    pub(super) fn file_of_app(&mut self, key: &Key) -> Option<String> {
        self.parsed(key, |value| {
            let outside = value.starts_with('/') || value.split('/').any(|part| part == "..");
            let message = if outside {
                format!("`{value}` is not below the app's folder")
            } else if value.contains(char::is_control) {
                "a path can't hold control characters".to_owned()
            } else {
                return Ok(value.to_owned());
            };
            let help = format!("set {} to {}, such as `deploy/extra.conf`", key.name, key.value);
            Err(Refusal::new("env::bad-path", message, help))
        })
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, key: &Key, refusal: Refusal) {
        self.add(key, Diagnostic::warning, refusal);
    }

    fn add(
        &mut self,
        key: &Key,
        kind: impl FnOnce(&'static str, std::ops::Range<usize>, String) -> Diagnostic,
        refusal: Refusal,
    ) {
        let Some(setting) = self.layers.setting(key.name) else { return };
        let mut diagnostic = kind(refusal.code, setting.span.clone(), refusal.message);
        diagnostic.help = refusal.help;
        self.problems.push(OptionProblem { key: key.name, origin: setting.origin, diagnostic });
    }
}

fn unbracketed(address: &str) -> &str {
    address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address)
}
