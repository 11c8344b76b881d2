//! Errors when another app has what a site wants.

use std::net::IpAddr;

use crate::app::AppName;

/// Why an app can't have its site.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The server name belongs to the site of another app, or meets one of its names.
    #[error("the server name `{name}` {}belongs to the app `{holder}`", meets(name, held))]
    ServerName {
        /// The name.
        name: String,
        /// The name of the other app.
        held: String,
        /// The other app.
        holder: AppName,
    },
    /// The site would be served at an address of its own, at which the site of another app is served too.
    #[error(
        "nginx would give every request to {address} to this app, and none to `{holder}`, which is served at all addresses"
    )]
    Address {
        /// The address.
        address: IpAddr,
        /// The other app.
        holder: AppName,
    },
}

impl ClaimError {
    /// A code for the error, stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ServerName { .. } => "deploy::server-name-taken",
            Self::Address { .. } => "deploy::address-taken",
        }
    }

    /// What to do now.
    #[must_use]
    pub fn help(&self) -> String {
        let is_pattern = |name: &str| name.starts_with(['.', '*']) || name.ends_with('*');
        let another = "choose another NGINX_SERVER_NAME";
        match self {
            Self::ServerName { name, held, holder } if name.eq_ignore_ascii_case(held) => format!(
                "{another}, or take it from `{holder}` first: `config:set {holder} NGINX_SERVER_NAME=…`"
            ),
            Self::ServerName { name, held, holder } if is_pattern(held) => format!(
                "{another}, or add `!{name}` to that of `{holder}`, which then leaves the name to this app"
            ),
            Self::ServerName { name, held, holder } if is_pattern(name) => {
                format!("{another}, or add `!{held}` to it, which leaves the name to `{holder}`")
            }
            Self::ServerName { .. } => another.to_owned(),
            Self::Address { holder, .. } => format!(
                "leave NGINX_IPV4_ADDRESS and NGINX_IPV6_ADDRESS out, or give `{holder}` an address as well: `config:set {holder} NGINX_IPV4_ADDRESS=…`"
            ),
        }
    }
}

/// What stands between a name and its holder.
fn meets(name: &str, held: &str) -> String {
    if name.eq_ignore_ascii_case(held) { String::new() } else { format!("meets `{held}`, which ") }
}
