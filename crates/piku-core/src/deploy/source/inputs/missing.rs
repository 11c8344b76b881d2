//! What a person without a Procfile is told: which file to rename, or which line to write.

use piku_procfile::Diagnostic;
use piku_runtime::{SourceTree, Start, start};

use crate::diagnostic::NO_PROCFILE;

/// What a tree has instead of a Procfile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instead {
    /// A file whose name is nearly right.
    pub(crate) misnamed: Option<String>,
    /// A folder that has a Procfile.
    below: Option<String>,
    /// How the app is probably started.
    pub(crate) start: Option<Start>,
}

impl Instead {
    /// Looks through a tree without a Procfile.
    pub(crate) fn of(tree: &dyn SourceTree) -> Self {
        let names = tree.names();
        let misnamed = names.iter().find(|name| is_nearly(name) && tree.read(name).is_some()).cloned();
        let below = names.into_iter().find(|name| tree.read(&format!("{name}/Procfile")).is_some());
        Self { misnamed, below, start: start(tree) }
    }

    pub(super) fn diagnostic(&self) -> Diagnostic {
        let found = match (&self.misnamed, &self.below) {
            (Some(name), _) => format!("there is no Procfile, but a file `{name}`,"),
            (None, Some(folder)) => format!("there is no Procfile, except in the folder `{folder}`,"),
            (None, None) => "there is no Procfile".to_owned(),
        };
        Diagnostic::error(NO_PROCFILE, 0..0, found).with_help(self.help())
    }

    fn help(&self) -> String {
        if let Some(name) = &self.misnamed {
            let quoted = quoted(name);
            return format!("rename it: `git mv {quoted} Procfile`, commit, and push again");
        }
        if let Some(folder) = &self.below {
            let quoted = quoted(folder);
            return format!(
                "push that folder alone: `git subtree push --prefix {quoted} <remote> main`; or move the file: \
                 `git mv {quoted}/Procfile Procfile`, and begin its commands with `cd {quoted} &&`"
            );
        }
        let Some(start) = &self.start else {
            return "add a file `Procfile` that says what to start, with a line such as `web: python app.py`"
                .to_owned();
        };
        let release = start.release.as_ref().map(|line| format!("echo '{line}' >> Procfile\n  "));
        format!(
            "for {}, write one, commit it, and push again:\n  \
             echo '{}' > Procfile\n  {}\
             git add Procfile && git commit -m 'Add a Procfile'",
            start.what,
            start.line,
            release.unwrap_or_default()
        )
    }
}

/// Whether somebody who wrote this name meant `Procfile`: another case, white space around it, or an ending that an
/// editor adds.
fn is_nearly(name: &str) -> bool {
    let lower = name.trim().to_ascii_lowercase();
    let endings = [".txt", ".text", ".yml", ".yaml", ".md", ".sh", ".conf", ".cfg", ".rtf", "."];
    let stem = endings.iter().find_map(|ending| lower.strip_suffix(ending)).unwrap_or(&lower).trim_end();
    name != "Procfile"
        && matches!(stem, "procfile" | "proc file" | "proc_file" | "proc-file" | "profile" | "procfiles")
}

fn quoted(name: &str) -> String {
    shlex::try_quote(name).map_or_else(|_| name.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use piku_runtime::MemoryTree;

    use super::*;

    fn told(files: &[&str]) -> String {
        let tree = files.iter().fold(MemoryTree::new("c"), |tree, path| tree.with(*path, "x"));
        let found = Instead::of(&tree).diagnostic();
        format!("{} in the commit\n{}", found.message, found.help.unwrap())
    }

    #[test]
    fn a_procfile_by_another_name_or_elsewhere_is_named() {
        for name in ["procfile", "Procfile.txt", "PROCFILE", "Procfile ", "Proc file", "procfile.yml"] {
            let told = told(&["index.html", name]);
            let quoted = if name.contains(' ') { format!("'{name}'") } else { name.to_owned() };
            assert!(told.contains(&format!("a file `{name}`, in the commit")), "{told}");
            assert!(told.contains(&format!("`git mv {quoted} Procfile`")), "{told}");
        }
        for name in ["Procfile.dev", "Profiler", "procfile/x"] {
            assert!(!told(&[name]).contains("git mv"), "{name}");
        }
        let told = told(&["backend/Procfile", "index.html"]);
        assert!(told.contains("git subtree push --prefix backend <remote> main"), "{told}");
    }

    #[test]
    fn a_line_to_copy_is_shown_for_what_is_there() {
        let django = MemoryTree::new("c")
            .with("manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')")
            .with("mysite/wsgi.py", "");
        let django = Instead::of(&django).diagnostic().help.unwrap();
        let told = [told(&["index.html", "README.md"]), told(&["README.md"]), django].join("\n\n");
        insta::assert_snapshot!(told, @r"
        there is no Procfile in the commit
        for a site of files (index.html), write one, commit it, and push again:
          echo 'static: .' > Procfile
          git add Procfile && git commit -m 'Add a Procfile'

        there is no Procfile in the commit
        add a file `Procfile` that says what to start, with a line such as `web: python app.py`

        for a Django project (manage.py), write one, commit it, and push again:
          echo 'wsgi: mysite.wsgi:application' > Procfile
          echo 'release: python manage.py migrate --noinput' >> Procfile
          git add Procfile && git commit -m 'Add a Procfile'
        ");
    }
}
