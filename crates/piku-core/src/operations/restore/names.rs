//! What a restored app can't have, because another app has it: server names, and a port.

use std::collections::BTreeMap;

use crate::app::AppName;
use crate::deploy::claims;
use crate::deploy::source::inputs::LARGEST;
use crate::error::Error;
use crate::event::{Report, warn};
use crate::host::{git, ports};
use crate::piku::Piku;
use crate::settings::{self, Layers, StoredSettings};
use crate::site_claim::{Collision, SiteClaim};

/// The settings from which a site has its names.
const NAMES: [&str; 2] = ["NGINX_SERVER_NAME", "NGINX_REDIRECT"];

/// The setting of a fixed port.
const PORT: &str = "PORT";

impl Piku {
    /// Changes `stored` so that the app asks for no server name and no port that another app has, and says so.
    pub(super) fn leave_out_taken(
        &self,
        app: &AppName,
        commit: Option<&str>,
        stored: &mut StoredSettings,
        report: &mut Report<'_>,
    ) -> Result<(), Error> {
        let defaults = self.server_settings()?.defaults(app.as_str());
        let env = commit
            .and_then(|commit| git::file_in_push(&self.root.repo(app), None, commit, "ENV", LARGEST as u64));
        let known = BTreeMap::from([("APP".to_owned(), app.to_string())]);
        let in_file = settings::parse_env(&env.unwrap_or_default(), &known).values.unwrap_or_default();
        let file_has = |key: &str| in_file.iter().any(|one| one.key == key);
        let options = |stored: &StoredSettings| {
            settings::options(&Layers::new(in_file.clone(), stored).with_defaults(&defaults)).0
        };
        let claim = SiteClaim::of(&options(stored));
        if !claim.names.is_empty()
            && let Some((Collision::Name { name, .. }, holder)) = claims::taken(&self.root, app, &claim)?
        {
            for key in NAMES {
                stored.unset(key);
                if file_has(key) {
                    // What the file says is overlaid.
                    stored.set(key, defaults.get(key).unwrap_or_default())?;
                }
            }
            let help = format!("`config:set {app} NGINX_SERVER_NAME=…` gives it names of its own");
            let what = format!("`{name}` belongs to `{holder}`, so {app} gets none of its server names");
            warn(report, what, Some(&help));
        }
        let port = stored.get(PORT).and_then(|port| port.trim().parse().ok());
        let holder = port.and_then(|port| ports::holder(&self.root, port)).filter(|holder| holder != app);
        if let Some((port, holder)) = port.zip(holder) {
            stored.unset(PORT);
            warn(report, format!("port {port} belongs to `{holder}`, so {app} gets another one"), None);
        }
        Ok(())
    }
}
