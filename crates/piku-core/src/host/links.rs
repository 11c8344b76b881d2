//! Finds the symbolic links below a folder, and where they lead.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

/// The most entries that are looked at.
const MOST: usize = 20_000;
/// The most links that are told.
const MOST_LINKS: usize = 200;
/// Folders that hold too much to look at, and nothing to serve.
const SKIPPED: [&str; 2] = ["node_modules", "__pycache__"];

/// The links on the way from `base` to `base/path`, and all below that. Each comes with the path it leads to in the end;
/// one that leads nowhere is left out.
pub(crate) fn within(base: &Utf8Path, path: &Utf8Path) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
    let mut found = Vec::new();
    let mut reached = base.to_owned();
    for part in path.components() {
        reached.push(part);
        if reached.is_symlink() {
            found.extend(led(&reached));
            return found;
        }
    }
    let mut waiting = vec![reached];
    let mut seen = 0;
    while let Some(folder) = waiting.pop() {
        for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST || found.len() == MOST_LINKS {
                return found;
            }
            let hidden = entry.file_name().starts_with('.') && entry.file_name() != ".well-known";
            let Ok(kind) = entry.file_type() else { continue };
            if hidden || SKIPPED.contains(&entry.file_name()) {
                continue;
            }
            if kind.is_symlink() {
                found.extend(led(entry.path()));
            } else if kind.is_dir() {
                waiting.push(entry.into_path());
            }
        }
    }
    found.sort();
    found
}

fn led(link: &Utf8Path) -> Option<(Utf8PathBuf, Utf8PathBuf)> {
    let real = fs::canonicalize(link).ok()?;
    Some((link.to_owned(), Utf8PathBuf::from_path_buf(real).ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_found_on_the_way_and_below_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        for name in ["public/a", "public/.hidden", "node_modules", "real"] {
            fs::create_dir_all(top.join(name)).unwrap();
        }
        for (link, target) in [
            ("public/a/in", "../../real"),
            ("public/loop", "."),
            ("public/gone", "nothing"),
            ("public/.hidden/x", "/etc"),
            ("node_modules/x", "/etc"),
            ("way", "public"),
        ] {
            symlink(target, top.join(link)).unwrap();
        }
        let names = |path: &str| -> Vec<(String, String)> {
            let shown = |path: &Utf8Path| path.strip_prefix(&top).unwrap().to_string();
            within(&top, Utf8Path::new(path)).iter().map(|(link, to)| (shown(link), shown(to))).collect()
        };
        let pair = |link: &str, to: &str| (link.to_owned(), to.to_owned());
        assert_eq!(names("public"), [pair("public/a/in", "real"), pair("public/loop", "public")]);
        assert_eq!(names("way/a"), [pair("way", "public")]);
        assert_eq!(names("nothing"), []);
    }
}
