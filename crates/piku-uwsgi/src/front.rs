use camino::Utf8PathBuf;

use crate::{Common, InvalidValue};

/// An HTTP port, owned for ever, in front of apps that come and go behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontVassal {
    /// What vassals of every kind have.
    pub common: Common,
    /// The address that it listens on: a number or a name; `::` and its like without brackets.
    pub address: String,
    /// The TCP port that it listens on.
    pub port: u16,
    /// The unix sockets of the apps, each speaking the uwsgi protocol. They may be symbolic links that change
    /// later: they are followed anew for each connection.
    pub backends: Vec<Utf8PathBuf>,
    /// How many connections may wait to be accepted. More than the kernel's `net.core.somaxconn` is an error.
    pub listen: u32,
    /// Seconds that a connection may be silent.
    pub timeout: u32,
}

impl FrontVassal {
    /// Describes a port with one app behind it, 100 waiting connections, and a minute of silence.
    pub fn new(
        common: Common,
        address: impl Into<String>,
        port: u16,
        backend: impl Into<Utf8PathBuf>,
    ) -> Self {
        let backends = vec![backend.into()];
        Self { common, address: address.into(), port, backends, listen: 100, timeout: 60 }
    }

    /// Renders the whole file.
    pub fn to_ini(&self) -> Result<String, InvalidValue> {
        let mut ini = self.common.begin()?;
        ini.plugin_unless("http", "http")?;
        let address = self.address.trim_start_matches('[').trim_end_matches(']');
        let numeric = address.parse::<std::net::IpAddr>();
        let named =
            !address.is_empty() && address.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let shown = match numeric {
            Ok(std::net::IpAddr::V6(v6)) => format!("[{v6}]:{}", self.port),
            _ => format!("{address}:{}", self.port),
        };
        ini.checked("http", &shown, "an address", numeric.is_ok() || named)?;
        for backend in &self.backends {
            ini.path("http-to", backend, &[':', ','])?;
        }
        ini.number("listen", self.listen.into(), 1, 65_535)?;
        ini.number("http-timeout", self.timeout.into(), 1, 86_400)?;
        ini.flag("http-websockets");
        ini.flag("http-chunked-input");
        Ok(ini.finish())
    }
}
