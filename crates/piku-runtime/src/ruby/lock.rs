//! The lock file of bundler.

pub(super) const LOCK: &str = "Gemfile.lock";
