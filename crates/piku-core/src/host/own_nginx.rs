//! The nginx that piku runs itself: its configuration, and how it is told to read it again.

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::{FilePath, Instance, InvalidSite, SitePattern, Strangers};

use rustix::process::{Pid, Signal};

use super::nginx_error::NginxError;
use super::{HostError, Surroundings, certificate, facts, files, logs, server_record};
use crate::root::Root;

/// The table of media types, where distributions keep it.
const MEDIA_TYPES: &str = "/etc/nginx/mime.types";
/// The log of refusals is emptied when it is longer than this, in bytes.
const LONG: u64 = 64 * 1024;
/// The folder that systemd makes for the service (`RuntimeDirectory=`, systemd.exec(5)).
const RUNTIME: &str = "/run/piku-nginx";
/// That the kernel knows IPv6.
const IPV6: &str = "/proc/net/if_inet6";

/// Writes the configuration, and makes the folders that it names. A second call changes nothing.
pub(crate) fn prepare(root: &Root, surroundings: &Surroundings) -> Result<(), HostError> {
    let folder = root.own_nginx();
    for folder in [&folder, &folder.join("temporary")] {
        files::make_folder(folder, 0o700)?;
    }
    // nginx does not start where it can't write its process id, and a full disk must not keep sites from coming back.
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

/// Whether the sites are served by an nginx of piku's own, running or not.
pub(crate) fn is_wanted(root: &Root) -> bool {
    root.own_nginx_conf().is_file()
}

/// The process id of its master; `None` when it does not run.
pub(crate) fn master(root: &Root) -> Option<Pid> {
    let text = files::read_text(&root.own_nginx_pid()).ok().flatten()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    // A file left by a master that was killed may name a stranger by now.
    let line =
        files::read_text(&Utf8Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("cmdline"));
    line.ok().flatten().filter(|line| line.contains("nginx: master")).map(|_| pid)
}

/// Tells it to read its configuration again; it keeps the old one when the new one is wrong.
pub(crate) fn reload(root: &Root) -> Result<(), NginxError> {
    let master = master(root).ok_or(NginxError::Stopped)?;
    if logs::length(&root.own_nginx_log()) > LONG {
        files::empty(&root.own_nginx_log()).map_err(NginxError::Reload)?;
    }
    rustix::process::kill_process(master, Signal::HUP).map_err(|_| NginxError::Stopped)
}

/// Where its log of refusals ends now.
pub(crate) fn refusals(root: &Root) -> u64 {
    logs::length(&root.own_nginx_log())
}

/// What it has said of a configuration that it refused since then, without time and process id.
pub(crate) fn refused_since(root: &Root, before: u64) -> Option<String> {
    let lines = logs::lines_since(&root.own_nginx_log(), before);
    lines.iter().find_map(|line| Some(refusal(line)?.to_owned()))
}

/// `unknown directive …` of `2026/11/25 20:00:00 [emerg] 12#12: unknown directive …`.
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
