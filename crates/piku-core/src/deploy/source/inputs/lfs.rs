//! What a person is told whose files are only pointers of Git LFS.

/// The most names that are shown.
const SHOWN: usize = 5;

/// The warning about these files, and what to do; `None` if there are none.
pub(crate) fn pointers(files: &[String]) -> Option<(String, String)> {
    let first = files.first()?;
    let names: Vec<String> = files.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = files.len() - names.len();
    let names = names.join(", ");
    let message = match (files.len(), more) {
        (1, _) => format!("{names} is only a pointer of Git LFS: the file itself is not on this server"),
        (count, 0) => {
            format!("{count} files are only pointers of Git LFS, without the files themselves: {names}")
        }
        (count, _) => format!(
            "{count} files are only pointers of Git LFS, without the files themselves: {names}, and {more} more"
        ),
    };
    let name = first.rsplit('/').next().unwrap_or(first);
    let pattern = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("*.{ending}"),
        _ => name.to_owned(),
    };
    let help = format!(
        "put them into git: `git lfs untrack '{pattern}'`, `git add --renormalize .`, commit, and push with \
         `--no-verify`; or download them in a `preflight` line of the Procfile"
    );
    Some((message, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_names_are_told_and_the_others_counted() {
        let told = |names: &[&str]| {
            pointers(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
                .map(|(message, help)| format!("{message}\n  {help}"))
        };
        assert_eq!(told(&[]), None);
        let lines = [told(&["ml/model.bin"]), told(&["a", "b"]), told(&["a", "b", "c", "d", "e", "f", "g"])];
        insta::assert_snapshot!(lines.map(Option::unwrap).join("\n"), @r"
        `ml/model.bin` is only a pointer of Git LFS: the file itself is not on this server
          put them into git: `git lfs untrack '*.bin'`, `git add --renormalize .`, commit, and push with `--no-verify`; or download them in a `preflight` line of the Procfile
        2 files are only pointers of Git LFS, without the files themselves: `a`, `b`
          put them into git: `git lfs untrack 'a'`, `git add --renormalize .`, commit, and push with `--no-verify`; or download them in a `preflight` line of the Procfile
        7 files are only pointers of Git LFS, without the files themselves: `a`, `b`, `c`, `d`, `e`, and 2 more
          put them into git: `git lfs untrack 'a'`, `git add --renormalize .`, commit, and push with `--no-verify`; or download them in a `preflight` line of the Procfile
        ");
    }
}
