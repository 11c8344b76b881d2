//! Sites.

use std::net::SocketAddr;

use crate::{
    Cache, CatchAll, Comment, DirectiveNames, ErrorPages, FileName, FilePath, Header, Hsts, Http2, Includes,
    InvalidSite, Listen, MaintenanceFiles, Namespace, Network, Probe, ServerName, SiteName, Size, SocketPath,
    StaticPath, Tls, Trusted, UrlPath,
};

/// The nginx site of one app.
///
/// Make one with [`Site::new`] and set its fields.
///
/// The same site always gives the same bytes. If two parts of a site claim the same URL, the first in this order gets
/// it: probe, ACME challenge, static paths in their order, cache, backend. A static path for `/` comes just before
/// the backend, which answers for what the folder does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// The name of the site, which is the name of its app.
    pub name: SiteName,
    /// Prefix of its names, to avoid conflicts with other programs in the same nginx.
    pub namespace: Namespace,
    /// The comment above it, for people who read the file.
    pub comment: Option<Comment>,
    /// Headers added to every answer.
    pub headers: Vec<Header>,
    /// The host names of the app.
    pub server_names: Vec<ServerName>,
    /// Host names that redirect to the first of the server names that is not a pattern. Without such a name they have
    /// no effect, and a name that the app has itself has none.
    pub redirects: Vec<ServerName>,
    /// The addresses and ports nginx listens on.
    pub listen: Listen,
    /// The certificate; without one there is no HTTPS.
    pub tls: Option<Tls>,
    /// Whether HTTP only redirects to HTTPS. Has no effect without a certificate.
    pub https_only: bool,
    /// For how long browsers use HTTPS only, once they have an answer over HTTPS.
    pub hsts: Option<Hsts>,
    /// How HTTP/2 is turned on.
    pub http2: Http2,
    /// Whether TLS for an unknown host is refused in the handshake (nginx 1.19.4 and later), not after it.
    ///
    /// Has no effect on a site whose names include an IP address or `_`, because clients then name no host in the
    /// handshake. Such a site should be alone on its address or come first: the refusal of another site would come
    /// before it.
    pub reject_handshake: bool,
    /// What answers requests.
    pub backend: Backend,
    /// What nginx serves itself.
    pub statics: Vec<StaticPath>,
    /// The file that static paths serve for missing files, such as `index.html`.
    pub catch_all: Option<CatchAll>,
    /// The page for missing files, such as `/404.html`. Where there is none, nginx's own is shown.
    pub not_found: Option<UrlPath>,
    /// Names of files and folders that are never served, anywhere below a static path.
    pub never_served: Vec<FileName>,
    /// Whether folders named `.git` are served and passed on.
    pub allow_git_folders: bool,
    /// The folder in which an ACME client creates `.well-known/acme-challenge`.
    pub acme_webroot: Option<FilePath>,
    /// What is cached.
    pub cache: Option<Cache>,
    /// The only addresses that may connect, besides the machine itself. It is the address of the connection that
    /// counts, whatever a proxy says of the visitor's. Needs nginx's module `realip`.
    pub allow_only: Option<Vec<Network>>,
    /// The proxies whose word counts about a visitor's address, scheme, host, and port.
    pub trusted: Option<Trusted>,
    /// The largest body of a request; without one, nginx's own limit of 1 MB.
    pub max_body_size: Option<Size>,
    /// The seconds that may pass between two parts of an answer, and between two parts of a request on its way to the
    /// app.
    pub timeout: u32,
    /// Whether nginx collects an answer before it sends it to a slow client, and a request before it passes it on.
    ///
    /// Without it, each part is sent as it comes, for events and streams. What is cached is collected all the same, and
    /// so is a request to uWSGI, which must know the length of its body.
    pub buffering: bool,
    /// Directives that people write themselves. What they say is left out of the site where nginx refuses duplicates.
    pub includes: Includes,
    /// A file that nginx includes as it is at the end of `server`, for sites that had one before [`Includes`].
    ///
    pub include: Option<FilePath>,
    /// The directives in that file. Those that the site sets for the whole server are left to the file, because nginx
    /// refuses duplicates, and so are those that a location would override.
    pub left_to_include: DirectiveNames,
    /// A URL that shows whether nginx is running exactly this site.
    pub probe: Option<Probe>,
    /// The file with the users who may see the site, as htpasswd(1) writes it. Without users in it, nobody may. The
    /// probe and ACME challenges stay open.
    pub users: Option<FilePath>,
    /// The site's own pages for nginx's errors. Needs the probe, below whose path nginx finds them.
    pub error_pages: Option<ErrorPages>,
    /// The log of requests, without those for the probe. Its folder must exist.
    pub access_log: Option<FilePath>,
    /// What to include while the site is under maintenance.
    pub maintenance: Option<MaintenanceFiles>,
}

impl Site {
    /// Makes a site on all addresses, with HTTP only and no static files.
    pub fn new(name: SiteName, server_names: Vec<ServerName>, backend: Backend) -> Self {
        Self {
            name,
            namespace: Namespace::default(),
            comment: None,
            headers: Vec::new(),
            server_names,
            redirects: Vec::new(),
            listen: Listen::default(),
            tls: None,
            https_only: false,
            hsts: None,
            http2: Http2::Off,
            reject_handshake: false,
            backend,
            statics: Vec::new(),
            catch_all: None,
            not_found: None,
            never_served: Vec::new(),
            allow_git_folders: false,
            acme_webroot: None,
            cache: None,
            allow_only: None,
            trusted: None,
            max_body_size: None,
            timeout: 300,
            buffering: true,
            includes: Includes::default(),
            include: None,
            left_to_include: DirectiveNames::default(),
            probe: None,
            users: None,
            error_pages: None,
            access_log: None,
            maintenance: None,
        }
    }

    /// Makes a site that passes everything to one address, such as `127.0.0.1:4001`.
    ///
    /// # Errors
    /// [`InvalidSite`] when the name, a host, or the address can't be written into a configuration.
    pub fn proxied<'a>(
        name: &str,
        server_names: impl IntoIterator<Item = &'a str>,
        address: &str,
    ) -> Result<Self, InvalidSite> {
        let server_names = server_names.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        let address =
            address.parse().map_err(|source| InvalidSite::Address { address: address.to_owned(), source })?;
        Ok(Self::new(name.parse()?, server_names, Backend::Http(vec![address])))
    }

    /// Returns every host name of the site, those that redirect too: nobody else may have them, and its certificate
    /// must cover them.
    pub fn names(&self) -> impl Iterator<Item = &ServerName> {
        let redirects = self.redirects.iter().filter(|name| self.is_redirect(name));
        self.server_names.iter().chain(redirects)
    }

    /// Returns the host name to which others redirect.
    pub fn main_name(&self) -> Option<&ServerName> {
        self.server_names.iter().find(|name| name.is_plain())
    }

    /// Whether the name is not one of the app's own.
    pub(crate) fn is_redirect(&self, name: &ServerName) -> bool {
        !self.server_names.iter().any(|own| own.collides(name))
    }

    /// Returns the name of the upstream and of the cache zone.
    pub(crate) fn upstream(&self) -> String {
        self.name.upstream(&self.namespace)
    }

    /// Returns the host name of the server that rejects unknown hosts.
    pub(crate) fn guard(&self) -> String {
        self.name.guard(&self.namespace)
    }
}

/// What answers requests that nginx does not serve itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// uWSGI, over Unix sockets. An empty list counts as [`Backend::Unavailable`].
    Uwsgi(Vec<SocketPath>),
    /// A server that speaks HTTP. An empty list counts as [`Backend::Unavailable`].
    Http(Vec<SocketAddr>),
    /// Nothing at the moment: the answer is 503.
    Unavailable,
    /// Nothing: nginx serves the static paths, and everything else is 404.
    StaticOnly,
}
