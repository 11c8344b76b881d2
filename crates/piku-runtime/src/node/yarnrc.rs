//! Where a newer Yarn puts its packages, according to its configuration.

use crate::SourceTree;

const FILE: &str = ".yarnrc.yml";

/// Keys that neither read nor write any other file of the tree.
const HARMLESS: [&str; 12] = [
    "compressionLevel",
    "defaultSemverRangePrefix",
    "enableScripts",
    "enableTelemetry",
    "httpRetry",
    "httpTimeout",
    "networkConcurrency",
    "nmMode",
    "nodeLinker",
    "npmMinimalAgeGate",
    "npmRegistryServer",
    "yarnPath",
];

/// Whether the packages are in `node_modules` and decided by Yarn's files alone.
///
/// That is so if the configuration asks for that folder, and for nothing else that could read the tree. Otherwise
/// Yarn writes files beside the sources (`.pnp.cjs`, a cache), or reads plugins from there.
pub(crate) fn packages_alone(tree: &dyn SourceTree) -> bool {
    let bytes = tree.read(FILE).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut linker = false;
    for line in lines {
        // Indented lines match no key, so nested values count as not understood.
        let Some((key, value)) = line.split_once(':') else { return false };
        if !HARMLESS.contains(&key) {
            return false;
        }
        if key == "nodeLinker" {
            linker = value.trim().trim_matches(['"', '\'']) == "node-modules";
        }
    }
    linker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    fn alone(text: &str) -> bool {
        packages_alone(&MemoryTree::new("c").with(FILE, text))
    }

    #[test]
    fn only_a_configuration_that_is_understood_leaves_the_tree_alone() {
        let cases = [
            ("nodeLinker: node-modules\n", true),
            (
                "# a\n\nnodeLinker: 'node-modules'\r\nyarnPath: .yarn/releases/yarn.cjs\nenableTelemetry: 0\n",
                true,
            ),
            ("", false),
            ("yarnPath: .yarn/releases/yarn.cjs\n", false),
            ("nodeLinker: pnp\n", false),
            ("nodeLinker: node-modules\nnodeLinker: pnp\n", false),
            ("nodeLinker: node-modules\nplugins:\n  - .yarn/plugins/a.cjs\n", false),
            ("nodeLinker: node-modules\ncacheFolder: .cache\n", false),
            ("nodeLinker: node-modules\n  more: 1\n", false),
            ("nodeLinker: node-modules\n{}\n", false),
        ];
        for (text, expected) in cases {
            assert_eq!(alone(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(nodeLinker:)?(\\PC|\n)*") {
            let _ = alone(&text);
        }
    }
}
