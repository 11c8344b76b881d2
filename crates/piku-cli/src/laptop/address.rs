//! The address of a server, or of an app on it, as git writes the address of a repository.

use std::str::FromStr;

use piku_core::AppName;

/// Where a server is, and which app of it is meant, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `user@host`, or a host alone: a name, an address, or an alias of ssh's configuration.
    pub(crate) destination: String,
    /// The port, if it is not the one that ssh's configuration gives.
    pub(crate) port: Option<u16>,
    /// The path after the host, as given.
    pub(crate) path: Option<String>,
}

/// Why a text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidAddress {
    /// It names a folder or a file.
    #[error("`{0}` is on this machine, not on a server")]
    Local(String),
    /// It is reached by something other than ssh.
    #[error("`{0}` is not an address of ssh")]
    NotSsh(String),
    /// There is no host in it.
    #[error("`{0}` has no host")]
    NoHost(String),
    /// Its user or host could be read as an option, or by a shell.
    #[error("`{0}` has a user or host that ssh must not be given")]
    Unsafe(String),
    /// Its port is no number.
    #[error("`{0}` has an invalid port")]
    Port(String),
}

/// Beginnings of addresses that git reaches over ssh.
const SCHEMES: [&str; 3] = ["ssh://", "git+ssh://", "ssh+git://"];

impl Address {
    /// Parses the address of a server, whose app may be left out: `piku@host`, `host`, `ssh://piku@host:2222`.
    pub(crate) fn of_server(text: &str) -> Result<Self, InvalidAddress> {
        if is_url(text) || text.contains('/') || after_brackets(text).1.contains(':') {
            return text.parse();
        }
        Self::new(text, text, None)
    }

    /// The app that the path names.
    pub(crate) fn app(&self) -> Option<Result<AppName, piku_core::InvalidAppName>> {
        self.path.as_deref().map(AppName::from_git_path)
    }

    /// The same server, with this app, as git takes it.
    pub(crate) fn url(&self, app: &AppName) -> String {
        let host = self.destination.rsplit_once('@').map_or(self.destination.as_str(), |(_, host)| host);
        match self.port {
            None if !host.contains(':') => format!("{}:{app}", self.destination),
            port => {
                let user = self.destination.strip_suffix(host).unwrap_or_default();
                let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                format!("ssh://{user}{host}{port}/{app}")
            }
        }
    }

    /// The server as a person writes it.
    pub(crate) fn server(&self) -> String {
        self.port
            .map_or_else(|| self.destination.clone(), |port| format!("ssh://{}:{port}", self.destination))
    }

    /// Checks the parts. `authority` is `user@host`, `user@host:port`, or either with brackets around an IPv6 address.
    fn new(text: &str, authority: &str, path: Option<String>) -> Result<Self, InvalidAddress> {
        let (user, place) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None if place.matches(':').count() == 1 => {
                place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
            }
            None => (place, None),
        };
        let text = || text.to_owned();
        if host.is_empty() || user == Some("") {
            return Err(InvalidAddress::NoHost(text()));
        }
        if !is_safe(host) || !user.is_none_or(is_safe) {
            return Err(InvalidAddress::Unsafe(text()));
        }
        let port = port.filter(|port| !port.is_empty()).map(str::parse).transpose();
        let port = port.map_err(|_| InvalidAddress::Port(text()))?;
        let destination = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
        Ok(Self { destination, port, path: path.filter(|path| !path.is_empty()) })
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    /// Parses the address of a remote: `piku@host:app`, `[piku@host:2222]:app`, `ssh://piku@host:2222/app`.
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        if let Some(rest) = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            return Self::new(text, authority, Some(path.to_owned()));
        }
        if is_url(text) {
            return Err(InvalidAddress::NotSsh(text.to_owned()));
        }
        let (brackets, rest) = after_brackets(text);
        // As git has it: a slash before the first colon makes it a path.
        let Some((before, path)) = rest.split_once(':').filter(|(before, _)| !before.contains('/')) else {
            return Err(InvalidAddress::Local(text.to_owned()));
        };
        let authority = match brackets.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            // `[user@host:port]`, git's way to give a port without `ssh://`.
            Some(inner) if before.is_empty() && inner.matches(':').count() < 2 => inner.to_owned(),
            Some(inner) if before.is_empty() => match inner.rsplit_once('@') {
                Some((user, host)) => format!("{user}@[{host}]"),
                None => format!("[{inner}]"),
            },
            _ => format!("{brackets}{before}"),
        };
        Self::new(text, &authority, Some(path.to_owned()))
    }
}

fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', ':', '@']))
}

/// Splits after the first pair of brackets, in which colons divide nothing.
fn after_brackets(text: &str) -> (&str, &str) {
    let begins = text.starts_with('[') || text.contains("@[");
    match text.find(']').filter(|_| begins) {
        Some(end) => text.split_at(end + 1),
        None => ("", text),
    }
}

/// Whether ssh takes it for a user or host, and so does a shell of a `ProxyCommand` in ssh's configuration.
fn is_safe(part: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "'`\"$;&<>|(){}*?!#".contains(c);
    !part.starts_with('-') && !part.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<u16>, String) {
        let address: Address = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let app = address.app().map(|app| app.unwrap().to_string()).unwrap_or_default();
        (address.destination, address.port, app)
    }

    #[test]
    fn a_remote_is_read_as_git_reads_it() {
        for (text, destination, port, app) in [
            ("piku@my.server:blog", "piku@my.server", None, "blog"),
            ("piku@my.server:/blog.git", "piku@my.server", None, "blog"),
            ("box:blog", "box", None, "blog"),
            ("[piku@127.0.0.1:2222]:blog", "piku@127.0.0.1", Some(2222), "blog"),
            ("[my.server:2222]:blog", "my.server", Some(2222), "blog"),
            ("piku@[::1]:blog", "piku@::1", None, "blog"),
            ("[piku@::1]:blog", "piku@::1", None, "blog"),
            ("[::1]:blog", "::1", None, "blog"),
            ("ssh://piku@my.server:2222/blog", "piku@my.server", Some(2222), "blog"),
            ("ssh://piku@my.server/~/blog.git", "piku@my.server", None, "blog"),
            ("ssh://piku@[fe80::1%eth0]:2222/blog", "piku@fe80::1%eth0", Some(2222), "blog"),
            ("ssh://box/blog", "box", None, "blog"),
            ("git+ssh://piku@box//blog", "piku@box", None, "blog"),
        ] {
            assert_eq!(parts(text), (destination.to_owned(), port, app.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_server_over_ssh_is_refused() {
        use InvalidAddress::{Local, NoHost, NotSsh, Port, Unsafe};
        let failure = |text: &str| text.parse::<Address>().unwrap_err();
        for text in ["../blog", "/srv/blog", "blog", "./a:b", ""] {
            assert_eq!(failure(text), Local(text.to_owned()));
        }
        for text in ["https://example.org/blog", "git://example.org/blog", "file:///srv/blog"] {
            assert_eq!(failure(text), NotSsh(text.to_owned()));
        }
        for text in [
            "-oProxyCommand=id:blog",
            "ssh://-oProxyCommand=id/blog",
            "piku@-oProxyCommand=id:blog",
            "-l@box:blog",
            "[-F:22]:blog",
            "pi ku@box:blog",
            "box`id`:blog",
            "$(id)@box:blog",
            "box\n:blog",
        ] {
            assert_eq!(failure(text), Unsafe(text.to_owned()));
        }
        assert_eq!(failure("ssh:///blog"), NoHost("ssh:///blog".to_owned()));
        assert_eq!(failure("@box:blog"), NoHost("@box:blog".to_owned()));
        assert_eq!(failure("ssh://box:many/blog"), Port("ssh://box:many/blog".to_owned()));
        assert_eq!(failure("ssh://box:99999/blog"), Port("ssh://box:99999/blog".to_owned()));
    }

    #[test]
    fn a_server_may_be_given_without_an_app() {
        for (text, destination, port) in [
            ("piku@my.server", "piku@my.server", None),
            ("box", "box", None),
            ("ssh://piku@box:2222", "piku@box", Some(2222)),
            ("ssh://piku@box:2222/", "piku@box", Some(2222)),
            ("[::1]", "::1", None),
        ] {
            let address = Address::of_server(text).unwrap();
            assert_eq!((address.destination.as_str(), address.port), (destination, port), "{text}");
            assert_eq!(address.app(), None, "{text}");
        }
        let with_app = Address::of_server("piku@box:blog").unwrap();
        assert_eq!(with_app.app().unwrap().unwrap().as_str(), "blog");
        assert!(Address::of_server("-oProxyCommand=id").is_err());
        assert!(Address::of_server("").is_err());
    }

    #[test]
    fn an_address_of_an_app_is_read_as_it_was_written() {
        let app: AppName = "blog".parse().unwrap();
        for text in ["piku@box", "box", "ssh://piku@box:2222", "ssh://piku@[::1]:2222", "piku@[::1]"] {
            let address = Address::of_server(text).unwrap();
            let again: Address = address.url(&app).parse().unwrap();
            assert_eq!((&again.destination, again.port), (&address.destination, address.port), "{text}");
            assert_eq!(again.app().unwrap().unwrap(), app, "{text}");
        }
    }
}
