//! Plans the build of what was detected.

use crate::{
    BuildPlan, Detection, PlanError, RuntimeName, SourceTree, Toolbox, Wishes, clojure, deno, go, java, node,
    php, python, ruby, rust,
};

/// As [`Planner::plan`](crate::Planner::plan).
pub(crate) fn plan(
    detection: &Detection,
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
) -> Result<Option<BuildPlan>, PlanError> {
    match detection.runtime {
        RuntimeName::Python => {
            let plan = |choice| python::plan(choice, tree, toolbox, wishes);
            detection.python.as_ref().map(plan).transpose()
        }
        RuntimeName::Bun | RuntimeName::Node => {
            let plan = |choice| node::plan(detection.runtime, choice, tree, toolbox, wishes);
            detection.node.as_ref().map(plan).transpose()
        }
        RuntimeName::Ruby => ruby::plan(tree, toolbox, wishes),
        RuntimeName::Php => php::plan(tree, toolbox, wishes),
        RuntimeName::Go => go::plan(tree, toolbox, wishes),
        RuntimeName::Rust => rust::plan(tree, toolbox, wishes),
        RuntimeName::Java => java::plan(tree, toolbox, wishes),
        RuntimeName::Clojure => clojure::plan(tree, toolbox, wishes),
        RuntimeName::Deno => deno::plan(tree, toolbox, wishes),
        RuntimeName::Static | RuntimeName::Generic => Ok(None),
    }
}
