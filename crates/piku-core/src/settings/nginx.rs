//! The settings of a site: the `NGINX_*` keys.

use std::net::{Ipv4Addr, Ipv6Addr};

use piku_nginx::{Cache, CatchAll, InvalidSite, ServerName, StaticPath};

use super::catalog as keys;
use super::reader::{Reader, Refusal};

/// Files of an app that nginx never serves: they hold secrets or describe how the app is run.
pub(crate) const PRIVATE: [&str; 3] = ["ENV", "LIVE_ENV", "Procfile"];

/// The settings of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NginxOptions {
    /// `NGINX_SERVER_NAME`: each name once, normalized by [`ServerName`]. Empty if the app has no site.
    pub server_names: Vec<String>,
    /// `NGINX_STATIC_PATHS`, to be parsed by [`StaticPath::parse_list`].
    pub static_paths: Option<String>,
    /// `NGINX_CATCH_ALL`, to be parsed as a [`CatchAll`].
    pub catch_all: Option<String>,
    /// `NGINX_HTTPS_ONLY`.
    pub https_only: bool,
    /// `NGINX_CLOUDFLARE_ACL`.
    pub cloudflare_acl: bool,
    /// `NGINX_ALLOW_GIT_FOLDERS`.
    pub allow_git_folders: bool,
    /// `NGINX_IPV4_ADDRESS`.
    pub ipv4: Ipv4Addr,
    /// `NGINX_IPV6_ADDRESS`.
    pub ipv6: Ipv6Addr,
    /// `NGINX_INCLUDE_FILE`, relative to the app's folder and below it.
    pub include_file: Option<String>,
    /// `NGINX_CACHE_*`.
    pub cache: CacheOptions,
    /// `ACME_ROOT_CA`.
    pub acme_root_ca: Option<String>,
}

/// What nginx caches for an app. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheOptions {
    /// `NGINX_CACHE_PREFIXES`, to be parsed by [`Cache::parse_prefixes`]; without it nothing is cached.
    pub prefixes: Option<String>,
    /// `NGINX_CACHE_PATH`.
    pub path: Option<String>,
    /// `NGINX_CACHE_SIZE`, in gigabytes.
    pub size: u32,
    /// `NGINX_CACHE_TIME`.
    pub time: u32,
    /// `NGINX_CACHE_REDIRECTS`.
    pub redirects: u32,
    /// `NGINX_CACHE_ANY`.
    pub any: u32,
    /// `NGINX_CACHE_CONTROL`.
    pub control: u32,
    /// `NGINX_CACHE_EXPIRY`.
    pub expiry: u32,
}

pub(super) fn read(reader: &mut Reader<'_>) -> NginxOptions {
    NginxOptions {
        server_names: reader.parsed(&keys::NGINX_SERVER_NAME, server_names).unwrap_or_default(),
        static_paths: reader.parsed(&keys::NGINX_STATIC_PATHS, static_paths),
        catch_all: reader.parsed(&keys::NGINX_CATCH_ALL, catch_all),
        https_only: reader.boolean(&keys::NGINX_HTTPS_ONLY),
        cloudflare_acl: reader.boolean(&keys::NGINX_CLOUDFLARE_ACL),
        allow_git_folders: reader.boolean(&keys::NGINX_ALLOW_GIT_FOLDERS),
        ipv4: reader.address(&keys::NGINX_IPV4_ADDRESS).unwrap_or(Ipv4Addr::UNSPECIFIED),
        ipv6: reader.address(&keys::NGINX_IPV6_ADDRESS).unwrap_or(Ipv6Addr::UNSPECIFIED),
        include_file: reader.file_of_app(&keys::NGINX_INCLUDE_FILE),
        cache: CacheOptions {
            prefixes: reader.parsed(&keys::NGINX_CACHE_PREFIXES, cache_prefixes),
            path: reader.parsed(&keys::NGINX_CACHE_PATH, cache_path),
            size: reader.count(&keys::NGINX_CACHE_SIZE),
            time: reader.count(&keys::NGINX_CACHE_TIME),
            redirects: reader.count(&keys::NGINX_CACHE_REDIRECTS),
            any: reader.count(&keys::NGINX_CACHE_ANY),
            control: reader.count(&keys::NGINX_CACHE_CONTROL),
            expiry: reader.count(&keys::NGINX_CACHE_EXPIRY),
        },
        acme_root_ca: reader.text(&keys::ACME_ROOT_CA).map(str::to_owned),
    }
}

fn server_names(text: &str) -> Result<Vec<String>, Refusal> {
    let names = ServerName::parse_list(text).map_err(refuse)?;
    Ok(names.iter().map(ToString::to_string).collect())
}

/// Checks the list against a placeholder, since the real folder of the app is not known here.
fn static_paths(text: &str) -> Result<String, Refusal> {
    for mapped in StaticPath::parse_list(text, "/piku/apps/app".into()).map_err(refuse)? {
        refuse_private(mapped.url().as_str(), mapped.url().as_str())?;
        if mapped.path().as_path().file_name().is_some_and(|name| PRIVATE.contains(&name)) {
            let why = "this file is never served";
            return Err(refuse(InvalidSite::Path { path: mapped.path().to_string(), why }));
        }
    }
    Ok(text.to_owned())
}

fn catch_all(text: &str) -> Result<String, Refusal> {
    let file: CatchAll = text.parse().map_err(refuse)?;
    refuse_private(text, file.as_str())?;
    Ok(text.to_owned())
}

/// Refuses a URL that contains the name of a private file.
fn refuse_private(text: &str, url: &str) -> Result<(), Refusal> {
    if url.split('/').any(|name| PRIVATE.contains(&name)) {
        return Err(refuse(InvalidSite::Url { url: text.to_owned(), why: "such names are never served" }));
    }
    Ok(())
}

fn cache_prefixes(text: &str) -> Result<String, Refusal> {
    Cache::parse_prefixes(text).map_err(refuse)?;
    Ok(text.to_owned())
}

fn cache_path(text: &str) -> Result<String, Refusal> {
    piku_nginx::FilePath::new(text).map_err(refuse)?;
    Ok(text.to_owned())
}

fn refuse(invalid: InvalidSite) -> Refusal {
    let code = match invalid {
        InvalidSite::ServerName { .. } => "env::bad-server-name",
        InvalidSite::Url { .. } => "env::bad-url",
        _ => "env::bad-path",
    };
    Refusal { code, message: invalid.to_string(), help: invalid.help().map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::{catch_all, static_paths};

    #[test]
    fn what_would_publish_a_secret_is_refused() {
        for text in
            ["/x:ENV", "/x:./a/../ENV", "/x:/piku/envs/blog/LIVE_ENV", "/x:Procfile", "/a/ENV:x", "/x:.."]
        {
            assert!(static_paths(text).is_err(), "{text}");
        }
        assert!(catch_all("/ENV").is_err() && catch_all("a/Procfile").is_err());
        assert!(static_paths("/x:public,/ENVS:ENVS").is_ok() && catch_all("index.html").is_ok());
    }
}
