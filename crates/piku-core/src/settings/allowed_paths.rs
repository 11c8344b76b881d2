//! `PIKU_ALLOWED_PATHS`: folders outside of apps that sites may serve.

use camino::{Utf8Path, Utf8PathBuf};

use super::catalog;
use super::reader::{Reader, Refusal};

/// The folders that the server allows. An app's own settings can't add any.
pub(super) fn of_server(reader: &mut Reader<'_>) -> Vec<Utf8PathBuf> {
    if !reader.is_of_server(&catalog::PIKU_ALLOWED_PATHS) {
        return Vec::new();
    }
    reader.parsed(&catalog::PIKU_ALLOWED_PATHS, parse).unwrap_or_default()
}

/// Parses a list of folders.
pub(super) fn parse(text: &str) -> Result<Vec<Utf8PathBuf>, Refusal> {
    let paths = text.split(',').map(str::trim).filter(|path| !path.is_empty());
    paths.map(|path| folder(path).ok_or_else(|| not_a_folder(path))).collect()
}

/// An absolute path that is not `/`, with nothing in it that leads elsewhere.
fn folder(path: &str) -> Option<Utf8PathBuf> {
    let steps: Vec<&str> = path.strip_prefix('/')?.split('/').filter(|step| !step.is_empty()).collect();
    let is_plain = |step: &&str| !matches!(*step, "." | "..") && !step.contains(char::is_control);
    (!steps.is_empty() && steps.iter().all(is_plain)).then(|| Utf8Path::new("/").join(steps.join("/")))
}

fn not_a_folder(path: &str) -> Refusal {
    let help = "set it to the absolute paths of folders, separated by commas, such as `/srv/media`";
    Refusal::new("env::bad-path", format!("`{}` is not the path of a folder", path.escape_debug()), help)
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, StoredSettings, options};

    #[test]
    fn only_the_server_allows_folders() {
        let read = |text: &str| StoredSettings::parse(text.as_bytes()).0.unwrap();
        let site = "NGINX_STATIC_PATHS=/media:/srv/media\n";
        let allowed = "PIKU_ALLOWED_PATHS=/srv/media\n";
        let refused = |stored: &str, defaults: &str| {
            let layers = Layers::new([], &read(stored)).with_defaults(&read(defaults));
            options(&layers).1.iter().any(|problem| problem.key == "NGINX_STATIC_PATHS")
        };
        assert!(!refused(site, allowed));
        assert!(refused(site, "") && refused(&[site, allowed].concat(), ""));
        assert!(refused(&[site, "PIKU_ALLOWED_PATHS=/\n"].concat(), allowed), "not by another name either");
    }
}
