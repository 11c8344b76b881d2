//! Builds a plan together with its key, so that nothing that goes into the plan can be left out of the key.

use camino::Utf8Path;

use crate::deciding::{DecidingSettings, decides};
use crate::key::KeyParts;
use crate::{
    BuildPlan, Command, Copied, Placement, PlanError, Provides, Reuse, RuntimeName, SourceTree, Step,
    Toolbox, Warning, Wishes, Word,
};

/// The folder of a build that writes beside its sources.
pub(crate) const WORK: &str = "work";

/// A build plan that is being written.
pub(crate) struct Draft<'a> {
    tree: &'a dyn SourceTree,
    toolbox: &'a Toolbox,
    key: KeyParts,
    reuse: Reuse,
    packages: Option<Box<BuildPlan>>,
    steps: Vec<Step>,
    provides: Provides,
    warnings: Vec<Warning>,
    settings: DecidingSettings,
}

/// A missing tool: its name, the file that needs it, and how to get it.
pub(crate) struct Missing(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

impl<'a> Draft<'a> {
    /// Begins the plan for a runtime.
    pub(crate) fn new(runtime: RuntimeName, tree: &'a dyn SourceTree, toolbox: &'a Toolbox) -> Self {
        Self {
            tree,
            toolbox,
            key: KeyParts::new().part("runtime", runtime.as_str()).part("platform", &toolbox.platform),
            reuse: Reuse::AnyTree,
            packages: None,
            steps: Vec::new(),
            provides: Provides::default(),
            warnings: Vec::new(),
            settings: DecidingSettings::default(),
        }
    }

    /// Makes `packages` a build of its own that this one starts from. Its key becomes part of this build's key, and the
    /// settings that decide it decide this build too.
    pub(crate) fn starts_from(&mut self, packages: BuildPlan) {
        self.decided_by("packages", packages.key.as_str());
        self.settings.add(packages.settings.prefixes());
        self.warnings.extend(packages.warnings.iter().cloned());
        self.packages = Some(Box::new(packages));
    }

    /// Copies a file or folder of the packages to the same path in the work folder.
    pub(crate) fn take(&mut self, path: &str) {
        let path = format!("{WORK}/{path}");
        self.steps.push(Step::Take { from: Word::packages(&path), to: Word::build(&path) });
    }

    /// Warns of something.
    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Finds the first of these tools that the host has. Its version becomes part of the build key.
    pub(crate) fn tool(&mut self, names: &[&str], missing: Missing) -> Result<&'a Utf8Path, PlanError> {
        let Missing(tool, file, help) = missing;
        let found = names.iter().find_map(|name| Some((*name, self.toolbox.tool(name)?)));
        let (name, path) = found.ok_or(PlanError::NoTool { tool, file, help })?;
        self.decided_by_version(name);
        Ok(path)
    }

    /// Adds a tool's version to the key, where the toolbox knows it.
    pub(crate) fn decided_by_version(&mut self, tool: &str) {
        let version = self.toolbox.version(tool).map(|version| version.to_string()).unwrap_or_default();
        self.decided_by("tool", &format!("{tool} {version}"));
    }

    /// Adds anything to the key.
    pub(crate) fn decided_by(&mut self, label: &str, value: &str) {
        self.key = std::mem::take(&mut self.key).part(label, value);
    }

    /// Adds those of the files that exist in the tree to the key, so that a file added later changes it.
    pub(crate) fn decided_by_files(&mut self, files: &[&str]) {
        for file in files {
            if let Some(contents) = self.tree.read(file) {
                self.key = std::mem::take(&mut self.key).part("path", file).part("contents", contents);
            }
        }
    }

    /// Adds the whole tree and all settings to the key, because programs of the app may read any of them during the
    /// build.
    pub(crate) fn decided_by_everything(&mut self, wishes: &Wishes) {
        self.decided_by_tree();
        self.decided_by_settings(wishes, &[""]);
    }

    /// Adds the whole tree to the key.
    pub(crate) fn decided_by_tree(&mut self) {
        self.reuse = Reuse::SameCommit;
        self.key = std::mem::take(&mut self.key).part("tree", self.tree.tree_id());
    }

    /// Adds to the key the settings whose names begin with one of `prefixes`, in either case.
    ///
    /// Settings of piku's own that say where an app is served never decide a build.
    pub(crate) fn decided_by_settings(&mut self, wishes: &Wishes, prefixes: &[&str]) {
        self.settings.add(prefixes);
        for (name, value) in &wishes.settings {
            if decides(name, prefixes.iter().copied()) {
                self.key = std::mem::take(&mut self.key).part("setting", name).part("value", value);
            }
        }
    }

    /// Copies those of the files that exist in the tree to the work folder; they become part of the build key.
    pub(crate) fn copy_files(&mut self, files: &[&str]) {
        self.decided_by_files(files);
        let present = files.iter().filter(|file| self.tree.read(file).is_some());
        let what = Copied::Files(present.map(Into::into).collect());
        self.steps.push(Step::Copy { what, to: Word::build(WORK) });
    }

    /// Copies the whole tree to the work folder; it becomes part of the build key, with all settings.
    pub(crate) fn copy_tree(&mut self, wishes: &Wishes) {
        self.decided_by_everything(wishes);
        self.steps.push(Step::Copy { what: Copied::Tree, to: Word::build(WORK) });
    }

    /// Adds a step.
    pub(crate) fn step(&mut self, step: impl Into<Step>) {
        self.steps.push(step.into());
    }

    /// Adds a command that runs in the work folder.
    pub(crate) fn in_work(&mut self, command: Command) {
        self.step(command.dir(Word::build(WORK)));
    }

    /// Puts a folder before the `PATH` of processes.
    pub(crate) fn path(&mut self, folder: Word) {
        self.provides.path.push(folder);
    }

    /// Sets a variable for processes.
    pub(crate) fn env(&mut self, name: &str, value: impl Into<Word>) {
        self.provides.env.insert(name.to_owned(), value.into());
    }

    /// Links a file or folder of the build into the tree.
    pub(crate) fn in_tree(&mut self, from: &str, to: &str) {
        self.provides.in_tree.push(Placement { from: from.into(), to: to.into() });
    }

    /// Warns that nothing pins the versions of packages.
    pub(crate) fn warn_not_locked(&mut self, manifest: &str, lock: &str, command: &str) {
        self.warnings.push(Warning {
            code: "runtime::not-locked",
            message: format!("`{manifest}` has no `{lock}`, so the versions of its packages are not fixed"),
            help: Some(format!("run `{command}` and commit `{lock}`")),
            file: Some(manifest.to_owned()),
        });
    }

    /// Finishes the plan; the words of its steps become part of the build key.
    pub(crate) fn finish(self) -> BuildPlan {
        let mut key = self.key;
        for step in &self.steps {
            key = key.part("step", "");
            for word in step.words() {
                key = key.part("word", word);
            }
        }
        let Self { reuse, packages, steps, provides, warnings, settings, .. } = self;
        BuildPlan { key: key.key(), reuse, packages, steps, provides, warnings, settings }
    }
}
