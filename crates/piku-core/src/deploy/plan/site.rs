//! Renders the site of a release, and the request that shows whether nginx serves it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use camino::Utf8PathBuf;
use piku_nginx::{
    Backend, Cache, DirectiveNames, ErrorPage, FilePath, Header, InvalidSite, Probe, ServerName, Site,
    SiteName, SocketPath, Tls, Trusted, UrlPath, Version, VisitorHeader,
};

use super::cloudflare;
use super::decide::{Plan, Serves};
use super::gate;
use super::statics::{self, ServedLink};
use crate::app::AppName;
use crate::deploy::DeployError;
use crate::deploy::source::inputs::Inputs;
use crate::fingerprint;
use crate::gate::maintenance;
use crate::host::door::Door;
use crate::host::nginx::Question;
use crate::included::{Directives, NAMESPACE};
use crate::root::Root;
use crate::settings::{NginxOptions, PRIVATE};

/// A site as text, with the request that only this text answers correctly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenderedSite {
    pub(crate) text: String,
    pub(crate) question: Question,
    pub(crate) door: Door,
    /// Whether it serves files, which nginx must then have access to.
    pub(crate) serves_files: bool,
    /// Whether some of them are in the app's data.
    pub(crate) serves_data: bool,
    /// The folder of its cache, relative to that of all caches.
    pub(crate) cache: Option<Utf8PathBuf>,
}

/// What a site depends on besides plan and settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) directives: &'a Directives,
    /// The links in what it serves.
    pub(crate) links: &'a [ServedLink],
    /// The app's own pages for errors, which are in its folder of them.
    pub(crate) error_pages: &'a [ErrorPage],
    pub(crate) nginx: Option<Version>,
}

/// Renders the site of a plan; `None` if the app has no site.
pub(crate) fn render(
    root: &Root,
    app: &AppName,
    inputs: &Inputs,
    plan: &Plan,
    place: &Place<'_>,
) -> Result<Option<RenderedSite>, DeployError> {
    if !inputs.has_site() || plan.serves == Serves::Nothing {
        return Ok(None);
    }
    let failed = |source: InvalidSite| DeployError::Site { app: app.clone(), source: Box::new(source) };
    let mut site = describe(root, app, inputs, &plan.serves, place).map_err(failed)?;
    // The answer contains a hash of the text, so the next release needs no reload if its text is the same.
    let answer = format!("{app} {}", fingerprint::of(site.to_string()));
    let probe = probe(app, &answer).map_err(failed)?;
    let path = probe.path.to_string();
    site.probe = Some(probe);
    let options = &inputs.options.nginx;
    let address = if options.ipv4.is_unspecified() { Ipv4Addr::LOCALHOST } else { options.ipv4 };
    let question = Question {
        address: SocketAddr::new(IpAddr::V4(address), site.listen.http_port),
        host: plain_host(&options.server_names),
        path,
        answer,
        exact: false,
    };
    let door = Door {
        http: question.address,
        https: SocketAddr::new(question.address.ip(), site.listen.https_port),
        host: question.host.clone(),
        certificate: root.certificate(app),
        https_only: options.https_only,
        pass: None,
    };
    let data = root.data(app);
    let cache =
        site.cache.as_ref().and_then(|cache| cache.path.as_path().strip_prefix(root.all_caches()).ok());
    Ok(Some(RenderedSite {
        cache: cache.map(Into::into),
        text: site.to_string(),
        question,
        door,
        serves_files: !site.statics.is_empty() || site.error_pages.is_some(),
        serves_data: site.statics.iter().any(|mapped| mapped.path().as_path().starts_with(&data)),
    }))
}

/// A host name for requests to the app: one of its names that is not a pattern, or else a name that matches its first
/// pattern. Without a name, `localhost`.
pub(crate) fn plain_host(server_names: &[String]) -> String {
    let names: Vec<ServerName> = server_names.iter().filter_map(|name| name.parse().ok()).collect();
    let plain = names.iter().find(|name| name.is_plain()).or(names.first());
    plain.map_or_else(|| "localhost".to_owned(), |name| name.example("piku"))
}

fn describe(
    root: &Root,
    app: &AppName,
    inputs: &Inputs,
    serves: &Serves,
    place: &Place<'_>,
) -> Result<Site, InvalidSite> {
    let options = &inputs.options.nginx;
    let name: SiteName = app.as_str().parse()?;
    let server_names = options.server_names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    let mut site = Site::new(name, server_names, backend(serves)?);
    site.namespace = NAMESPACE.parse()?;
    site.comment =
        Some(format!("The site of the app `{app}`. Piku overwrites this file at every deploy.").parse()?);
    site.headers = vec![Header::new("X-Deployed-By", "Piku")?];
    site.headers.extend(options.headers.iter().cloned());
    site.redirects = options.redirects.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    site.never_served = PRIVATE.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    site.probe = Some(probe(app, app.as_str())?);
    site.listen.ipv4 = Some(options.ipv4);
    site.listen.ipv6 = (!inputs.options.disable_ipv6).then_some(options.ipv6);
    let mut tls = Tls::new(FilePath::new(root.certificate(app))?, FilePath::new(root.certificate_key(app))?);
    tls.named_in = Some(FilePath::new(root.tls(app))?);
    site.tls = Some(tls);
    site.https_only = options.https_only;
    if let Some(version) = place.nginx {
        site.http2 = version.http2();
        site.reject_handshake = version.reject_handshake();
    }
    site.allow_git_folders = options.allow_git_folders;
    site.acme_webroot = Some(FilePath::new(root.acme())?);
    site.statics = statics::of(root, app, inputs, serves, place.links)?;
    if let Serves::Static(_) = serves {
        site.not_found = Some("/404.html".parse()?);
    }
    site.catch_all = options.catch_all.as_deref().map(str::parse).transpose()?;
    site.includes = place.directives.parsed.clone();
    // A file that nginx reads itself may say anything, which the site must not say again.
    if let Some((file, text)) = &place.directives.unread {
        site.include = Some(FilePath::new(file)?);
        site.left_to_include = DirectiveNames::of(text);
    }
    site.hsts = options.hsts;
    site.max_body_size = Some(options.max_body_size);
    site.timeout = options.timeout;
    site.buffering = options.buffering;
    gate::add(&mut site, root, app, options, place.error_pages)?;
    site.allow_only = if options.cloudflare_acl { Some(cloudflare::ranges()?) } else { None };
    site.trusted = trusted(options)?;
    site.cache = cache(root, app, inputs)?;
    Ok(site)
}

/// The proxies whose word counts. With the ACL, every request comes through Cloudflare, which has a header of its own
/// for the visitor's address.
fn trusted(options: &NginxOptions) -> Result<Option<Trusted>, InvalidSite> {
    let mut trusted = Trusted::new(options.trusted_proxies.clone());
    if options.cloudflare_acl {
        trusted.networks.extend(cloudflare::ranges()?);
        trusted.visitor = VisitorHeader::CfConnectingIp;
    }
    Ok((!trusted.networks.is_empty()).then_some(trusted))
}

/// The location that only this machine may request, and its answer.
fn probe(app: &AppName, answer: &str) -> Result<Probe, InvalidSite> {
    Ok(Probe::new(maintenance::probe_path(app)?, answer.parse()?))
}

fn backend(serves: &Serves) -> Result<Backend, InvalidSite> {
    Ok(match serves {
        Serves::Uwsgi(sockets) => {
            Backend::Uwsgi(sockets.iter().map(SocketPath::new).collect::<Result<_, _>>()?)
        }
        Serves::Web(addresses) => Backend::Http(addresses.clone()),
        Serves::Static(_) => Backend::StaticOnly,
        Serves::Unavailable | Serves::Nothing => Backend::Unavailable,
    })
}

fn cache(root: &Root, app: &AppName, inputs: &Inputs) -> Result<Option<Cache>, InvalidSite> {
    let options = &inputs.options.nginx.cache;
    let Some(prefixes) = &options.prefixes else { return Ok(None) };
    let prefixes: Vec<UrlPath> = Cache::parse_prefixes(prefixes)?;
    if prefixes.is_empty() {
        return Ok(None);
    }
    let path = root.cache(app).join(options.path.as_deref().unwrap_or_default());
    let mut cache = Cache::new(FilePath::new(path)?, prefixes);
    cache.size = options.size;
    cache.time = options.time;
    cache.redirects = options.redirects;
    cache.any = options.any;
    cache.control = options.control;
    cache.expiry = options.expiry;
    Ok(Some(cache))
}
