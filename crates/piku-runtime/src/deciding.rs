//! Which settings decide a build: a change of any other needs no new build.

/// The settings that decide a build, by prefixes of their names.
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

/// Prefixes of settings that decide where an app is served, not how it is built.
const ELSEWHERE: [&str; 3] = ["PIKU_", "NGINX_", "UWSGI_"];
/// Full names of such settings.
const ALONE: [&str; 3] = ["PORT", "BIND_ADDRESS", "DISABLE_IPV6"];
/// Names the runtime, and so decides every build.
const RUNTIME: &str = "PIKU_RUNTIME";

impl DecidingSettings {
    /// Settings whose names begin with one of `prefixes`, in either case; the empty prefix matches all.
    pub fn beginning_with<S: Into<String>>(prefixes: impl IntoIterator<Item = S>) -> Self {
        Self { prefixes: prefixes.into_iter().map(Into::into).collect() }
    }

    /// The prefixes.
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// Whether a setting of this name decides the build.
    pub fn include(&self, name: &str) -> bool {
        name == RUNTIME || decides(name, self.prefixes.iter().map(String::as_str))
    }

    pub(crate) fn add<S: AsRef<str>>(&mut self, prefixes: &[S]) {
        for prefix in prefixes.iter().map(AsRef::as_ref) {
            if !self.prefixes.iter().any(|known| known == prefix) {
                self.prefixes.push(prefix.to_owned());
            }
        }
    }
}

/// Whether a setting of this name decides a build whose settings begin with `prefixes`.
pub(crate) fn decides<'a>(name: &str, prefixes: impl IntoIterator<Item = &'a str>) -> bool {
    let upper = name.to_ascii_uppercase();
    let elsewhere = ELSEWHERE.iter().any(|prefix| upper.starts_with(prefix)) || ALONE.contains(&name);
    !elsewhere && prefixes.into_iter().any(|prefix| upper.starts_with(prefix))
}
