//! Decides on a runtime and plans its build, from one tree, toolbox, and wishes.

use crate::{
    BuildPlan, DetectError, Detection, PlanError, RuntimeName, SourceTree, Toolbox, VersionQuestion, Wishes,
    detect, node, plan,
};

/// What a build is planned from, and the questions that can be asked of it.
///
/// ```
/// use piku_runtime::{MemoryTree, Planner, Toolbox, Wishes};
///
/// let tree = MemoryTree::new("4f2a90c").with("go.mod", "module shop\n\ngo 1.22\n");
/// let mut planner = Planner::new(&tree, Toolbox::new("linux-x86_64-glibc"), Wishes::default());
///
/// // Only the tools of this runtime are to be asked for their versions.
/// let questions = planner.version_questions()?;
/// assert_eq!((questions[0].tool, questions[0].args), ("go", ["version"].as_slice()));
/// planner.toolbox.versions.insert("go".to_owned(), "1.22.1".parse()?);
/// planner.toolbox.tools.insert("go".to_owned(), "/usr/bin/go".into());
///
/// let detection = planner.detect()?;
/// let build = planner.plan(&detection)?.expect("Go has a build");
/// assert_eq!(build.provides.path[0].to_string(), "$BUILD/bin");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Planner<'a> {
    tree: &'a dyn SourceTree,
    /// The tools of the machine that builds.
    pub toolbox: Toolbox,
    /// What the app and its settings ask for.
    pub wishes: Wishes,
}

impl<'a> Planner<'a> {
    /// Takes what a build is planned from. Decides nothing yet.
    pub fn new(tree: &'a dyn SourceTree, toolbox: Toolbox, wishes: Wishes) -> Self {
        Self { tree, toolbox, wishes }
    }

    /// Decides which runtime the tree needs without looking at any tool, so that the caller asks only the
    /// [`version_questions`](Self::version_questions) of that runtime.
    pub fn runtime(&self) -> Result<RuntimeName, DetectError> {
        detect::runtime(self.tree, &self.wishes)
    }

    /// Returns the tools whose versions decide the build: those of the [`runtime`](Self::runtime), and a package manager
    /// of which the app asks for a version.
    pub fn version_questions(&self) -> Result<Vec<VersionQuestion>, DetectError> {
        let runtime = self.runtime()?;
        let mut questions = runtime.version_questions().to_vec();
        if matches!(runtime, RuntimeName::Node | RuntimeName::Bun)
            && let Some(manager) = node::asked_for(self.tree, &self.wishes)
        {
            let programs = manager.programs().iter();
            let known = |tool: &&&str| questions.iter().all(|question| question.tool != **tool);
            let more: Vec<_> =
                programs.filter(known).map(|tool| VersionQuestion::new(tool, &["--version"])).collect();
            questions.extend(more);
        }
        Ok(questions)
    }

    /// Decides which runtime the tree needs, and why.
    ///
    /// A missing tool is reported by [`plan`](Self::plan) and never changes the choice.
    pub fn detect(&self) -> Result<Detection, DetectError> {
        detect::detect(self.tree, &self.toolbox, &self.wishes)
    }

    /// Plans the build of what was [detected](Self::detect); `None` when there is nothing to build.
    pub fn plan(&self, detection: &Detection) -> Result<Option<BuildPlan>, PlanError> {
        plan::plan(detection, self.tree, &self.toolbox, &self.wishes)
    }
}

impl std::fmt::Debug for Planner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tree, toolbox, wishes } = self;
        f.debug_struct("Planner")
            .field("tree", &tree.identity())
            .field("toolbox", toolbox)
            .field("wishes", wishes)
            .finish()
    }
}
