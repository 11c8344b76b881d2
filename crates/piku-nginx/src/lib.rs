//! Describes nginx sites, and an nginx that serves only sites, and renders them as configuration text.
//!
//! Pure: a [`Site`] goes in, text comes out. The crate never reads a file, never runs nginx, and never decides where
//! the text goes. Each value in the text has its own type, parsed once, so that no value can close a brace, begin a
//! directive, or be expanded as a variable.
//!
//! ```
//! use piku_nginx::Site;
//! let site = Site::proxied("blog", ["blog.example.org"], "127.0.0.1:4001")?;
//! assert!(site.to_string().contains("server_name blog.example.org;"));
//! # Ok::<(), piku_nginx::InvalidSite>(())
//! ```
//!
//! Begin at [`Site`]; [`Site::new`] makes one with defaults, and every field can be set afterwards. [`Instance`] is
//! the main configuration around sites. Both are rendered in `render/`, from the outermost block inwards.
//!
//! Names that show up in nginx come from the caller: a [`Namespace`], a [`Comment`], [headers](Header), and the path
//! of a [`Probe`].

mod cache;
mod comment;
mod directives;
mod error;
mod error_page;
mod file_name;
mod file_path;
mod header;
mod hsts;
mod include;
mod instance;
mod listen;
mod maintenance;
mod moved;
mod namespace;
mod network;
mod probe;
mod quote;
mod render;
mod server_name;
mod site;
mod site_name;
mod size;
mod static_path;
mod tls;
mod trusted;
mod url_path;
mod version;
mod workers;

pub use cache::Cache;
pub use comment::Comment;
pub use directives::DirectiveNames;
pub use error::InvalidSite;
pub use error_page::{ErrorPage, ErrorPages};
pub use file_name::FileName;
pub use file_path::{FilePath, SocketPath};
pub use header::Header;
pub use hsts::Hsts;
pub use include::{IncludeMistake, IncludedFile, Includes, Place, origin, server_names_in};
pub use instance::{Instance, SitePattern, Strangers};
pub use listen::{Http2, Listen};
pub use maintenance::{Maintenance, MaintenanceFiles, Pass};
pub use moved::moved;
pub use namespace::Namespace;
pub use network::Network;
pub use probe::{Answer, Probe};
pub use server_name::ServerName;
pub use site::{Backend, Site};
pub use site_name::SiteName;
pub use size::Size;
pub use static_path::{CatchAll, Led, Servable, StaticPath};
pub use tls::Tls;
pub use trusted::{Trusted, VisitorHeader};
pub use url_path::UrlPath;
pub use version::Version;
pub use workers::{Workers, configuration_path, error_log_path};

/// The examples of the README, which are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
