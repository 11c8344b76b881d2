//! Chooses the Node.js that runs an app.

use super::choice::NodeSource;
use super::package::Package;
use crate::asked::{Asked, asked};
use crate::range::Range;
use crate::{
    DetectError, Detection, RuntimeName, SourceTree, Toolbox, Version, VersionRequest, Warning, Wishes,
};

const NODE: RuntimeName = RuntimeName::Node;

/// The code names of long-term releases in `nvm` and `nodeenv`.
const CODENAMES: [(&str, u32); 12] = [
    ("argon", 4),
    ("boron", 6),
    ("carbon", 8),
    ("dubnium", 10),
    ("erbium", 12),
    ("fermium", 14),
    ("gallium", 16),
    ("hydrogen", 18),
    ("iron", 20),
    ("jod", 22),
    ("krypton", 24),
    ("lithium", 26),
];

/// Chooses the Node.js: the host's if it fits, otherwise exactly the version asked for, if nodeenv is installed.
///
/// A version that is asked for is matched by its major version: what runs on 20.11 runs on 20.19, with a warning.
/// `engines` is a range, and a version outside it is refused.
pub(crate) fn choose(
    tree: &dyn SourceTree,
    toolbox: &Toolbox,
    wishes: &Wishes,
    package: &Package,
    found: &mut Detection,
) -> Result<NodeSource, DetectError> {
    let host = toolbox.version("node");
    found.version = host;
    let setting = wishes.setting("NODE_VERSION").map(|text| ("NODE_VERSION", text));
    let asked = asked(tree, setting, &[".node-version", ".nvmrc"], &["nodejs", "node"]);
    let Some(asked) = asked else { return engines(host, package, found).map(|()| NodeSource::Host) };
    let Some(request) = request(&asked)? else { return Ok(NodeSource::Host) };
    found.because(asked.origin, format!("asks for Node.js {request}"));
    let exact = match request {
        VersionRequest { major, minor: Some(minor), patch: Some(patch) } => {
            Some(Version { major, minor, patch: Some(patch) })
        }
        _ => None,
    };
    let fetched = exact.filter(|_| toolbox.tool("nodeenv").is_some());
    match (host, fetched) {
        (Some(host), _) if request.accepts(&host) => Ok(NodeSource::Host),
        (_, Some(version)) => {
            found.version = Some(version);
            Ok(NodeSource::Nodeenv(version))
        }
        (Some(host), None) if host.major == request.major && exact.is_some() => {
            found.warn(asked.accept(NODE, host));
            Ok(NodeSource::Host)
        }
        (Some(host), None) => Err(asked.refuse(NODE, host)),
        (None, None) => Ok(NodeSource::Host),
    }
}

/// Parses `20`, `v20.11.1`, `lts/iron`; `None` where any version will do, as for `lts/*` and `node`.
fn request(asked: &Asked) -> Result<Option<VersionRequest>, DetectError> {
    let text = asked.text.to_ascii_lowercase();
    if matches!(text.as_str(), "node" | "stable" | "latest" | "current" | "system" | "lts" | "lts/*") {
        return Ok(None);
    }
    let codename = text.strip_prefix("lts/").or_else(|| text.strip_prefix("lts-"));
    let known = CODENAMES.iter().find(|(name, _)| codename == Some(name));
    if let Some((_, major)) = known {
        return Ok(Some(VersionRequest { major: *major, minor: None, patch: None }));
    }
    asked.request(NODE).map(Some)
}

/// Checks the host's version against `engines`; a range that can't be parsed is left to npm.
fn engines(host: Option<Version>, package: &Package, found: &mut Detection) -> Result<(), DetectError> {
    let Some(text) = package.node_engines() else { return Ok(()) };
    let Ok(range) = text.parse::<Range>() else {
        found.warn(Warning {
            code: "node::engines-unread",
            message: format!("`engines.node` of `package.json` is `{text}`, which is no range of versions"),
            help: Some("write a range such as `>=20` or `^22`".to_owned()),
            file: Some("package.json".to_owned()),
        });
        return Ok(());
    };
    found.because("package.json", format!("asks for Node.js {text}"));
    match host {
        Some(has) if !range.accepts(&has) => {
            Err(Asked { text: text.to_owned(), origin: "package.json", line: None }.refuse(NODE, has))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_releases_are_read_as_versions() {
        let cases = [
            ("20", Some("20")),
            ("v20.11.1", Some("20.11.1")),
            ("lts/iron", Some("20")),
            ("lts/Jod", Some("22")),
            ("lts/*", None),
            ("node", None),
        ];
        for (text, read) in cases {
            let asked = Asked { text: text.to_owned(), origin: ".nvmrc", line: None };
            assert_eq!(request(&asked).unwrap().map(|it| it.to_string()).as_deref(), read, "{text}");
        }
        for text in ["lts/nonsense", "iojs", ">=18"] {
            assert!(
                request(&Asked { text: text.to_owned(), origin: ".nvmrc", line: None }).is_err(),
                "{text}"
            );
        }
    }
}
