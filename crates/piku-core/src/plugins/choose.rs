//! Whether a file of a plugin may run: as sshd judges the keys of a user.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Folder,
    File,
    Link,
    Other,
}

/// A file or folder on the way to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: Utf8PathBuf,
    pub(crate) look: Look,
    pub(crate) owner: u32,
    pub(crate) mode: u32,
}

/// A file of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The plugin.
    pub(crate) plugin: String,
    /// The name of the file.
    pub(crate) file: String,
    /// The root, `plugins/`, the folder of the plugin, and the file, in this order.
    pub(crate) way: Vec<Seen>,
}

impl Candidate {
    /// The file.
    pub(crate) fn path(&self) -> &Utf8Path {
        self.way.last().map_or(Utf8Path::new(""), |seen| &seen.path)
    }
}

/// Why a file does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    path: Utf8PathBuf,
    what: &'static str,
    fix: Option<&'static str>,
}

impl Refusal {
    /// The command that mends it.
    pub(crate) fn fix(&self) -> String {
        let path = &self.path;
        self.fix.map_or_else(|| format!("look at it, and replace `{path}`"), |fix| format!("`{fix} {path}`"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.what)
    }
}

/// Why the file may not run as the user `me`; `None` if it may. Whoever may write to it or to a folder above it could
/// choose what runs.
pub(crate) fn refusal(candidate: &Candidate, me: u32) -> Option<Refusal> {
    let (file, folders) = candidate.way.split_last()?;
    let of = |seen: &Seen, what, fix| Some(Refusal { path: seen.path.clone(), what, fix });
    for seen in folders {
        if seen.look != Look::Folder {
            return of(seen, "is not a folder", None);
        }
    }
    if file.look != Look::File {
        return of(file, "is not a regular file", None);
    }
    for seen in &candidate.way {
        if seen.owner != me && seen.owner != 0 {
            return of(seen, "belongs to another user", Some("chown piku"));
        }
        if seen.mode & 0o022 != 0 {
            return of(seen, "can be written by others", Some("chmod go-w"));
        }
    }
    if file.mode & 0o111 == 0 {
        return of(file, "is not executable", Some("chmod u+x"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(modes: [u32; 4]) -> Candidate {
        let paths = ["/r", "/r/plugins", "/r/plugins/mail", "/r/plugins/mail/on-failed"];
        let looks = [Look::Folder, Look::Folder, Look::Folder, Look::File];
        let all = paths.into_iter().zip(looks).zip(modes);
        let way = all.map(|((path, look), mode)| Seen { path: path.into(), look, owner: 1000, mode });
        Candidate { plugin: "mail".to_owned(), file: "on-failed".to_owned(), way: way.collect() }
    }

    fn told(candidate: &Candidate) -> String {
        refusal(candidate, 1000).map_or_else(String::new, |why| format!("{why}: {}", why.fix()))
    }

    #[test]
    fn a_program_runs_only_if_nobody_else_could_have_written_it() {
        assert_eq!(told(&way([0o711, 0o700, 0o755, 0o700])), "");
        assert_eq!(
            told(&way([0o775, 0o700, 0o755, 0o700])),
            "`/r` can be written by others: `chmod go-w /r`"
        );
        let open = way([0o711, 0o700, 0o777, 0o700]);
        assert_eq!(told(&open), "`/r/plugins/mail` can be written by others: `chmod go-w /r/plugins/mail`");
        let file = "`/r/plugins/mail/on-failed`";
        assert!(told(&way([0o711, 0o700, 0o700, 0o720])).starts_with(&format!("{file} can be written")));
        assert!(told(&way([0o711, 0o700, 0o700, 0o600])).starts_with(&format!("{file} is not executable")));
    }

    #[test]
    fn owners_and_links_count_too() {
        let good = way([0o711, 0o700, 0o755, 0o755]);
        for at in 0..4 {
            let mut of_root = good.clone();
            of_root.way[at].owner = 0;
            assert_eq!(told(&of_root), "", "root may own anything");
            let mut of_others = good.clone();
            of_others.way[at].owner = 1001;
            assert!(told(&of_others).contains("belongs to another user"), "{at}");
            let mut link = good.clone();
            link.way[at].look = Look::Link;
            assert!(told(&link).contains("is not a "), "{at}");
        }
    }
}
