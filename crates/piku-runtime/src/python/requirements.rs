//! Reads a requirements file: which other files it names, and whether it refers to the tree.

use std::collections::BTreeMap;

use crate::text::{decode, unreadable};
use crate::{PlanError, Reuse, SourceTree, Warning};

/// A requirements file with all files it refers to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Requirements {
    /// Contents by path, relative to the top of the tree.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// For which trees the installed result can be used.
    pub(crate) reuse: Reuse,
    /// Warnings about references outside the tree, whose contents are unknown.
    pub(crate) warnings: Vec<Warning>,
}

/// Who reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// pip, which also honours a comment that names the encoding.
    Pip,
    /// uv.
    Uv,
}

impl Requirements {
    /// Refuses a file that the installer can't read, before it says so with a backtrace.
    pub(crate) fn readable_by(&self, reader: Reader) -> Result<(), PlanError> {
        for (file, bytes) in &self.files {
            if reader == Reader::Pip && names_its_encoding(bytes) {
                continue;
            }
            if let Some((line, encoding)) = unreadable(bytes) {
                let (encoding, iconv) = (encoding.title(), encoding.iconv());
                return Err(PlanError::NotText { file: file.clone(), line, encoding, iconv });
            }
        }
        Ok(())
    }
}

/// Whether one of the first two lines is a comment such as `# -*- coding: latin-1 -*-`.
fn names_its_encoding(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').take(2).map(String::from_utf8_lossy);
    lines.any(|line| line.starts_with('#') && ["coding:", "coding="].iter().any(|word| line.contains(word)))
}

/// What one line refers to.
#[derive(Debug, PartialEq, Eq)]
enum Reference {
    /// Another file of requirements or constraints.
    File(String),
    /// Something in the tree that is built.
    Tree,
    /// Something in the tree that is linked to (`-e`).
    Editable,
}

/// Reads `start` and all files it refers to.
pub(crate) fn requirements(tree: &dyn SourceTree, start: &str) -> Result<Requirements, PlanError> {
    let mut all = Requirements { files: BTreeMap::new(), reuse: Reuse::AnyTree, warnings: Vec::new() };
    all.files.insert(start.to_owned(), tree.read(start).unwrap_or_default());
    let mut open = vec![start.to_owned()];
    while let Some(file) = open.pop() {
        let text = all.files.get(&file).map(|bytes| decode(bytes)).unwrap_or_default();
        for (line, reference) in references(&text) {
            match reference {
                Reference::Tree => all.reuse = all.reuse.max(Reuse::SameCommit),
                Reference::Editable => all.reuse = Reuse::SameTree,
                Reference::File(named) => match beside(&file, &named) {
                    Some(path) if all.files.contains_key(&path) => {}
                    Some(path) => {
                        let bytes = tree.read(&path);
                        let missing =
                            || PlanError::NoSuchFile { file: file.clone(), line, missing: path.clone() };
                        all.files.insert(path.clone(), bytes.ok_or_else(missing)?);
                        open.push(path);
                    }
                    None => all.warnings.push(Warning {
                        code: "python::requirements-outside",
                        message: format!("line {line} of `{file}` names a file outside of the source tree"),
                        help: Some(
                            "move it into the repository: a change to it is not noticed where it is"
                                .to_owned(),
                        ),
                        file: Some(file.clone()),
                    }),
                },
            }
        }
    }
    Ok(all)
}

/// Whether a requirement refers to the tree or another place on this machine, not to a package of an index.
///
/// In doubt it does: better one build too many than a stale one.
pub(crate) fn is_local(requirement: &str) -> bool {
    let (before, after) = requirement.split_once('@').unwrap_or(("", requirement));
    let target = if before.contains("://") { requirement } else { after };
    let target = target.split([';', ' ']).find(|part| !part.is_empty()).unwrap_or_default();
    let archive = [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2"].iter().any(|end| target.ends_with(end));
    target.starts_with("file:")
        || !target.contains("://") && (target.starts_with('.') || target.contains('/') || archive)
}

/// Finds the references in a file, each with its line from 1.
fn references(text: &str) -> Vec<(usize, Reference)> {
    logical_lines(text)
        .into_iter()
        .flat_map(|(at, line)| of_line(&line).into_iter().map(move |found| (at, found)))
        .collect()
}

fn of_line(line: &str) -> Vec<Reference> {
    if !line.starts_with('-') {
        return if is_local(line) { vec![Reference::Tree] } else { Vec::new() };
    }
    let words = shlex::split(line).unwrap_or_else(|| line.split_whitespace().map(str::to_owned).collect());
    let mut words = words.into_iter();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let options =
            [("--requirement", "-r"), ("--constraint", "-c"), ("--editable", "-e"), ("--find-links", "-f")];
        for (long, short) in options {
            let value = if word == long || word == short {
                words.next()
            } else if let Some(rest) = word.strip_prefix(long) {
                rest.strip_prefix('=').map(str::to_owned)
            } else if word.starts_with("--") {
                None
            } else {
                word.strip_prefix(short).map(str::to_owned)
            };
            let Some(value) = value else { continue };
            match short {
                "-r" | "-c" if !value.contains("://") || value.starts_with("file:") => {
                    found.push(Reference::File(value))
                }
                "-e" if !value.contains("://") || value.starts_with("file:") => {
                    found.push(Reference::Editable)
                }
                "-f" if !value.contains("://") || value.starts_with("file:") => found.push(Reference::Tree),
                _ => {}
            }
            break;
        }
    }
    found
}

/// Joins continued lines and drops comments, as pip does; returns each with its first line number, from 1.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let (begin, mut joined) = open.take().unwrap_or((at + 1, String::new()));
        let comment = line.trim_start().starts_with('#');
        match line.strip_suffix('\\').filter(|_| !comment) {
            Some(head) => {
                joined.push_str(head);
                open = Some((begin, joined));
            }
            None => {
                // A comment line ends the line before it, and is not part of it.
                joined.push_str(if comment { "" } else { line });
                lines.push((begin, joined));
            }
        }
    }
    lines.extend(open);
    let clean = |(at, line): (usize, String)| (at, without_comment(&line).trim().to_owned());
    lines.into_iter().map(clean).filter(|(_, line)| !line.is_empty()).collect()
}

/// Removes a comment, which begins with a `#` at the start or after white space.
fn without_comment(line: &str) -> &str {
    let begins = |&(at, _): &(usize, &str)| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices('#').find(begins).map_or(line, |(at, _)| &line[..at])
}

/// Resolves `named`, a path in `file`, from the top; `None` if it is absolute, leaves the tree, or has variables.
fn beside(file: &str, named: &str) -> Option<String> {
    if named.starts_with('/') || named.starts_with("file:") || named.contains("${") {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    fn tree(files: &[(&str, &str)]) -> MemoryTree {
        files.iter().fold(MemoryTree::new("c"), |tree, (path, text)| tree.with(*path, *text))
    }

    #[test]
    fn the_files_named_are_followed_from_where_they_are_named() {
        let tree = tree(&[
            ("requirements.txt", "-r reqs/base.txt\n--constraint=limits.txt  # why\n-cmore.txt\n"),
            ("reqs/base.txt", "--requirement \\\n  ../common.txt\n-r base.txt\n-r './with space.txt'\n"),
            ("reqs/with space.txt", ""),
            ("common.txt", "-r requirements.txt\nflask\n"),
            ("limits.txt", ""),
            ("more.txt", ""),
            ("unused.txt", ""),
        ]);
        let all = requirements(&tree, "requirements.txt").unwrap();
        let paths: Vec<_> = all.files.keys().map(String::as_str).collect();
        let expected = [
            "common.txt",
            "limits.txt",
            "more.txt",
            "reqs/base.txt",
            "reqs/with space.txt",
            "requirements.txt",
        ];
        assert_eq!(paths, expected);
        assert_eq!((all.reuse, all.warnings), (Reuse::AnyTree, vec![]));
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_the_line_that_asks_for_it() {
        let tree = tree(&[("requirements.txt", "-r a.txt\n"), ("a.txt", "\n# one\n\n-r b/c.txt\n")]);
        let error = requirements(&tree, "requirements.txt").unwrap_err();
        assert_eq!(error.to_string(), "a.txt:4: there is no file `b/c.txt`");
    }

    #[test]
    fn a_file_outside_of_the_tree_is_a_warning_and_an_address_is_nothing() {
        for (line, warned) in
            [("-r /etc/r.txt", 1), ("-c ../c.txt", 1), ("-r ${DIR}/r.txt", 1), ("-r https://u:p@h/r.txt", 0)]
        {
            let all = requirements(&tree(&[("requirements.txt", line)]), "requirements.txt").unwrap();
            assert_eq!(all.warnings.len(), warned, "{line}");
        }
    }

    #[test]
    fn lines_are_told_apart_by_what_they_refer_to() {
        let cases = [
            ("flask==3.0", Reuse::AnyTree),
            ("flask[async]>=3,<4 ; python_version > '3.8' # ./not", Reuse::AnyTree),
            ("--index-url https://user:secret@host/simple", Reuse::AnyTree),
            ("--find-links https://host/wheels", Reuse::AnyTree),
            ("blog @ https://host/blog-1.0.tar.gz", Reuse::AnyTree),
            ("git+ssh://git@github.com/a/b.git@main", Reuse::AnyTree),
            ("-e git+https://github.com/a/b.git#egg=b", Reuse::AnyTree),
            ("# -e .", Reuse::AnyTree),
            ("flask --hash=sha256:abc", Reuse::AnyTree),
            (".", Reuse::SameCommit),
            (".[web]", Reuse::SameCommit),
            ("./lib", Reuse::SameCommit),
            ("lib/thing", Reuse::SameCommit),
            ("vendor-1.0-py3-none-any.whl", Reuse::SameCommit),
            ("file:./lib", Reuse::SameCommit),
            ("lib @ file:///srv/lib", Reuse::SameCommit),
            ("--find-links=./wheels", Reuse::SameCommit),
            ("-e .", Reuse::SameTree),
            ("-e.", Reuse::SameTree),
            ("--editable=./lib", Reuse::SameTree),
            ("--editable \\\n ./lib", Reuse::SameTree),
        ];
        for (line, reuse) in cases {
            let all = requirements(&tree(&[("requirements.txt", line)]), "requirements.txt").unwrap();
            assert_eq!(all.reuse, reuse, "{line}");
        }
    }

    #[test]
    fn utf_16_is_read_as_pip_reads_it() {
        let bytes: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("-e .\r\n".bytes().flat_map(|byte| [byte, 0])).collect();
        let tree = MemoryTree::new("c").with("requirements.txt", bytes);
        assert_eq!(requirements(&tree, "requirements.txt").unwrap().reuse, Reuse::SameTree);
    }

    #[test]
    fn a_file_in_another_encoding_is_refused_with_its_line_and_the_way_out() {
        let told = |bytes: &[u8], reader| {
            let tree = MemoryTree::new("c").with("requirements.txt", "-r more.txt\n").with("more.txt", bytes);
            let error = requirements(&tree, "requirements.txt").unwrap().readable_by(reader).err()?;
            Some(format!("{error}\n{}", error.help().unwrap()))
        };
        let latin = b"flask\n# f\xfcr Mail\nsix\n";
        insta::assert_snapshot!(told(latin, Reader::Pip).unwrap(), @r"
        more.txt:2: this is not UTF-8, but seems to be Latin-1
        convert it: `iconv -f WINDOWS-1252 -t UTF-8 more.txt > utf-8.txt && mv utf-8.txt more.txt`
        ");
        let wide: Vec<u8> = "flask\n".bytes().flat_map(|byte| [byte, 0]).collect();
        assert!(told(&wide, Reader::Pip).unwrap().contains("UTF-16LE"));
        let named = b"# -*- coding: latin-1 -*-\n# f\xfcr Mail\nsix\n";
        assert_eq!(told(named, Reader::Pip), None);
        assert!(told(named, Reader::Uv).is_some());
        let marked = [b"\xff\xfe".as_slice(), &wide].concat();
        assert_eq!((told(&marked, Reader::Pip), told(&marked, Reader::Uv)), (None, None));
        assert_eq!(told("# für Mail\n".as_bytes(), Reader::Uv), None);
    }

    #[test]
    fn a_comment_ends_a_continued_line() {
        assert_eq!(
            logical_lines("a \\\n# b \\\nc\nd#e\n"),
            [(1, "a".to_owned()), (3, "c".to_owned()), (4, "d#e".to_owned())]
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_never_leaves_the_tree(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = requirements(&MemoryTree::new("c").with("requirements.txt", bytes), "requirements.txt");
        }

        #[test]
        fn a_path_never_climbs_out(file in "[a-c/]{1,6}", named in "[a./]{0,12}") {
            if let Some(path) = beside(&file, &named) {
                prop_assert!(path.split('/').all(|part| part != ".."), "{}", path);
            }
        }

        #[test]
        fn lines_that_look_real_never_panic(text in "((-r|-c|-e|--editable=|--requirement) ?[a./\"']{0,4}(\\\\\n| #|\n)){0,6}") {
            let _ = requirements(&MemoryTree::new("c").with("requirements.txt", text), "requirements.txt");
        }
    }
}
