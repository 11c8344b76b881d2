use std::net::SocketAddr;

use crate::{
    Cache, CatchAll, Comment, FileName, FilePath, Header, Http2, InvalidSite, Listen, Namespace, Network,
    Probe, ServerName, SiteName, SocketPath, StaticPath,
};

/// The nginx site of one app.
///
/// Make one with [`Site::new`] and set what it is to have.
///
/// The same site always gives the same bytes. Where two parts of a site want the same URL, the first of this order
/// has it: probe, ACME challenge, static paths as they are listed, cache, backend. A static path for `/` comes last but one:
/// the backend answers for what its folder doesn't have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// The name of the site, which is the name of its app.
    pub name: SiteName,
    /// What sets its names apart from those of other programs in the same nginx.
    pub namespace: Namespace,
    /// What stands above it, for people who read the file.
    pub comment: Option<Comment>,
    /// What is added to every answer.
    pub headers: Vec<Header>,
    /// The hosts that the app answers for.
    pub server_names: Vec<ServerName>,
    /// Where nginx listens for them.
    pub listen: Listen,
    /// The certificate; without one there is no HTTPS.
    pub tls: Option<Tls>,
    /// Whether HTTP only redirects to HTTPS. Means nothing without a certificate.
    pub https_only: bool,
    /// How HTTP/2 is asked for.
    pub http2: Http2,
    /// Whether TLS for an unknown host is refused in the handshake (nginx 1.19.4 and later) and not after it.
    ///
    /// Not done for a site whose names are addresses or `_`: clients then name no host in the handshake. Such a site
    /// should be alone on its address, or the first of the files there: another one's refusal comes before it.
    pub reject_handshake: bool,
    /// Who answers.
    pub backend: Backend,
    /// What nginx serves itself.
    pub statics: Vec<StaticPath>,
    /// The file that static paths serve for what they don't have, such as `index.html`.
    pub catch_all: Option<CatchAll>,
    /// Files and folders of these names are never served, wherever they are below a static path.
    pub never_served: Vec<FileName>,
    /// Whether folders named `.git` are passed on and served.
    pub allow_git_folders: bool,
    /// The folder below which an ACME client puts `.well-known/acme-challenge`.
    pub acme_webroot: Option<FilePath>,
    /// What is cached.
    pub cache: Option<Cache>,
    /// Who alone may ask, besides the machine itself.
    pub allow_only: Option<Vec<Network>>,
    /// A file of the app's own with more directives, included at the end of `server`.
    ///
    /// With one, timeouts and `server_tokens` are left to it: nginx refuses to be told twice.
    pub include: Option<FilePath>,
    /// How to find out that nginx runs this very site; without one, nothing tells.
    pub probe: Option<Probe>,
}

impl Site {
    /// Makes a site on all addresses, over HTTP only, without static files.
    pub fn new(name: SiteName, server_names: Vec<ServerName>, backend: Backend) -> Self {
        Self {
            name,
            namespace: Namespace::default(),
            comment: None,
            headers: Vec::new(),
            server_names,
            listen: Listen::default(),
            tls: None,
            https_only: false,
            http2: Http2::Off,
            reject_handshake: false,
            backend,
            statics: Vec::new(),
            catch_all: None,
            never_served: Vec::new(),
            allow_git_folders: false,
            acme_webroot: None,
            cache: None,
            allow_only: None,
            include: None,
            probe: None,
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

    /// Names the upstream, and the zone of the cache.
    pub(crate) fn upstream(&self) -> String {
        self.name.upstream(&self.namespace)
    }

    /// Names the host of the server that turns strangers away.
    pub(crate) fn guard(&self) -> String {
        self.name.guard(&self.namespace)
    }
}

/// A certificate with its key, both as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// The certificate, with the chain after it.
    pub certificate: FilePath,
    /// The private key.
    pub key: FilePath,
}

impl Tls {
    /// Names both files.
    pub fn new(certificate: FilePath, key: FilePath) -> Self {
        Self { certificate, key }
    }
}

/// Who answers what nginx doesn't serve itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// uWSGI, over Unix sockets. None is [`Backend::Unavailable`].
    Uwsgi(Vec<SocketPath>),
    /// A server that speaks HTTP. None is [`Backend::Unavailable`].
    Http(Vec<SocketAddr>),
    /// Nobody at the moment: the answer is 503.
    Unavailable,
    /// Nobody ever: nginx serves the static paths, and the rest is 404.
    StaticOnly,
}
