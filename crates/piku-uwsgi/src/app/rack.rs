//! Ruby apps.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// A Ruby app with a rackup file. Needs uWSGI's `rack` plugin, which no wheel has.
///
/// Each process serves one request at a time: uWSGI needs another plugin for Ruby threads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RackApp {
    /// The rackup file, usually `config.ru`.
    pub rackup: Utf8PathBuf,
    /// Whether bundler picks the gems: from `BUNDLE_GEMFILE`, or the `Gemfile` in the working directory.
    pub bundled: bool,
}

impl RackApp {
    /// Describes an app that uses the system's gems.
    pub fn new(rackup: impl Into<Utf8PathBuf>) -> Self {
        Self { rackup: rackup.into(), bundled: false }
    }

    pub(super) fn write(&self, ini: &mut Ini) -> Result<(), InvalidValue> {
        ini.plugin_for_all("rack")?;
        if self.bundled {
            ini.text("rbrequire", "bundler/setup")?;
        }
        ini.path("rack", &self.rackup, &[])?;
        ini.flag("need-app");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rackup_file_is_needed_and_bundler_comes_before_it() {
        let mut ini = Ini::new();
        RackApp { bundled: true, ..RackApp::new("/srv/songs/config.ru") }.write(&mut ini).unwrap();
        insta::assert_snapshot!(ini.finish(), @r"
        [uwsgi]
        plugin = 0:rack
        rbrequire = bundler/setup
        rack = /srv/songs/config.ru
        need-app = true
        ");
    }
}
