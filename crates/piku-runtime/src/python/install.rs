//! What one manifest adds to the build of a Python app.

use std::collections::BTreeMap;

use crate::key::KeyParts;
use crate::python::environment::Environment;
use crate::{Command, PythonChoice, Reuse, SourceTree, Toolbox, Warning};

/// What one manifest adds to a build.
pub(crate) struct Install {
    pub(crate) tool: &'static str,
    pub(crate) steps: Vec<Command>,
    /// What installs the project itself on top of its packages, in a build of its own that starts from a copy of them.
    /// Empty if there is nothing to install, or if it can't be told apart.
    pub(crate) itself: Vec<Command>,
    /// The contents that decide the result, by path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) reuse: Reuse,
    pub(crate) warnings: Vec<Warning>,
}

impl Install {
    /// Begins with an environment and the steps that install into it.
    pub(crate) fn new(environment: &Environment<'_>, steps: Vec<Command>) -> Self {
        let steps = environment.create().into_iter().chain(steps).collect();
        Self {
            tool: environment.tool(),
            steps,
            itself: Vec::new(),
            files: BTreeMap::new(),
            reuse: Reuse::AnyTree,
            warnings: Vec::new(),
        }
    }

    /// Adds those of the files that exist in the tree, so that a file added later changes the key.
    pub(crate) fn decided_by(mut self, tree: &dyn SourceTree, files: &[&str]) -> Self {
        let present = files.iter().filter_map(|file| Some(((*file).to_owned(), tree.read(file)?)));
        self.files.extend(present);
        self
    }

    /// Installs the project itself on top.
    pub(crate) fn then(self, itself: Vec<Command>) -> Self {
        Self { itself, ..self }
    }

    /// Sets the tool that installs; part of the key.
    pub(crate) fn by(self, tool: &'static str) -> Self {
        Self { tool, ..self }
    }

    /// Sets for which trees the result can be used.
    pub(crate) fn good_for(self, reuse: Reuse) -> Self {
        Self { reuse, ..self }
    }

    pub(crate) fn key(
        &self,
        choice: &PythonChoice,
        tree: &dyn SourceTree,
        toolbox: &Toolbox,
    ) -> crate::BuildKey {
        let mut parts = KeyParts::new()
            .part("runtime", "python")
            .part("platform", &toolbox.platform)
            .part("version", choice.interpreter.version.to_string())
            .part("interpreter", choice.interpreter.path.as_str())
            .part("tool", self.tool);
        // The arguments hold everything that was asked for, including extra packages. The path of a tool decides
        // nothing.
        for step in &self.steps {
            parts = parts.part("step", "");
            for word in &step.args {
                parts = parts.part("word", word.to_string());
            }
        }
        for (path, contents) in &self.files {
            parts = parts.part("path", path).part("contents", contents);
        }
        if self.reuse > Reuse::AnyTree {
            parts = parts.part("identity", tree.identity());
        }
        parts.key()
    }
}
