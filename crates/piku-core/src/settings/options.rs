//! The settings that piku reads, as typed values.

use std::net::IpAddr;
use std::time::Duration;

use super::catalog as keys;
use super::folders::AppFolders;
use super::layers::Layers;
use super::nginx::{self, NginxOptions};
use super::persist;
use super::reader::{OptionProblem, Reader, Refusal};
use super::uwsgi::{self, UwsgiOptions};

/// Every setting that piku reads, with the default where one is not set or invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// `PIKU_AUTO_RESTART`.
    pub auto_restart: bool,
    /// `PIKU_KEEP_RELEASES`, at least 1.
    pub keep_releases: u32,
    /// `PIKU_PERSIST`: each path once, relative to the app's folder, without `.` or `..`, and not nested.
    pub persist: Vec<String>,
    /// The paths behind a `!` in `PIKU_PERSIST`, which are not persisted even if the app writes them; `.` is everything.
    pub left_out: Vec<String>,
    /// `PIKU_DEPLOY_STRATEGY`.
    pub strategy: Strategy,
    /// `PIKU_HEALTHCHECK`: printable ASCII, beginning with `/`.
    pub healthcheck: Option<String>,
    /// `PIKU_HEALTHCHECK_TIMEOUT`.
    pub healthcheck_timeout: Duration,
    /// `PIKU_DEPLOY_BRANCH`, without `refs/heads/`.
    pub deploy_branch: Option<String>,
    /// `PIKU_RUNTIME`.
    pub runtime: Option<String>,
    /// `PYTHON_VERSION`, as written.
    pub python_version: Option<String>,
    /// `PORT`.
    pub port: Option<u16>,
    /// `BIND_ADDRESS`: an IP address without brackets, or `localhost`.
    pub bind_address: String,
    /// `DISABLE_IPV6`.
    pub disable_ipv6: bool,
    /// `UWSGI_*`.
    pub uwsgi: UwsgiOptions,
    /// `NGINX_*`.
    pub nginx: NginxOptions,
}

/// The order in which processes are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// Start the new processes, then stop the old ones: no gap, but memory for both copies.
    #[default]
    StartFirst,
    /// Stop the old processes, then start the new ones, for machines without memory for two copies.
    StopFirst,
}

/// Reads the settings that piku knows. Each invalid value is a problem with its place; those in the app's `ENV` file
/// come first, then those in the stored settings, each in the order of the file.
///
/// White space around a value is ignored. An empty value counts as not set, but as false for a boolean.
#[must_use]
pub fn options(values: &Layers) -> (Options, Vec<OptionProblem>) {
    options_in(values, None)
}

/// Like [`options`], for an app whose folders are known: paths are checked against them.
pub(crate) fn options_in(values: &Layers, folders: Option<&AppFolders>) -> (Options, Vec<OptionProblem>) {
    let mut reader = Reader::new(values);
    let persist::PersistPaths { persist, left_out } =
        reader.parsed(&keys::PIKU_PERSIST, persist::paths).unwrap_or_default();
    let options = Options {
        auto_restart: reader.boolean(&keys::PIKU_AUTO_RESTART),
        keep_releases: reader.count(&keys::PIKU_KEEP_RELEASES),
        persist,
        left_out,
        strategy: reader.parsed(&keys::PIKU_DEPLOY_STRATEGY, strategy).unwrap_or_default(),
        healthcheck: reader.parsed(&keys::PIKU_HEALTHCHECK, healthcheck),
        healthcheck_timeout: Duration::from_secs(reader.count(&keys::PIKU_HEALTHCHECK_TIMEOUT)),
        deploy_branch: reader.parsed(&keys::PIKU_DEPLOY_BRANCH, branch),
        runtime: reader.text(&keys::PIKU_RUNTIME).map(str::to_owned),
        python_version: reader.text(&keys::PYTHON_VERSION).map(str::to_owned),
        port: reader.number(&keys::PORT),
        bind_address: bind_address(&mut reader),
        disable_ipv6: reader.boolean(&keys::DISABLE_IPV6),
        uwsgi: uwsgi::read(&mut reader),
        nginx: nginx::read(&mut reader, folders),
    };
    reader.problems.sort_by_key(|problem| (problem.origin, problem.diagnostic.span.start));
    (options, reader.problems)
}

fn strategy(name: &str) -> Result<Strategy, Refusal> {
    match name {
        "start-first" => Ok(Strategy::StartFirst),
        "stop-first" => Ok(Strategy::StopFirst),
        _ => {
            let help = "write `start-first`, or `stop-first` to save memory";
            Err(Refusal::new("env::bad-strategy", format!("`{name}` is not a deploy strategy"), help))
        }
    }
}

fn bind_address(reader: &mut Reader<'_>) -> String {
    const LOCALHOST: &str = "localhost";
    if reader.text(&keys::BIND_ADDRESS) == Some(LOCALHOST) {
        return LOCALHOST.to_owned();
    }
    let default = || keys::BIND_ADDRESS.default_text().unwrap_or_default();
    reader.address::<IpAddr>(&keys::BIND_ADDRESS).map_or_else(default, |address| address.to_string())
}

fn healthcheck(path: &str) -> Result<String, Refusal> {
    let fits = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| path.to_owned()).ok_or_else(|| {
        let help = "write a path such as `/health`, beginning with a slash, and `%20` for a space";
        Refusal::new("env::bad-url", format!("`{path}` is not a path that can be asked for"), help)
    })
}

/// Applies git's rules for branch names (git-check-ref-format(1)).
fn branch(name: &str) -> Result<String, Refusal> {
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    let unwanted = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    let odd = short.is_empty() || short.contains(unwanted) || short.contains("..") || short.contains("@{");
    if odd || short.starts_with(['-', '/']) || short.ends_with(['/', '.']) {
        let help = "write the name of one branch, such as `main`";
        return Err(Refusal::new("env::bad-branch", format!("`{name}` can't be the name of a branch"), help));
    }
    Ok(short.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_means_the_defaults() {
        let (options, problems) = options(&Layers::default());
        assert_eq!(problems, []);
        insta::assert_debug_snapshot!(options, @r#"
        Options {
            auto_restart: true,
            keep_releases: 5,
            persist: [],
            left_out: [],
            strategy: StartFirst,
            healthcheck: None,
            healthcheck_timeout: 60s,
            deploy_branch: None,
            runtime: None,
            python_version: None,
            port: None,
            bind_address: "127.0.0.1",
            disable_ipv6: false,
            uwsgi: UwsgiOptions {
                processes: 2,
                threads: 4,
                enable_threads: true,
                listen: 48,
                max_requests: None,
                log_max_size: 1048576,
                log_x_forwarded_for: false,
                gevent: None,
                asyncio: None,
                include_file: None,
                idle: None,
            },
            nginx: NginxOptions {
                server_names: [],
                redirects: [],
                left_names: [],
                static_paths: None,
                allowed_paths: [],
                catch_all: None,
                https_only: false,
                hsts: None,
                max_body_size: Size(
                    33554432,
                ),
                timeout: 300,
                buffering: true,
                headers: [],
                trusted_proxies: [],
                error_pages: None,
                basic_auth: false,
                cloudflare_acl: false,
                allow_git_folders: false,
                ipv4: 0.0.0.0,
                ipv6: ::,
                include_file: None,
                location_include_file: None,
                cache: CacheOptions {
                    prefixes: None,
                    path: None,
                    size: 1,
                    time: 3600,
                    redirects: 3600,
                    any: 3600,
                    control: 3600,
                    expiry: 86400,
                },
                acme_root_ca: None,
            },
        }
        "#);
    }
}
