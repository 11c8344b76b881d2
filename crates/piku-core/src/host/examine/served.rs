//! Finds out whether the system's nginx serves anything other than the distribution's welcome page.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::nginx;
use crate::host::files;

/// The folder of nginx's configuration on Debian and Ubuntu.
const FOLDER: &str = "/etc/nginx";
/// The document root of their welcome page.
const WELCOME_ROOT: &str = "/var/www/html";
/// The welcome page itself.
const WELCOME_PAGE: &str = "index.nginx-debian.html";
/// Every directive in their default site.
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
/// The maximum size of a file to read, in bytes.
const LARGEST: usize = 64 * 1024;

/// The first configuration file with a site other than the welcome page; `None` if there is none.
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
        // A file that can't be read counts as a site.
        let Some(text) = text(&path) else { return Some(path) };
        // A file without a `server` block serves nothing by itself.
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

/// Whether a file is the distribution's default site and the document root has only the welcome page.
fn is_welcome(site: &Utf8Path, root: &Utf8Path) -> bool {
    let says_no_more = text(site).is_some_and(|text| {
        let said = directives(&text);
        said.contains("server") && said.iter().all(|one| WELCOME.contains(&one.as_str()))
    });
    let pages = files::names(root).unwrap_or_default();
    says_no_more && pages.iter().all(|page| page == WELCOME_PAGE)
}

/// The text of a file, following links as nginx does; `None` if it can't be read.
fn text(path: &Utf8Path) -> Option<String> {
    let real = path.canonicalize_utf8().ok()?;
    let bytes = files::read_within(real.parent()?, real.file_name()?, LARGEST).ok()??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The directives in a text, without comments and with normalized white space.
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
        // Included files count in any folder.
        write("nginx/vhosts.d/shop.conf", "server { listen 81; }");
        assert_eq!(seen(), Some(at("nginx/vhosts.d/shop.conf")));
        std::fs::remove_file(at("nginx/vhosts.d/shop.conf")).unwrap();
        assert_eq!(seen(), None);
        write("nginx/nginx.conf", "http { server { listen 81; } }");
        assert_eq!(seen(), Some(at("nginx/nginx.conf")));
    }
}
