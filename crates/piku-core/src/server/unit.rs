//! Renders the unit files of a server.

use super::describe::Server;
use super::nginx_way::NginxWay;

/// A systemd unit file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitFile {
    /// Its name, such as `piku.service`.
    pub name: &'static str,
    /// Its text.
    pub text: String,
    /// The nginx that needs it; `None` if it is always needed.
    pub of: Option<NginxWay>,
}

/// Hardening for services without privileges (systemd.exec(5)). No deployed program is known to need what it forbids.
/// Namespaces and devices stay allowed: small boards have pins and cameras.
///
/// `RestrictNamespaces=` and an allow list of system calls are left out on purpose, since apps will be isolated with
/// namespaces. `PrivateTmp=` is left out because an app and `piku run` over ssh share `/tmp`.
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

/// The first line of each unit file.
const HEAD: &str = "# Part of piku. Make changes with `systemctl edit`: upgrades overwrite this file.";

impl Server {
    /// Every unit file of the server, for both kinds of nginx.
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
        // notify systemd on behalf of the service. It is not needed, since a deploy asks the emperor itself and waits.
        format!(
            "{HEAD}
[Unit]
Description=piku app server (uWSGI emperor)
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
Description=Repair piku apps after startup
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
Description=nginx for piku apps
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
Description=Watch the sites of piku apps

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
Description=Reload nginx for piku apps
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=-{nginx} -s reload
",
            nginx = self.nginx_program
        )
    }
}
