//! The unit files of a server, as text.

use super::describe::Server;
use super::nginx_way::NginxWay;

/// A unit file of systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitFile {
    /// Its name, such as `piku.service`.
    pub name: &'static str,
    /// Its text.
    pub text: String,
    /// Which way to have nginx needs it; `None` when each does.
    pub of: Option<NginxWay>,
}

/// Settings for a service without rights of its own, which no program that people deploy has been seen to miss
/// (systemd.exec(5)). Namespaces stay allowed, and so do devices: small boards have pins and cameras.
///
/// `RestrictNamespaces=` and an allow list of system calls are left out on purpose: apps are to be isolated by
/// namespaces. So is `PrivateTmp=`: an app and `piku run` over ssh share `/tmp`.
const HARDENING: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
";

/// Says that the file is ours.
const HEAD: &str = "# Part of piku. Changes belong into `systemctl edit`, which an upgrade leaves alone.";

impl Server {
    /// Gives every unit file of the server, of both ways to have nginx.
    #[must_use]
    pub fn units(&self) -> Vec<UnitFile> {
        vec![
            UnitFile { name: "piku.service", text: self.emperor(), of: None },
            UnitFile { name: "piku-repair.service", text: self.repair(), of: None },
            UnitFile { name: "piku-nginx.service", text: self.own_nginx(), of: Some(NginxWay::Own) },
            UnitFile { name: "piku-nginx.path", text: self.watch(), of: Some(NginxWay::System) },
            UnitFile { name: "piku-nginx-reload.service", text: self.reload(), of: Some(NginxWay::System) },
        ]
    }

    fn emperor(&self) -> String {
        let Self { user, home, program, .. } = self;
        // Type=notify would need NOTIFY_SOCKET in the emperor's environment, which vassals inherit: any app could then
        // speak for the service. The emperor is ready when it is there; whoever deploys asks it, and waits.
        format!(
            "{HEAD}
[Unit]
Description=piku, which runs the apps
After=network.target remote-fs.target
Wants=piku-repair.service
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
ExecStart={program} emperor
ExecStop={program} emperor --stop
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=15
Restart=always
RestartSec=2
OOMPolicy=continue
Delegate=yes
{HARDENING}CapabilityBoundingSet=
ReadWritePaths={home} /tmp /var/tmp -/srv -/mnt -/media

[Install]
WantedBy=multi-user.target
"
        )
    }

    fn repair(&self) -> String {
        let Self { user, program, .. } = self;
        format!(
            "{HEAD}
[Unit]
Description=Looks after the apps once piku has started
After=piku.service

[Service]
Type=exec
User={user}
ExecStart={program} repair
Nice=5
"
        )
    }

    fn own_nginx(&self) -> String {
        let user = &self.user;
        let root = self.root();
        let conf = root.own_nginx_conf();
        let (sites, caches) = (root.nginx(), root.all_caches());
        format!(
            "{HEAD}
[Unit]
Description=nginx for the apps of piku
After=network.target
StartLimitIntervalSec=0
ConditionPathExists={conf}

[Service]
Type=exec
User={user}
ExecStart={nginx} -e stderr -c {conf}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
TimeoutStopSec=10
Restart=always
RestartSec=2
RuntimeDirectory=piku-nginx
RuntimeDirectoryMode=0700
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
{HARDENING}PrivateDevices=yes
PrivateTmp=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
SystemCallArchitectures=native
ReadWritePaths={sites} {caches}

[Install]
WantedBy=multi-user.target
",
            nginx = self.nginx_program,
        )
    }

    fn watch(&self) -> String {
        let sites = self.root().nginx();
        format!(
            "{HEAD}
[Unit]
Description=Watches the sites of piku's apps

[Path]
PathChanged={sites}
Unit=piku-nginx-reload.service

[Install]
WantedBy=multi-user.target
"
        )
    }

    fn reload(&self) -> String {
        format!(
            "{HEAD}
[Unit]
Description=Has nginx read the sites of piku's apps
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=-{nginx} -s reload
",
            nginx = self.nginx_program
        )
    }
}
