//! Names of files and folders beside the builds of an app.

/// The suffix of the marker for an incomplete build.
pub(super) const HALF: &str = ".building";

/// The link in a build to the packages it starts from, and the word in their names.
pub(super) const PACKAGES: &str = "packages";
