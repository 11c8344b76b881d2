//! Which settings decide a build, so that a change of any other needs none.

/// The settings that decide a build, by how their names begin.
///
/// ```
/// use piku_runtime::DecidingSettings;
///
/// let deciding = DecidingSettings::beginning_with(["NODE_"]);
/// assert!(deciding.include("NODE_ENV") && deciding.include("PIKU_RUNTIME"));
/// assert!(!deciding.include("COLOR") && !deciding.include("NGINX_SERVER_NAME"));
/// // A program of the app that runs in the build may read any.
/// assert!(DecidingSettings::beginning_with([""]).include("COLOR"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecidingSettings {
    prefixes: Vec<String>,
}

/// How the names of settings begin that say where an app is served, and decide no build.
const ELSEWHERE: [&str; 3] = ["PIKU_", "NGINX_", "UWSGI_"];
/// Whole names of such settings.
const ALONE: [&str; 3] = ["PORT", "BIND_ADDRESS", "DISABLE_IPV6"];
/// Names the runtime, and so decides every build.
const RUNTIME: &str = "PIKU_RUNTIME";

impl DecidingSettings {
    /// Settings whose names begin so, in either case; an empty beginning is that of all.
    pub fn beginning_with<S: Into<String>>(prefixes: impl IntoIterator<Item = S>) -> Self {
        Self { prefixes: prefixes.into_iter().map(Into::into).collect() }
    }

    /// The beginnings of the names.
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// Whether a setting of this name decides the build.
    pub fn include(&self, name: &str) -> bool {
        name == RUNTIME || decides(name, self.prefixes.iter().map(String::as_str))
    }

    pub(crate) fn add(&mut self, prefixes: &[&str]) {
        self.prefixes.extend(prefixes.iter().map(|prefix| (*prefix).to_owned()));
    }
}

/// Whether a setting decides a build that is decided by settings whose names begin with one of `prefixes`.
pub(crate) fn decides<'a>(name: &str, prefixes: impl IntoIterator<Item = &'a str>) -> bool {
    let upper = name.to_ascii_uppercase();
    let elsewhere = ELSEWHERE.iter().any(|prefix| upper.starts_with(prefix)) || ALONE.contains(&name);
    !elsewhere && prefixes.into_iter().any(|prefix| upper.starts_with(prefix))
}
