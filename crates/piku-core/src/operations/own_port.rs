//! Where an app itself listens on this machine, without nginx.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::app::AppName;
use crate::deploy::vassals::enabled;
use crate::error::Error;
use crate::host::{emperor, sockets};
use crate::piku::Piku;

impl Piku {
    /// The first port of the live release on which one of the app's own processes listens.
    ///
    /// # Errors
    /// [`Error::NeverDeployed`], [`Error::NoPort`].
    pub fn own_port(&self, app: &AppName) -> Result<SocketAddr, Error> {
        let live = self.live(app)?;
        let stats = emperor::ask(&self.root.emperor_stats()).unwrap_or_default();
        let running = enabled::of_app(&self.root, app)?;
        let pids: Vec<i32> =
            running.iter().filter_map(|one| Some(stats.vassal(&one.to_string())?.pid)).collect();
        let found = live.ports.iter().find_map(|port| {
            let ip = pids.iter().find_map(|pid| sockets::bound_below(*port, *pid).into_iter().next())?;
            Some(SocketAddr::new(reached(ip), *port))
        });
        found.ok_or_else(|| Error::NoPort { app: app.clone(), has_site: live.site.is_some() })
    }
}

/// The address at which this machine reaches a socket that listens at `ip`.
fn reached(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
