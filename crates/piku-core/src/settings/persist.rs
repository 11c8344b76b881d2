//! The paths in `PIKU_PERSIST`, which outlive a release.

use super::reader::Refusal;

/// Parses paths separated by commas or white space, each relative to the app's folder and inside it.
pub(super) fn paths(text: &str) -> Result<Vec<String>, Refusal> {
    let mut paths: Vec<String> = Vec::new();
    for written in text.split([',', ' ', '\t', '\n', '\r']).filter(|written| !written.is_empty()) {
        let refuse = |why: &str| {
            let help = "write paths below the app's folder, such as `uploads` or `var/db.sqlite3`";
            Refusal::new("env::bad-path", format!("`{written}` can't be kept: {why}"), help)
        };
        let parts: Vec<&str> = written.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if written.starts_with('/') {
            return Err(refuse("it is an absolute path"));
        }
        if parts.contains(&"..") {
            return Err(refuse("it contains `..`"));
        }
        if written.contains(char::is_control) {
            return Err(refuse("it contains a control character"));
        }
        match parts.first() {
            None => return Err(refuse("it is the whole folder of the app")),
            Some(&".git") => return Err(refuse("it belongs to git")),
            Some(_) => {}
        }
        let path = parts.join("/");
        if let Some(other) = paths.iter().find(|other| is_within(&path, other) || is_within(other, &path)) {
            let other = other.clone();
            return Err(refuse(&format!("it overlaps `{other}`")));
        }
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_within_the_folder_of_the_app() {
        let read = |text| paths(text).map_err(|refusal| refusal.message);
        let good = [
            ("", vec![]),
            ("uploads", vec!["uploads"]),
            ("uploads/, ./var//db.sqlite3\tuploads", vec!["uploads", "var/db.sqlite3"]),
            ("up up2 .gitkeep", vec!["up", "up2", ".gitkeep"]),
        ];
        for (text, wanted) in good {
            assert_eq!(
                read(text).as_deref(),
                Ok(wanted.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice())
            );
        }
        let bad = ["/etc", "a/../b", "..", ".", "./", "a .git", ".git/hooks", "a,a/b", "a/b a"];
        let messages = bad.map(|text| read(text).unwrap_err());
        insta::assert_snapshot!(messages.join("\n"), @r"
        `/etc` can't be kept: it is an absolute path
        `a/../b` can't be kept: it contains `..`
        `..` can't be kept: it contains `..`
        `.` can't be kept: it is the whole folder of the app
        `./` can't be kept: it is the whole folder of the app
        `.git` can't be kept: it belongs to git
        `.git/hooks` can't be kept: it belongs to git
        `a/b` can't be kept: it overlaps `a`
        `a` can't be kept: it overlaps `a/b`
        ");
        assert!(read("a\u{7}").is_err());
    }
}
