//! What the machine's nginx serves besides the welcome page of its distribution.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::nginx;
use crate::host::files;

/// Where Debian and Ubuntu keep nginx's configuration.
const FOLDER: &str = "/etc/nginx";
/// The document root of their welcome page.
const WELCOME_ROOT: &str = "/var/www/html";
/// The welcome page itself.
const WELCOME_PAGE: &str = "index.nginx-debian.html";
/// All that their default site says.
const WELCOME: [&str; 9] = [
    "server",
    "listen 80 default_server",
    "listen [::]:80 default_server",
    "root /var/www/html",
    "index index.html index.htm index.nginx-debian.html",
    "server_name _",
    "location /",
    "try_files $uri $uri/ =404",
    "",
];
/// More than this is no site that a distribution ships.
const LARGEST: usize = 64 * 1024;

/// The first file by which the machine's nginx serves something of somebody's; `None` when there is none.
pub(crate) fn nginx_serves() -> Option<Utf8PathBuf> {
    serves(Utf8Path::new(FOLDER), Utf8Path::new(WELCOME_ROOT))
}

fn serves(folder: &Utf8Path, welcome_root: &Utf8Path) -> Option<Utf8PathBuf> {
    let main = folder.join("nginx.conf");
    if !main.exists() {
        return None;
    }
    let mut waiting = vec![main];
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let ours = path.file_name() == Some("piku.conf");
        if ours || is_welcome(&path, welcome_root) || !seen.insert(path.clone()) {
            continue;
        }
        // Who can't tell what a file says takes it for somebody's.
        let Some(text) = text(&path) else { return Some(path) };
        // What only sets something for all sites serves nothing.
        if directives(&text).contains("server") {
            return Some(path);
        }
        for pattern in nginx::included(&text) {
            let pattern = folder.join(pattern);
            if pattern.parent().is_some_and(|parent| parent.as_str().contains(['*', '?', '['])) {
                return Some(path);
            }
            waiting.extend(nginx::matching(&pattern).into_iter().filter(|path| path.exists()));
        }
    }
    None
}

/// Whether a site is a distribution's default one, and has nothing to show but the welcome page.
fn is_welcome(site: &Utf8Path, root: &Utf8Path) -> bool {
    let says_no_more = text(site).is_some_and(|text| {
        let said = directives(&text);
        said.contains("server") && said.iter().all(|one| WELCOME.contains(&one.as_str()))
    });
    let pages = files::names(root).unwrap_or_default();
    says_no_more && pages.iter().all(|page| page == WELCOME_PAGE)
}

/// The text of a file, links followed as nginx follows them; `None` when it can't be read.
fn text(path: &Utf8Path) -> Option<String> {
    let real = path.canonicalize_utf8().ok()?;
    let bytes = files::read_within(real.parent()?, real.file_name()?, LARGEST).ok()??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The directives of a text, comments left out and white space folded.
fn directives(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.split_once('#').map_or(line, |(code, _)| code));
    let code = lines.collect::<Vec<_>>().join(" ");
    let words = |directive: &str| directive.split_whitespace().collect::<Vec<_>>().join(" ");
    code.split([';', '{', '}']).map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_welcome_page_is_nobodys_site_and_everything_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), text).unwrap();
        };
        let seen = || serves(&at("nginx"), &at("html"));
        assert_eq!(seen(), None);
        write(
            "nginx/nginx.conf",
            "http { # server {\n include conf.d/*.conf; include sites-enabled/*;\n include vhosts.d/*.conf; }",
        );
        write("html/index.nginx-debian.html", "Welcome");
        write(
            "nginx/sites-available/default",
            "# listen 443 ssl;\nserver {\n  listen 80 default_server;\n  listen [::]:80 default_server;\n\
             root /var/www/html;\n index index.html  index.htm index.nginx-debian.html;\n server_name _;\n\
             location / {\n try_files $uri $uri/ =404;\n }\n}\n",
        );
        std::fs::create_dir_all(at("nginx/sites-enabled")).unwrap();
        std::os::unix::fs::symlink("../sites-available/default", at("nginx/sites-enabled/default")).unwrap();
        assert_eq!(seen(), None);

        write("nginx/conf.d/gzip.conf", "gzip on;");
        write("nginx/conf.d/piku.conf", "include /x/*.conf;");
        assert_eq!(seen(), None);
        write("nginx/conf.d/shop.conf", "server { listen 80; }");
        assert_eq!(seen(), Some(at("nginx/conf.d/shop.conf")));
        std::fs::remove_file(at("nginx/conf.d/shop.conf")).unwrap();
        write("html/index.html", "my page");
        assert_eq!(seen(), Some(at("nginx/sites-enabled/default")));
        std::fs::remove_file(at("html/index.html")).unwrap();
        write(
            "nginx/sites-available/default",
            "server { listen 80 default_server; location / { proxy_pass x; } }",
        );
        assert_eq!(seen(), Some(at("nginx/sites-enabled/default")));
        write("nginx/sites-available/default", "");
        // Whatever is included, in whichever folder.
        write("nginx/vhosts.d/shop.conf", "server { listen 81; }");
        assert_eq!(seen(), Some(at("nginx/vhosts.d/shop.conf")));
        std::fs::remove_file(at("nginx/vhosts.d/shop.conf")).unwrap();
        assert_eq!(seen(), None);
        write("nginx/nginx.conf", "http { server { listen 81; } }");
        assert_eq!(seen(), Some(at("nginx/nginx.conf")));
    }
}
