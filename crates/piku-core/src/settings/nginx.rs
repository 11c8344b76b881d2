//! The settings of a site: the `NGINX_*` keys.

use std::net::{Ipv4Addr, Ipv6Addr};

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{
    Cache, CatchAll, Header, Hsts, InvalidSite, Network, Servable, ServerName, Size, StaticPath, Trusted,
};

use super::allowed_paths;
use super::catalog as keys;
use super::folders::AppFolders;
use super::reader::{Reader, Refusal};
use crate::certificates::wish::authority;

/// Files of an app that nginx never serves: they hold secrets or describe how the app is run.
pub(crate) const PRIVATE: [&str; 3] = ["ENV", "LIVE_ENV", "Procfile"];

/// `NGINX_MAX_BODY_SIZE` where it is not set: photos and documents pass, and nobody fills the disk with one request.
const MAX_BODY_SIZE: Size = Size::megabytes(32);
/// Folders in place of those that are not known.
const PLACEHOLDER_CACHE: &str = "/piku/cache/app";
const PLACEHOLDER_TREE: &str = "/piku/apps/app";
const PLACEHOLDER_DATA: &str = "/piku/data/app";

/// The settings of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NginxOptions {
    /// `NGINX_SERVER_NAME`: each name once, normalized by [`ServerName`]. Empty if the app has no site.
    pub server_names: Vec<String>,
    /// `NGINX_REDIRECT`: each name once, normalized by [`ServerName`], and none of the server names.
    pub redirects: Vec<String>,
    /// The names behind a `!` in `NGINX_SERVER_NAME`: within a pattern, but left to other apps.
    pub left_names: Vec<String>,
    /// `NGINX_STATIC_PATHS`, to be parsed by [`StaticPath::parse_list`].
    pub static_paths: Option<String>,
    /// `PIKU_ALLOWED_PATHS` of the server: folders that they may name besides those of the app.
    pub allowed_paths: Vec<Utf8PathBuf>,
    /// `NGINX_CATCH_ALL`, to be parsed as a [`CatchAll`].
    pub catch_all: Option<String>,
    /// `NGINX_HTTPS_ONLY`.
    pub https_only: bool,
    /// `NGINX_HSTS`.
    pub hsts: Option<Hsts>,
    /// `NGINX_MAX_BODY_SIZE`.
    pub max_body_size: Size,
    /// `NGINX_TIMEOUT`, in seconds.
    pub timeout: u32,
    /// `NGINX_BUFFERING`.
    pub buffering: bool,
    /// `NGINX_HEADERS`, in their order.
    pub headers: Vec<Header>,
    /// `NGINX_TRUSTED_PROXIES`, each once.
    pub trusted_proxies: Vec<Network>,
    /// `NGINX_ERROR_PAGES`, relative to the app's folder and below it.
    pub error_pages: Option<String>,
    /// `NGINX_BASIC_AUTH`.
    pub basic_auth: bool,
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
    /// `NGINX_LOCATION_INCLUDE_FILE`, likewise.
    pub location_include_file: Option<String>,
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
    /// `NGINX_CACHE_PATH`, relative to `cache/<app>`.
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

impl NginxOptions {
    /// Every name of the site, those that redirect too: no other app may have them, and the certificate of the site must
    /// cover them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.server_names.iter().chain(&self.redirects).cloned().collect()
    }
}

pub(super) fn read(reader: &mut Reader<'_>, folders: Option<&AppFolders>) -> NginxOptions {
    let allowed_paths = allowed_paths::of_server(reader);
    let (server_names, left_names) =
        reader.parsed(&keys::NGINX_SERVER_NAME, server_names).unwrap_or_default();
    NginxOptions {
        redirects: redirects(reader, &server_names),
        server_names,
        left_names,
        hsts: reader.parsed(&keys::NGINX_HSTS, |text| Hsts::parse(text).map_err(refuse)).flatten(),
        max_body_size: reader
            .parsed(&keys::NGINX_MAX_BODY_SIZE, |text| text.parse().map_err(refuse))
            .unwrap_or(MAX_BODY_SIZE),
        timeout: reader.count(&keys::NGINX_TIMEOUT),
        buffering: reader.boolean(&keys::NGINX_BUFFERING),
        headers: reader
            .parsed(&keys::NGINX_HEADERS, |text| Header::parse_list(text).map_err(refuse))
            .unwrap_or_default(),
        trusted_proxies: reader
            .parsed(&keys::NGINX_TRUSTED_PROXIES, |text| Trusted::parse_list(text).map_err(refuse))
            .unwrap_or_default(),
        static_paths: reader
            .parsed(&keys::NGINX_STATIC_PATHS, |text| static_paths(text, folders, &allowed_paths)),
        allowed_paths,
        catch_all: reader.parsed(&keys::NGINX_CATCH_ALL, catch_all),
        https_only: reader.boolean(&keys::NGINX_HTTPS_ONLY),
        error_pages: reader.file_of_app(&keys::NGINX_ERROR_PAGES),
        basic_auth: reader.boolean(&keys::NGINX_BASIC_AUTH),
        cloudflare_acl: reader.boolean(&keys::NGINX_CLOUDFLARE_ACL),
        allow_git_folders: reader.boolean(&keys::NGINX_ALLOW_GIT_FOLDERS),
        ipv4: reader.address(&keys::NGINX_IPV4_ADDRESS).unwrap_or(Ipv4Addr::UNSPECIFIED),
        ipv6: reader.address(&keys::NGINX_IPV6_ADDRESS).unwrap_or(Ipv6Addr::UNSPECIFIED),
        include_file: reader.file_of_app(&keys::NGINX_INCLUDE_FILE),
        location_include_file: reader.file_of_app(&keys::NGINX_LOCATION_INCLUDE_FILE),
        cache: CacheOptions {
            prefixes: reader.parsed(&keys::NGINX_CACHE_PREFIXES, cache_prefixes),
            path: reader.parsed(&keys::NGINX_CACHE_PATH, |text| cache_path(text, folders)),
            size: reader.count(&keys::NGINX_CACHE_SIZE),
            time: reader.count(&keys::NGINX_CACHE_TIME),
            redirects: reader.count(&keys::NGINX_CACHE_REDIRECTS),
            any: reader.count(&keys::NGINX_CACHE_ANY),
            control: reader.count(&keys::NGINX_CACHE_CONTROL),
            expiry: reader.count(&keys::NGINX_CACHE_EXPIRY),
        },
        acme_root_ca: reader.parsed(&keys::ACME_ROOT_CA, acme_root_ca),
    }
}

/// The names, and those behind a `!`.
fn server_names(text: &str) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let words = |left: bool| {
        let words =
            text.split([',', ' ', '\t', '\n', '\r']).filter(move |word| word.starts_with('!') == left);
        let list = words.map(|word| word.strip_prefix('!').unwrap_or(word)).collect::<Vec<_>>().join(" ");
        let names = ServerName::parse_list(&list).map_err(refuse)?;
        Ok(names.iter().map(ToString::to_string).collect())
    };
    Ok((words(false)?, words(true)?))
}

/// The names that redirect. There must be a name of the app's to redirect to, and none can do both.
fn redirects(reader: &mut Reader<'_>, own: &[String]) -> Vec<String> {
    if own.is_empty() {
        if reader.text(&keys::NGINX_SERVER_NAME).is_none() {
            let message = "without NGINX_SERVER_NAME the app has no site, so no name redirects to it";
            let help = "set NGINX_SERVER_NAME to the name to redirect to";
            reader.warn(&keys::NGINX_REDIRECT, Refusal::new("env::no-effect", message, help));
        }
        return Vec::new();
    }
    let own: Vec<ServerName> = own.iter().filter_map(|name| name.parse().ok()).collect();
    let read = |text: &str| {
        let names = ServerName::parse_list(text).map_err(refuse)?;
        if !own.iter().any(ServerName::is_plain) {
            let message = "there is no name to redirect to: NGINX_SERVER_NAME has patterns only";
            let help = "put the name to redirect to into NGINX_SERVER_NAME, before the patterns";
            return Err(Refusal::new("env::bad-redirect", message, help));
        }
        if names.iter().any(ServerName::is_any) {
            let help = "write the names that redirect, such as `www.example.org`";
            return Err(Refusal::new(
                "env::bad-redirect",
                "`_` can't redirect: it is every other name",
                help,
            ));
        }
        if let Some(name) = names.iter().find(|name| own.iter().any(|own| own.collides(name))) {
            let message = format!("`{name}` can't redirect: it is a name of the site itself");
            let help = "keep it in NGINX_SERVER_NAME or in NGINX_REDIRECT, not in both";
            return Err(Refusal::new("env::bad-redirect", message, help));
        }
        Ok(names.iter().map(ToString::to_string).collect())
    };
    reader.parsed(&keys::NGINX_REDIRECT, read).unwrap_or_default()
}

/// The list with paths below the app's folder, or its data. The folder itself is not known here, and the data only on
/// a server: elsewhere an absolute path is left to that.
fn static_paths(
    text: &str,
    folders: Option<&AppFolders>,
    allowed: &[Utf8PathBuf],
) -> Result<String, Refusal> {
    let data = folders.map_or(Utf8Path::new(PLACEHOLDER_DATA), |folders| &folders.data);
    let mut list = text.replace("${DATA_ROOT}", data.as_str()).replace("$DATA_ROOT", data.as_str());
    if let Some(folders) = folders {
        list = list.replace(&format!("{}/", folders.tree), "./");
    }
    let from = Servable::tree(PLACEHOLDER_TREE.into()).with_data(data).with_others(allowed);
    let all = match StaticPath::parse_list(&list, &from) {
        Err(InvalidSite::Path { path, .. })
            if folders.is_none()
                && !path.starts_with("/piku")
                && Utf8Path::new(&path).components().any(|part| part.as_str() == "data") =>
        {
            Vec::new()
        }
        all => all.map_err(refuse)?,
    };
    for mapped in all {
        refuse_private(mapped.url().as_str(), mapped.url().as_str())?;
        if mapped.path().as_path().file_name().is_some_and(|name| PRIVATE.contains(&name)) {
            let why = "this file is never served";
            return Err(refuse(InvalidSite::Path { path: mapped.path().to_string(), why }));
        }
    }
    Ok(list)
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

fn acme_root_ca(text: &str) -> Result<String, Refusal> {
    match authority(Some(text)) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Refusal::new("env::bad-authority", error.to_string(), error.help())),
    }
}

fn cache_prefixes(text: &str) -> Result<String, Refusal> {
    Cache::parse_prefixes(text).map_err(refuse)?;
    Ok(text.to_owned())
}

/// A path below the app's folder for its cache, relative to that. Where the folder is not known, an absolute path is
/// left to the server.
fn cache_path(text: &str, folders: Option<&AppFolders>) -> Result<String, Refusal> {
    let elsewhere = || {
        let message = format!("`{text}` is not below `cache/<app>`, the folder for the cache of the app");
        let help = "leave NGINX_CACHE_PATH out, or name a folder there, such as `pages`";
        Refusal::new("env::bad-path", message, help)
    };
    let top = Utf8Path::new(PLACEHOLDER_CACHE);
    let path = piku_nginx::FilePath::new(top.join(text)).map_err(refuse)?;
    if let Ok(below) = path.as_path().strip_prefix(top) {
        return Ok(below.to_string());
    }
    let Some(folders) = folders else {
        let fits = path.as_path().components().any(|part| part.as_str() == "cache");
        return if fits { Ok(String::new()) } else { Err(elsewhere()) };
    };
    path.as_path().strip_prefix(&folders.cache).map(ToString::to_string).map_err(|_| elsewhere())
}

fn refuse(invalid: InvalidSite) -> Refusal {
    let code = match invalid {
        InvalidSite::ServerName { .. } => "env::bad-server-name",
        InvalidSite::Url { .. } => "env::bad-url",
        InvalidSite::Size(_) => "env::bad-size",
        InvalidSite::Hsts { .. } => "env::bad-hsts",
        InvalidSite::Header { .. } | InvalidSite::HeaderPair(_) | InvalidSite::HeaderName { .. } => {
            "env::bad-header"
        }
        InvalidSite::Network(_) | InvalidSite::TrustsAll(_) => "env::bad-address",
        _ => "env::bad-path",
    };
    let help = match &invalid {
        InvalidSite::HeaderName { name, .. } if name.eq_ignore_ascii_case("Strict-Transport-Security") => {
            Some("set NGINX_HSTS instead, such as `NGINX_HSTS=on`")
        }
        InvalidSite::HeaderName { .. } => Some("remove it from the list"),
        invalid => invalid.help(),
    };
    Refusal { code, message: invalid.to_string(), help: help.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::super::{EnvFile, Layers, StoredSettings, options};
    use super::{AppFolders, cache_path, catch_all, server_names, static_paths};

    #[test]
    fn a_cache_is_below_the_folder_for_it() {
        let folders = AppFolders::known(&[("DATA_ROOT".into(), "/r/data/blog".into())].into());
        let read = |text: &str| cache_path(text, folders.as_ref()).ok();
        for (text, path) in
            [("pages", "pages"), ("/r/cache/blog", ""), ("/r/cache/blog/a/./b", "a/b"), (".", "")]
        {
            assert_eq!(read(text).as_deref(), Some(path), "{text}");
        }
        for text in
            ["/etc", "/r/data/victim", "..", "a/../../victim", "/r/cache/victim", "/r/cache/blog/../x", "a$b"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(cache_path("/srv/cache/blog", None).is_ok() && cache_path("/etc", None).is_err());
    }

    #[test]
    fn names_behind_an_exclamation_mark_are_left_to_others() {
        let (names, left) = server_names("*.a.test,!X.a.test\n.b.test !*.c.b.test").unwrap();
        assert_eq!(
            (names.join(" "), left.join(" ")),
            ("*.a.test .b.test".into(), "x.a.test *.c.b.test".into())
        );
        assert!(server_names("!").unwrap().0.is_empty() && server_names("!~x").is_err());
    }

    #[test]
    fn what_the_reference_says_of_the_size_of_a_request_is_what_a_site_gets() {
        assert_eq!(super::keys::NGINX_MAX_BODY_SIZE.default_text(), Some(super::MAX_BODY_SIZE.to_string()));
    }

    /// Reads these lines of `ENV`; the codes of the problems, and the options.
    fn read(env: &str) -> (Vec<&'static str>, super::NginxOptions) {
        let file = EnvFile::read(env.as_bytes()).expand(&Default::default());
        let layers = Layers::new(file.values.unwrap(), &StoredSettings::default());
        let (options, problems) = options(&layers);
        (problems.iter().map(|problem| problem.diagnostic.code).collect(), options.nginx)
    }

    #[test]
    fn keys_are_typed_values_or_problems_with_a_code() {
        for (line, code) in [
            ("NGINX_MAX_BODY_SIZE=1.5g", "env::bad-size"),
            ("NGINX_TIMEOUT=5m", "env::not-a-number"),
            ("NGINX_TIMEOUT=0", "env::out-of-range"),
            ("NGINX_BUFFERING=maybe", "env::not-a-boolean"),
            ("NGINX_HSTS=1", "env::bad-hsts"),
            ("NGINX_HEADERS=X-A", "env::bad-header"),
            ("NGINX_HEADERS=Content-Length: 1", "env::bad-header"),
            ("NGINX_HEADERS=Strict-Transport-Security: max-age=1", "env::bad-header"),
            ("NGINX_TRUSTED_PROXIES=proxy.example", "env::bad-address"),
            ("NGINX_TRUSTED_PROXIES=0.0.0.0/0", "env::bad-address"),
            ("NGINX_REDIRECT=www.x.org", "env::no-effect"),
            ("NGINX_SERVER_NAME=*.x.org\nNGINX_REDIRECT=www.y.org", "env::bad-redirect"),
            ("NGINX_SERVER_NAME=x.org\nNGINX_REDIRECT=X.org.", "env::bad-redirect"),
            ("NGINX_SERVER_NAME=x.org\nNGINX_REDIRECT=.x.org", "env::bad-redirect"),
            ("NGINX_SERVER_NAME=x.org\nNGINX_REDIRECT=_", "env::bad-redirect"),
            ("NGINX_SERVER_NAME=x.org\nNGINX_REDIRECT=a b;", "env::bad-server-name"),
        ] {
            assert_eq!(read(line).0, [code], "{line}");
        }
        let (problems, read) = read(
            "NGINX_SERVER_NAME=x.org .z.org\nNGINX_REDIRECT=www.x.org, old.z.org\nNGINX_BUFFERING=off\n\
             NGINX_HSTS=0\nNGINX_MAX_BODY_SIZE=0\nNGINX_TIMEOUT=7\nNGINX_TRUSTED_PROXIES=10.0.0.0/8\n\
             NGINX_HEADERS=X-A: 1 | X-B: 2",
        );
        assert_eq!(problems, [] as [&str; 0]);
        assert_eq!(read.names(), ["x.org", ".z.org", "www.x.org", "old.z.org"]);
        assert_eq!((read.max_body_size.bytes(), read.timeout, read.buffering), (0, 7, false));
        assert_eq!((read.headers.len(), read.trusted_proxies.len()), (2, 1));
        assert_eq!(read.hsts.map(|hsts| hsts.max_age), Some(0));
    }

    #[test]
    fn what_would_publish_a_secret_is_refused() {
        for text in
            ["/x:ENV", "/x:./a/../ENV", "/x:/piku/envs/blog/LIVE_ENV", "/x:Procfile", "/a/ENV:x", "/x:.."]
        {
            assert!(static_paths(text, None, &[]).is_err(), "{text}");
        }
        for text in ["/x:/etc", "/x:../victim", "/x:$DATA_ROOT/../victim"] {
            assert!(static_paths(text, None, &[]).is_err(), "{text}");
        }
        let folders = AppFolders::known(
            &[("DATA_ROOT", "/r/data/blog"), ("PWD", "/r/tree")].map(|(k, v)| (k.into(), v.into())).into(),
        );
        let read = |text: &str| static_paths(text, folders.as_ref(), &[]).ok();
        assert_eq!(
            read("/m:${DATA_ROOT}/m,/n:$DATA_ROOT").as_deref(),
            Some("/m:/r/data/blog/m,/n:/r/data/blog")
        );
        assert_eq!(read("/s:/r/tree/public").as_deref(), Some("/s:./public"));
        assert!(
            read("/x:/r/data/victim").is_none() && static_paths("/x:/srv/data/blog/m", None, &[]).is_ok()
        );
        assert!(catch_all("/ENV").is_err() && catch_all("a/Procfile").is_err());
        let allowed = ["/srv/media".into()];
        let with = |text: &str| static_paths(text, folders.as_ref(), &allowed).is_ok();
        assert!(with("/x:/srv/media/x,/y:public") && with("/x:/srv/media"));
        assert!(!with("/x:/srv/mediation") && !with("/x:/srv/media/../etc") && !with("/x:/srv/media/ENV"));
        assert!(static_paths("/x:public,/ENVS:ENVS", None, &[]).is_ok() && catch_all("index.html").is_ok());
    }
}
