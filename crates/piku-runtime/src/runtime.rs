//! The runtimes that piku knows, by name.

use std::fmt;

/// The runtimes that piku knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RuntimeName {
    /// A virtual environment with the packages of the app.
    Python,
    /// Gems, by bundler.
    Ruby,
    /// Packages of composer, if any.
    Php,
    /// Programs made by `go build`.
    Go,
    /// Programs made by cargo.
    Rust,
    /// What Maven or Gradle make.
    Java,
    /// What Leiningen or the Clojure tools make.
    Clojure,
    /// The dependencies that a Deno configuration names.
    Deno,
    /// A `package.json` with Bun's lock file.
    Bun,
    /// `package.json`, by npm, pnpm, or Yarn.
    Node,
    /// No build: only files are served.
    Static,
    /// No build: the app brings what it needs.
    Generic,
}

/// How to ask a tool for its version: run `program` with `args`. [`Version::first_in`](crate::Version::first_in)
/// reads the answer, from either output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionQuestion {
    /// The tool's name in the [`Toolbox`](crate::Toolbox).
    pub tool: &'static str,
    /// The arguments.
    pub args: &'static [&'static str],
}

impl VersionQuestion {
    pub(crate) const fn new(tool: &'static str, args: &'static [&'static str]) -> Self {
        Self { tool, args }
    }
}

impl RuntimeName {
    /// Every runtime, in the order of detection.
    ///
    /// `package.json` comes after the others, because it stands beside a `Gemfile`, a `composer.json`, or a `pom.xml`
    /// for a web page far more often than the reverse. Python is first, as it always was in piku.
    pub const ALL: [Self; 12] = [
        Self::Python,
        Self::Ruby,
        Self::Php,
        Self::Go,
        Self::Rust,
        Self::Java,
        Self::Clojure,
        Self::Deno,
        Self::Bun,
        Self::Node,
        Self::Static,
        Self::Generic,
    ];

    /// Returns the name as used in `PIKU_RUNTIME`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Java => "java",
            Self::Clojure => "clojure",
            Self::Deno => "deno",
            Self::Bun => "bun",
            Self::Node => "node",
            Self::Static => "static",
            Self::Generic => "generic",
        }
    }

    /// Returns the proper name, for sentences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Ruby => "Ruby",
            Self::Php => "PHP",
            Self::Go => "Go",
            Self::Rust => "Rust",
            Self::Java => "Java",
            Self::Clojure => "Clojure",
            Self::Deno => "Deno",
            Self::Bun => "Bun",
            Self::Node => "Node.js",
            Self::Static => "static files",
            Self::Generic => "generic",
        }
    }

    /// Returns the tools whose versions decide the runtime and its builds.
    ///
    /// If the caller leaves them out of the toolbox, no version is checked, and a new version of a tool causes no new
    /// build.
    pub fn version_questions(self) -> &'static [VersionQuestion] {
        const fn ask(tool: &'static str, args: &'static [&'static str]) -> VersionQuestion {
            VersionQuestion::new(tool, args)
        }
        match self {
            Self::Python | Self::Static | Self::Generic => &[],
            Self::Ruby => &const { [ask("ruby", &["--version"])] },
            Self::Php => &const { [ask("php", &["--version"])] },
            Self::Go => &const { [ask("go", &["version"])] },
            Self::Rust => &const { [ask("cargo", &["--version"])] },
            Self::Java | Self::Clojure => &const { [ask("javac", &["-version"])] },
            Self::Deno => &const { [ask("deno", &["--version"])] },
            // Which of the two it is may depend on more than the files.
            Self::Bun | Self::Node => &const { [ask("node", &["--version"]), ask("bun", &["--version"])] },
        }
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
