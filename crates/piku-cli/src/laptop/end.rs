//! Which end a command acts on: this machine, or a server over ssh.
//!
//! On a machine that has a root, a command acts there. Elsewhere, in a work tree with a remote `piku`, it acts on the
//! app of that remote. `--remote` and `PIKU_SERVER` say otherwise.

use piku_core::AppName;

use super::address::Address;
use super::error::LaptopError;
use super::words::Chosen;

/// The remote that is meant when none is named.
pub(super) const REMOTE: &str = "piku";

/// What decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    /// What the command line says.
    pub(super) chosen: Chosen,
    /// `PIKU_SERVER`.
    pub(super) server: Option<String>,
    /// `PIKU_APP`.
    pub(super) app: Option<String>,
    /// Whether this machine has a root.
    pub(super) has_root: bool,
}

/// The end that a command acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// This machine.
    Here,
    /// A server.
    Far(Far),
    /// Neither.
    Nowhere,
}

/// A server, and the app of the current folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Far {
    pub(super) address: Address,
    pub(super) app: Option<AppName>,
    /// The remote that named them, unless the environment did.
    pub(super) remote: Option<String>,
}

/// Decides. `remote` gives the address of a git remote.
pub(super) fn decide(signs: &Signs, remote: impl Fn(&str) -> Option<String>) -> Result<End, LaptopError> {
    let app = match (&signs.chosen.app, &signs.app) {
        (Some(name), _) => Some(named(name, "--app")?),
        (None, Some(name)) => Some(named(name, "PIKU_APP")?),
        (None, None) => None,
    };
    let of_remote = |name: &str, url: &str| {
        let what = format!("the remote `{name}`");
        let address: Address =
            url.parse().map_err(|source| LaptopError::Address { what: what.clone(), source })?;
        far(address, app.clone(), &what, Some(name.to_owned()))
    };
    if let Some(name) = &signs.chosen.remote {
        let url = remote(name).ok_or_else(|| LaptopError::NoRemote(name.clone()))?;
        return of_remote(name, &url).map(End::Far);
    }
    if let Some(server) = &signs.server {
        let what = "PIKU_SERVER".to_owned();
        let address = Address::of_server(server)
            .map_err(|source| LaptopError::Address { what: what.clone(), source })?;
        return far(address, app, &what, None).map(End::Far);
    }
    if signs.has_root {
        return if signs.chosen.app.is_some() { Err(LaptopError::AppHere) } else { Ok(End::Here) };
    }
    match remote(REMOTE) {
        Some(url) => of_remote(REMOTE, &url).map(End::Far),
        None => Ok(End::Nowhere),
    }
}

fn far(
    address: Address,
    app: Option<AppName>,
    what: &str,
    remote: Option<String>,
) -> Result<Far, LaptopError> {
    let own = if app.is_some() { None } else { address.app() };
    let own = own.transpose().map_err(|source| LaptopError::App { what: what.to_owned(), source })?;
    Ok(Far { app: app.or(own), address, remote })
}

fn named(name: &str, what: &str) -> Result<AppName, LaptopError> {
    name.parse().map_err(|source| LaptopError::App { what: what.to_owned(), source })
}

impl Far {
    /// Where commands act, for help and errors.
    pub(super) fn shown(&self) -> String {
        let of = |app: &AppName| format!("the app `{app}` at {}", self.address.server());
        self.app.as_ref().map_or_else(|| self.address.server(), of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(signs: &Signs, url: Option<&str>) -> String {
        let remote = |name: &str| match name {
            "piku" => url.map(str::to_owned),
            "staging" => Some("ssh://piku@staging:2222/shop".to_owned()),
            _ => None,
        };
        match decide(signs, remote) {
            Ok(End::Far(far)) => far.shown(),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{} ({})", error, error.code()),
        }
    }

    fn chosen(remote: Option<&str>, app: Option<&str>) -> Chosen {
        Chosen { remote: remote.map(str::to_owned), app: app.map(str::to_owned) }
    }

    #[test]
    fn a_root_comes_before_a_remote_and_what_is_said_before_both() {
        let url = Some("piku@box:blog");
        let plain = Signs::default();
        let root = Signs { has_root: true, ..Signs::default() };
        let server = Signs { server: Some("piku@other".into()), ..root.clone() };
        let staging = Signs { chosen: chosen(Some("staging"), None), ..server.clone() };
        for (signs, url, wanted) in [
            (&plain, url, "the app `blog` at piku@box"),
            (&plain, None, "Nowhere"),
            (&root, url, "Here"),
            (&server, url, "piku@other"),
            (&staging, url, "the app `shop` at ssh://piku@staging:2222"),
        ] {
            assert_eq!(decided(signs, url), wanted);
        }
    }

    #[test]
    fn the_app_is_the_one_of_the_command_line_then_of_the_environment_then_of_the_address() {
        let url = Some("piku@box:blog");
        let app = Signs { app: Some("shop".into()), ..Signs::default() };
        let both = Signs { chosen: chosen(None, Some("wiki")), ..app.clone() };
        let server = Signs { server: Some("piku@other:mail".into()), ..Signs::default() };
        assert_eq!(decided(&app, url), "the app `shop` at piku@box");
        assert_eq!(decided(&both, url), "the app `wiki` at piku@box");
        assert_eq!(decided(&server, url), "the app `mail` at piku@other");
    }

    #[test]
    fn what_names_no_server_or_no_app_is_refused() {
        let with = |remote, app| Signs { chosen: chosen(remote, app), ..Signs::default() };
        let here = Signs { has_root: true, ..with(None, Some("blog")) };
        let odd = Signs { server: Some("-oProxyCommand=id".into()), ..Signs::default() };
        for (signs, url, wanted) in [
            (with(Some("none"), None), None, "laptop::no-remote"),
            (with(None, Some("../x")), Some("piku@box:blog"), "app::name"),
            (with(None, None), Some("../blog"), "laptop::address"),
            (with(None, None), Some("https://box/blog"), "laptop::address"),
            (with(None, None), Some("-oProxyCommand=id:blog"), "laptop::address"),
            (with(None, None), Some("piku@box:some/where"), "app::name"),
            (here, None, "command::usage"),
            (odd, None, "laptop::address"),
        ] {
            let decided = decided(&signs, url);
            assert!(decided.ends_with(&format!("({wanted})")), "{decided}");
        }
    }
}
