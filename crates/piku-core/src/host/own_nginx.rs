//! piku's own nginx: writes its configuration and reloads it.

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{FilePath, Instance, InvalidSite, SitePattern, Strangers};

use rustix::process::{Pid, Signal};

use super::nginx_error::NginxError;
use super::{HostError, Surroundings, certificate, facts, files, logs, server_record};
use crate::root::Root;

/// The table of media types on most distributions.
const MEDIA_TYPES: &str = "/etc/nginx/mime.types";
/// The size at which the log of rejected configurations is emptied, in bytes.
const LONG: u64 = 64 * 1024;
/// The folder that systemd creates for the service (`RuntimeDirectory=`, systemd.exec(5)).
const RUNTIME: &str = "/run/piku-nginx";
/// Exists if the kernel supports IPv6.
const IPV6: &str = "/proc/net/if_inet6";

/// Writes the configuration and creates its folders. A second call changes nothing.
pub(crate) fn prepare(root: &Root, surroundings: &Surroundings) -> Result<(), HostError> {
    let folder = root.own_nginx();
    for folder in [&folder, &folder.join("temporary")] {
        files::make_folder(folder, 0o700)?;
    }
    // nginx does not start if it can't write its pid file, so keep that in memory: sites must come back on a full disk.
    if server_record::read().is_some_and(|record| record.root() == *root) {
        if root.own_nginx_run().is_dir() && !root.own_nginx_run().is_symlink() {
            files::remove_folder(&root.own_nginx_run())?;
        }
        files::link(&root.own_nginx_run(), Utf8Path::new(RUNTIME))?;
    } else {
        files::make_folder(&root.own_nginx_run(), 0o700)?;
    }
    let rejects = facts::nginx(surroundings)?.version.is_none_or(piku_nginx::Version::reject_handshake);
    let (certificate, key) = (folder.join("strangers.crt"), folder.join("strangers.key"));
    if !rejects {
        certificate::ensure(&certificate, &key, &["localhost".to_owned()])?;
    }
    let strangers = (!rejects).then_some((certificate, key));
    let text = describe(root, strangers)
        .map_err(|source| HostError::NginxPath { path: folder, source: Box::new(source) })?
        .to_string();
    if files::read_text(&root.own_nginx_conf())?.as_deref() != Some(&text) {
        files::write(&root.own_nginx_conf(), text.as_bytes(), 0o600)?;
    }
    Ok(())
}

/// Whether piku's own nginx serves the sites. It need not be running.
pub(crate) fn is_wanted(root: &Root) -> bool {
    root.own_nginx_conf().is_file()
}

/// The process id of the master; `None` if nginx is not running.
pub(crate) fn master(root: &Root) -> Option<Pid> {
    let text = files::read_text(&root.own_nginx_pid()).ok().flatten()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    // A stale file may hold the pid of another program by now.
    let line =
        files::read_text(&Utf8Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("cmdline"));
    line.ok().flatten().filter(|line| line.contains("nginx: master")).map(|_| pid)
}

/// Reloads nginx. If the new configuration is invalid, nginx keeps the old one.
pub(crate) fn reload(root: &Root) -> Result<(), NginxError> {
    let master = master(root).ok_or(NginxError::Stopped)?;
    if logs::length(&root.own_nginx_log()) > LONG {
        files::empty(&root.own_nginx_log()).map_err(NginxError::Reload)?;
    }
    rustix::process::kill_process(master, Signal::HUP).map_err(|_| NginxError::Stopped)
}

/// Tells nginx to open its logs anew. One that does not run opens them when it starts.
pub(crate) fn reopen_logs(root: &Root) {
    if let Some(master) = master(root) {
        let _ = rustix::process::kill_process(master, Signal::USR1);
    }
}

/// The current length of the log of rejected configurations.
pub(crate) fn refusals(root: &Root) -> u64 {
    logs::length(&root.own_nginx_log())
}

/// Why nginx rejected a configuration since then, without time and process id; `None` if it did not.
pub(crate) fn refused_since(root: &Root, before: u64) -> Option<String> {
    let lines = logs::lines_since(&root.own_nginx_log(), before);
    lines.iter().find_map(|line| Some(refusal(line)?.to_owned()))
}

/// The message of a log line: `unknown directive …` in `2026/11/25 20:00:00 [emerg] 12#12: unknown directive …`.
fn refusal(line: &str) -> Option<&str> {
    let (_, said) = line.split_once(" [emerg] ")?;
    Some(said.split_once(": ").map_or(said, |(_, said)| said))
}

fn describe(root: &Root, strangers: Option<(Utf8PathBuf, Utf8PathBuf)>) -> Result<Instance, InvalidSite> {
    let mut instance = Instance::new(
        SitePattern::in_folder(root.nginx().as_str())?,
        FilePath::new(root.own_nginx_pid())?,
        FilePath::new(root.own_nginx_log())?,
        FilePath::new(root.own_nginx().join("temporary"))?,
    );
    if Utf8Path::new(MEDIA_TYPES).is_file() {
        instance.media_types = Some(FilePath::new(MEDIA_TYPES)?);
    }
    if !Utf8Path::new(IPV6).exists() {
        instance.addresses.retain(std::net::IpAddr::is_ipv4);
    }
    if let Some((certificate, key)) = strangers {
        instance.strangers =
            Strangers::Closed { certificate: FilePath::new(certificate)?, key: FilePath::new(key)? };
    }
    Ok(instance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_what_nginx_says_without_when_and_who() {
        let line = "2026/11/25 20:00:00 [emerg] 12#12: unknown directive \"x: y\" in /r/nginx/blog.conf:3";
        assert_eq!(refusal(line), Some("unknown directive \"x: y\" in /r/nginx/blog.conf:3"));
        assert_eq!(refusal("2026/11/25 20:00:00 [notice] 12#12: signal process started"), None);
    }

    #[test]
    fn the_configuration_names_files_below_the_root_alone() {
        let mut instance = describe(&Root::new("/r"), None).unwrap();
        instance.media_types = None;
        insta::assert_snapshot!(instance);
    }
}
