//! The settings of the whole server: its domain, its account at certificate authorities, and defaults for all apps.

use camino::Utf8PathBuf;
use piku_nginx::ServerName;
use piku_procfile::{Diagnostic, Severity};

use super::allowed_paths;
use super::catalog;
use super::key::{Key, Scope};
use super::keys;
use super::layers::Layers;
use super::limits::InvalidSetting;
use super::options;
use super::reader::{OptionProblem, Reader, Refusal};
use super::stored::StoredSettings;

/// Settings of an app that two apps can't share, so there is no default for all.
const OF_ONE_APP: [&str; 3] =
    [catalog::NGINX_SERVER_NAME.name, catalog::NGINX_REDIRECT.name, catalog::PORT.name];

/// Settings whose values are secrets, which listings do not show.
const SECRET: [&str; 1] = [catalog::ACME_EAB_HMAC_KEY.name];

/// What `server:set` stored: settings of the server, and defaults of settings of apps.
///
/// The file has the grammar of [`StoredSettings`]. Keys that this version does not know stay in it, without effect.
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    stored: StoredSettings,
}

/// The settings of the server itself, as typed values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerOptions {
    /// `PIKU_DOMAIN`, in lower case.
    pub domain: Option<String>,
    /// `PIKU_NGINX_RELOAD`.
    pub nginx_reload: Option<String>,
    /// `PIKU_MAX_PROCESSES`.
    pub max_processes: Option<u32>,
    /// `PIKU_ALLOWED_PATHS`: absolute, without `.` and `..`.
    pub allowed_paths: Vec<Utf8PathBuf>,
    /// `ACME_CONTACT`: an e-mail address.
    pub acme_contact: Option<String>,
    /// `ACME_EAB_KEY_ID` and `ACME_EAB_HMAC_KEY`, if both are set.
    pub acme_account: Option<ExternalAccount>,
}

/// An account that a person has at a certificate authority, to which the ACME account is bound (RFC 8555, 7.3.4).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExternalAccount {
    /// The identifier of the key.
    pub key_id: String,
    /// The key, in base64url.
    pub hmac_key: String,
}

impl std::fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalAccount").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Why something can't be a setting of the server. The message never includes the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidServerSetting {
    /// Nobody could be given this value.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// There is no such setting.
    #[error("`{key}` is not a setting of the server or of apps; nothing was changed")]
    Unknown {
        /// The key as given.
        key: String,
        /// The most similar one.
        nearest: Option<&'static str>,
    },
    /// Only one app can have it.
    #[error("`{key}` can't be the same for all apps; nothing was changed")]
    OfOneApp {
        /// The key.
        key: &'static str,
    },
    /// It says where the file with the settings is.
    #[error("`{key}` says where this setting would be stored; nothing was changed")]
    Root {
        /// The key.
        key: &'static str,
    },
    /// The value is invalid.
    #[error("`{key}`: {message}; nothing was changed")]
    Unfit {
        /// The key.
        key: &'static str,
        /// What is wrong with the value.
        message: String,
        /// What to set instead.
        help: Option<String>,
    },
}

impl InvalidServerSetting {
    /// What to do now.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Setting(error) => Some(error.help()),
            Self::Unknown { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::Unknown { .. } => Some("`server` lists the settings of the server".to_owned()),
            Self::OfOneApp { key } if *key == catalog::PORT.name => {
                Some("set it for the app: `config:set APP PORT=…`".to_owned())
            }
            Self::OfOneApp { .. } => {
                Some("set PIKU_DOMAIN, and the app `blog` answers at `blog.<domain>`".to_owned())
            }
            Self::Root { .. } => Some("set it in the environment of piku".to_owned()),
            Self::Unfit { help, .. } => help.clone(),
        }
    }
}

impl ServerSettings {
    /// Parses the file.
    ///
    /// # Errors
    /// The first mistake.
    pub fn parse(bytes: &[u8]) -> Result<Self, Diagnostic> {
        let (stored, found) = StoredSettings::parse(bytes);
        let mistake = found.into_iter().find(|one| one.severity == Severity::Error);
        match (stored, mistake) {
            (Some(stored), _) => Ok(Self { stored }),
            (None, Some(mistake)) => Err(mistake),
            (None, None) => Ok(Self::default()),
        }
    }

    /// The value of a key, if set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.stored.get(key)
    }

    /// Each key with its value, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.stored.iter()
    }

    /// Sets a key, which must be known and have a valid value.
    ///
    /// # Errors
    /// [`InvalidServerSetting`].
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), InvalidServerSetting> {
        let known = settable(key)?;
        let mut changed = self.stored.clone();
        changed.set(key, value)?;
        changed.check_size()?;
        let changed = Self { stored: changed };
        let unfit = changed.problems().into_iter().find(|problem| problem.key == known.name);
        if let Some(OptionProblem { key, diagnostic, .. }) = unfit {
            let (message, help) = (diagnostic.message, diagnostic.help);
            return Err(InvalidServerSetting::Unfit { key, message, help });
        }
        *self = changed;
        Ok(())
    }

    /// Removes a key; `false` if it was not set.
    pub fn unset(&mut self, key: &str) -> bool {
        self.stored.unset(key)
    }

    /// The settings of the server itself. One with an invalid value counts as not set.
    #[must_use]
    pub fn options(&self) -> ServerOptions {
        read(&Layers::new([], &self.stored)).0
    }

    /// The defaults of an app's settings: those for all apps, and its name below the domain of the server.
    #[must_use]
    pub fn defaults(&self, app: &str) -> StoredSettings {
        let mut defaults = StoredSettings::default();
        let mut add = |key: &str, value: &str| {
            // What was read from a file can be written to one.
            let _ = defaults.set(key, value);
        };
        for (key, value) in self.iter().filter(|(key, _)| is_default(key)) {
            add(key, value);
        }
        if let Some(name) = self.options().domain.and_then(|domain| name_below(app, &domain)) {
            add(catalog::NGINX_SERVER_NAME.name, &name);
        }
        defaults
    }

    /// What has no effect, or not the effect that it seems to have: keys and what is wrong with them.
    #[must_use]
    pub fn mistakes(&self) -> Vec<(String, String, Option<String>)> {
        let unknown = self.iter().filter_map(|(key, _)| {
            let error = settable(key).err()?;
            let message = error.to_string().replace("; nothing was changed", "");
            Some((key.to_owned(), message, error.help()))
        });
        let unfit = self.problems().into_iter().map(|problem| {
            let Diagnostic { message, help, .. } = problem.diagnostic;
            (problem.key.to_owned(), format!("`{}`: {message}", problem.key), help)
        });
        unknown.chain(unfit).collect()
    }

    /// The errors in values, of the server's own settings and of defaults.
    fn problems(&self) -> Vec<OptionProblem> {
        let layers = Layers::new([], &self.stored);
        let all = read(&layers).1.into_iter().chain(options::options(&layers).1);
        all.filter(|problem| problem.diagnostic.severity == Severity::Error).collect()
    }
}

impl std::fmt::Display for ServerSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.stored.fmt(f)
    }
}

/// Whether a value of this key is a secret, which listings do not show.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

/// Whether the key is a setting of apps for which there can be a default, or decides about their sites.
fn is_default(key: &str) -> bool {
    let decides = |known: &Key| known.scope != Scope::Host || known.name == catalog::PIKU_ALLOWED_PATHS.name;
    settable(key).is_ok_and(decides)
}

/// The known key of this name, if the server can have it.
fn settable(key: &str) -> Result<&'static Key, InvalidServerSetting> {
    super::limits::check(key, "")?;
    let Some(known) = keys::known(key) else {
        let nearest = keys::nearest_among(key, is_settable);
        return Err(InvalidServerSetting::Unknown { key: key.to_owned(), nearest });
    };
    if OF_ONE_APP.contains(&known.name) {
        return Err(InvalidServerSetting::OfOneApp { key: known.name });
    }
    if !is_settable(known) {
        return Err(InvalidServerSetting::Root { key: known.name });
    }
    Ok(known)
}

fn is_settable(key: &Key) -> bool {
    key.name != catalog::PIKU_ROOT.name && !OF_ONE_APP.contains(&key.name)
}

fn read(layers: &Layers) -> (ServerOptions, Vec<OptionProblem>) {
    let mut reader = Reader::new(layers);
    let key_id = reader.text(&catalog::ACME_EAB_KEY_ID);
    let hmac_key = reader.parsed(&catalog::ACME_EAB_HMAC_KEY, hmac_key);
    let account = key_id.zip(hmac_key);
    let options = ServerOptions {
        domain: reader.parsed(&catalog::PIKU_DOMAIN, domain),
        nginx_reload: reader.parsed(&catalog::PIKU_NGINX_RELOAD, command),
        max_processes: reader.number(&catalog::PIKU_MAX_PROCESSES),
        allowed_paths: reader.parsed(&catalog::PIKU_ALLOWED_PATHS, allowed_paths::parse).unwrap_or_default(),
        acme_contact: reader.parsed(&catalog::ACME_CONTACT, contact),
        acme_account: account
            .map(|(key_id, hmac_key)| ExternalAccount { key_id: key_id.to_owned(), hmac_key }),
    };
    (options, reader.problems)
}

fn domain(text: &str) -> Result<String, Refusal> {
    let refuse = |why: String| {
        let help = "set it to a domain such as `example.org` whose subdomains all lead to this server";
        Refusal::new("env::bad-server-name", why, help)
    };
    let name: ServerName =
        text.parse().map_err(|error: piku_nginx::InvalidSite| refuse(error.to_string()))?;
    if !name.is_plain() || name.as_str().parse::<std::net::IpAddr>().is_ok() {
        return Err(refuse(format!("`{text}` is not a domain")));
    }
    Ok(name.as_str().to_owned())
}

/// The name of an app below the domain, unless no host can have it. An app may have its whole name already.
fn name_below(app: &str, domain: &str) -> Option<String> {
    let app = app.to_ascii_lowercase();
    let is_below = app.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let name = if is_below { app } else { format!("{app}.{domain}") };
    name.parse::<ServerName>().ok().filter(ServerName::is_plain).map(|name| name.as_str().to_owned())
}

fn command(text: &str) -> Result<String, Refusal> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(text.to_owned()),
        _ => Err(Refusal::new(
            "env::bad-command",
            "a quote is not closed",
            "close it: no shell reads this line",
        )),
    }
}

fn contact(text: &str) -> Result<String, Refusal> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>(),;:\"[]@".contains(&byte))
    };
    match address.split_once('@') {
        Some((user, host)) if is_plain(user) && is_plain(host) && host.contains('.') => {
            Ok(address.to_owned())
        }
        _ => Err(Refusal::new(
            "env::bad-contact",
            "this is not an e-mail address",
            "set it to one address, such as `ada@example.org`",
        )),
    }
}

fn hmac_key(text: &str) -> Result<String, Refusal> {
    let key = text.trim_end_matches('=');
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Ok(key.to_owned());
    }
    let help = "copy it as the certificate authority shows it: letters, digits, `-`, and `_`";
    Err(Refusal::new("env::bad-hmac-key", "this is not a key in base64url", help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> ServerSettings {
        ServerSettings::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_app_answers_below_the_domain_and_gets_the_defaults_of_all() {
        let all = settings("PIKU_DOMAIN=Example.org\nNGINX_HTTPS_ONLY=true\nACME_CONTACT=ada@example.org\n");
        let of = |app: &str| all.defaults(app).to_string();
        assert_eq!(of("blog"), "NGINX_HTTPS_ONLY=true\nNGINX_SERVER_NAME=blog.example.org\n");
        assert_eq!(of("Shop.example.org"), "NGINX_HTTPS_ONLY=true\nNGINX_SERVER_NAME=shop.example.org\n");
        assert_eq!(of("odd-"), "NGINX_HTTPS_ONLY=true\n", "no host has such a name");
        assert_eq!(settings("PORT=80\nNGINX_SERVER_NAME=x\nUNKNOWN=1\n").defaults("blog").to_string(), "");
    }

    #[test]
    fn only_known_keys_with_good_values_can_be_set_and_the_file_stays_as_it_was() {
        let mut all = settings("# ours\nFROM_A_NEWER_PIKU=1\nPIKU_DOMAIN=example.org\n");
        let cases = [
            ("PIKU_DOMIAN", "x.org", "`PIKU_DOMIAN` is not a setting", Some("did you mean `PIKU_DOMAIN`?")),
            ("DATABASE_URL", "x", "`DATABASE_URL` is not a setting", None),
            ("NGINX_SERVER_NAME", "x.org", "can't be the same for all apps", Some("PIKU_DOMAIN")),
            ("PORT", "80", "can't be the same for all apps", Some("config:set APP")),
            ("PIKU_ROOT", "/x", "where this setting would be stored", Some("environment")),
            ("PIKU_DOMAIN", "*.example.org", "not a domain", None),
            ("PIKU_DOMAIN", "192.0.2.1", "not a domain", None),
            ("PIKU_MAX_PROCESSES", "many", "not a whole number", None),
            ("PIKU_NGINX_RELOAD", "sudo 'nginx", "a quote is not closed", None),
            ("PIKU_ALLOWED_PATHS", "/srv/media, ../x", "`../x` is not the path", None),
            ("PIKU_ALLOWED_PATHS", "/", "`/` is not the path", None),
            ("PIKU_ALLOWED_PATHS", "/srv/../etc", "is not the path", None),
            ("ACME_CONTACT", "ada", "not an e-mail address", None),
            ("ACME_EAB_HMAC_KEY", "not base64!", "base64url", None),
            ("NGINX_HTTPS_ONLY", "perhaps", "neither true nor false", None),
            ("UWSGI_PROCESSES", "0", "not from 1 to 512", None),
            ("A B", "x", "can't be the key", None),
        ];
        for (key, value, message, help) in cases {
            let error = all.set(key, value).unwrap_err();
            assert!(error.to_string().contains(message), "{key}={value}: {error}");
            let said = error.help().unwrap_or_default();
            assert!(help.is_none_or(|help| said.contains(help)), "{key}={value}: {said}");
        }
        all.set("PIKU_MAX_PROCESSES", "8").unwrap();
        all.set("NGINX_HTTPS_ONLY", "true").unwrap();
        assert_eq!(
            all.to_string(),
            "# ours\nFROM_A_NEWER_PIKU=1\nPIKU_DOMAIN=example.org\nPIKU_MAX_PROCESSES=8\nNGINX_HTTPS_ONLY=true\n"
        );
        assert!(all.unset("PIKU_DOMAIN") && !all.unset("PIKU_DOMAIN"));
    }

    #[test]
    fn what_was_written_by_hand_is_read_as_far_as_it_is_right() {
        let all = settings(
            "PIKU_DOMAIN=~x\nPIKU_MAX_PROCESSES=8\nPIKU_ALLOWED_PATHS=/srv/media/, /mnt//photos\n\
             ACME_CONTACT=mailto:ada@example.org\nACME_EAB_KEY_ID=id\nACME_EAB_HMAC_KEY=c2VjcmV0\nPIKU_DOMIAN=x\n",
        );
        let options = all.options();
        assert_eq!((options.domain, options.max_processes), (None, Some(8)));
        assert_eq!(options.allowed_paths, ["/srv/media", "/mnt/photos"]);
        assert_eq!(options.acme_contact.as_deref(), Some("ada@example.org"));
        let account = options.acme_account.unwrap();
        assert!(!format!("{account:?}").contains(&account.hmac_key), "a secret is not shown");
        let keys: Vec<_> = all.mistakes().into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["PIKU_DOMIAN", "PIKU_DOMAIN"]);
        assert_eq!(settings("ACME_EAB_KEY_ID=id\n").options(), ServerOptions::default());
        assert!(ServerSettings::parse(b"no equals sign\n").is_err());
    }
}
