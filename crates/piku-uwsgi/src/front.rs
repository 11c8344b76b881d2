//! The router: an HTTP port in front of apps.

use std::net::{IpAddr, SocketAddr};

use camino::Utf8PathBuf;

use crate::{Common, InvalidValue};

/// An HTTP port that stays open while the apps behind it change.
///
/// Apps see the client's address in `REMOTE_ADDR`. WebSockets pass. The length of a chunked body is not known to apps,
/// which [`AppVassal`](crate::AppVassal) answers with 411. When no app listens, the connection is closed without an
/// answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrontVassal {
    /// What every kind of vassal has.
    pub common: Common,
    /// The address it listens on: an IP address or a name; IPv6 without brackets.
    pub address: String,
    /// The TCP port it listens on.
    pub port: u16,
    /// The unix sockets of the apps, which speak the uwsgi protocol. Symbolic links may change later: they are
    /// resolved for each connection.
    pub backends: Vec<Utf8PathBuf>,
    /// How many connections may wait to be accepted. More than the kernel's `net.core.somaxconn` is an error.
    pub listen: u32,
    /// Seconds that a connection may be idle.
    pub timeout: u32,
}

impl FrontVassal {
    /// Describes a port for these sockets, with 100 waiting connections and a minute of idle time.
    pub fn new(common: Common, address: impl Into<String>, port: u16, backends: Vec<Utf8PathBuf>) -> Self {
        Self { common, address: address.into(), port, backends, listen: 100, timeout: 60 }
    }

    /// Renders the whole file.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = self.common.begin()?;
        ini.plugin_unless("http", "http")?;
        let (address, fits) = self.address();
        ini.checked("http", &address, "an address", fits)?;
        for backend in &self.backends {
            ini.path("http-to", backend, &[':'])?;
        }
        ini.number("listen", self.listen.into(), 1, 65_535)?;
        ini.number("http-timeout", self.timeout.into(), 1, 86_400)?;
        ini.flag("http-websockets");
        Ok(ini.finish())
    }

    /// Joins address and port in uWSGI's form; also returns whether both are valid.
    fn address(&self) -> (String, bool) {
        let bare =
            self.address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&self.address);
        let is_name =
            !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        match bare.parse::<IpAddr>() {
            Ok(address) => (SocketAddr::new(address, self.port).to_string(), self.port != 0),
            Err(_) => {
                (format!("{}:{}", self.address, self.port), is_name && bare == self.address && self.port != 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn front() -> FrontVassal {
        let common = Common::new("/srv", "blog:front");
        FrontVassal::new(common, "127.0.0.1", 8000, vec!["/srv/run/blog.sock".into()])
    }

    #[test]
    fn a_front_owns_a_port_and_leads_to_a_socket() {
        insta::assert_snapshot!(front().to_ini().unwrap(), @r"
        [uwsgi]
        chdir = /srv
        procname-prefix-spaced = blog:front
        auto-procname = true
        umask = 027
        if-not-plugin = http
        plugin = http
        end-if =
        http = 127.0.0.1:8000
        http-to = /srv/run/blog.sock
        listen = 100
        http-timeout = 60
        http-websockets = true
        ");
    }

    #[test]
    fn an_address_is_a_number_or_a_name() {
        let cases = [
            ("0.0.0.0", "0.0.0.0:8000"),
            ("::1", "[::1]:8000"),
            ("[::]", "[::]:8000"),
            ("localhost", "localhost:8000"),
        ];
        for (address, line) in cases {
            let ini = FrontVassal { address: address.to_owned(), ..front() }.to_ini().unwrap();
            assert!(ini.contains(&format!("\nhttp = {line}\n")), "{address}");
        }
        for address in ["", "a b", "1.2.3.4:80", "[localhost]", "=0", "/run/x", "*"] {
            let error = FrontVassal { address: address.to_owned(), ..front() }.to_ini().unwrap_err();
            assert_eq!((error.key, error.fault), (Some("http"), Fault::NotA("an address")), "{address:?}");
        }
        assert!(FrontVassal { port: 0, ..front() }.to_ini().is_err());
    }

    #[test]
    fn several_backends_have_a_line_each() {
        let backends = vec!["/srv/a.sock".into(), "/srv/b c.sock".into()];
        let ini = FrontVassal { backends, ..front() }.to_ini().unwrap();
        assert!(ini.contains("\nhttp-to = /srv/a.sock\nhttp-to = /srv/b c.sock\n"));
    }
}
