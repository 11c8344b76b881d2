//! Reads the parts of `pyproject.toml` that decide a build; build tools read the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::SourceTree;

/// The tables and values of a `pyproject.toml`, as far as they could be parsed.
#[derive(Debug, Default)]
pub(crate) struct Pyproject {
    tables: BTreeSet<String>,
    values: BTreeMap<String, Value>,
    /// The line of each value, from 1.
    lines: BTreeMap<String, usize>,
    /// Whether part of it could not be parsed; the tool that installs will report it.
    broken: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    List(Vec<Value>),
    Other(String),
}

impl Pyproject {
    /// Reads the file in the top folder; an absent one has no tables.
    pub(crate) fn of(tree: &dyn SourceTree) -> Self {
        Self::read(&tree.read("pyproject.toml").unwrap_or_default())
    }

    /// Reads any file of TOML.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut file = Self::default();
        file.broken = Reader { text: &text, at: 0 }.file(&mut file).is_none();
        file
    }

    /// Whether there is something to install, not only tool settings.
    pub(crate) fn is_a_project(&self) -> bool {
        self.broken || ["project", "build-system", "tool.poetry"].iter().any(|table| self.has(table))
    }

    /// Whether the project is a package, not an app that runs from its folder.
    pub(crate) fn is_a_package(&self) -> bool {
        let refused = [("tool.poetry.package-mode"), ("tool.uv.package"), ("tool.pdm.distribution")];
        self.broken || self.has("build-system") && !refused.iter().any(|key| self.other(key) == Some("false"))
    }

    /// Whether pip and uv can't find the packages, because they are listed in Poetry's own format.
    pub(crate) fn only_poetry_reads_it(&self) -> bool {
        !self.broken && self.has("tool.poetry") && !self.has("project") && !self.is_a_package()
    }

    /// Returns the text of a key with its line.
    pub(crate) fn text_at(&self, key: &str) -> Option<(&str, usize)> {
        Some((self.text(key)?, self.lines.get(key).copied()?))
    }

    /// Returns the name of the project as a folder name.
    pub(crate) fn folder_name(&self) -> Option<String> {
        let name = self.text("project.name").or_else(|| self.text("tool.poetry.name"))?;
        Some(name.replace(['-', '.'], "_"))
    }

    /// Whether Poetry is told where the packages are.
    pub(crate) fn names_packages(&self) -> bool {
        self.values.contains_key("tool.poetry.packages") || self.has("tool.poetry.packages")
    }

    /// Whether uv is told where packages are, which may be in the tree.
    pub(crate) fn names_sources(&self) -> bool {
        self.has("tool.uv.sources") || self.has("tool.uv.workspace")
    }

    /// Returns the packages that the project needs; `None` if they can't be known without building it.
    pub(crate) fn dependencies(&self) -> Option<Vec<&str>> {
        if self.broken || self.list("project.dynamic").unwrap_or_default().contains(&"dependencies") {
            return None;
        }
        self.list("project.dependencies")
    }

    fn has(&self, table: &str) -> bool {
        let below = |name: &String| {
            name.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.tables.iter().any(below) || self.values.keys().any(|key| key != table && below(key))
    }

    fn text(&self, key: &str) -> Option<&str> {
        if let Value::Text(text) = self.values.get(key)? { Some(text) } else { None }
    }

    fn other(&self, key: &str) -> Option<&str> {
        if let Value::Other(text) = self.values.get(key)? { Some(text) } else { None }
    }

    /// An absent list is empty; a list with anything but text is `None`.
    fn list(&self, key: &str) -> Option<Vec<&str>> {
        match self.values.get(key) {
            None => Some(Vec::new()),
            Some(Value::List(items)) => items
                .iter()
                .map(|item| if let Value::Text(text) = item { Some(text.as_str()) } else { None })
                .collect(),
            Some(_) => None,
        }
    }
}

/// A position in TOML text; every method returns `None` if the text is not TOML.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn file(&mut self, into: &mut Pyproject) -> Option<()> {
        let mut table = String::new();
        loop {
            self.blanks();
            let Some(next) = self.peek() else {
                return Some(());
            };
            if next == '[' {
                let double = self.rest().starts_with("[[");
                self.at += if double { 2 } else { 1 };
                table = self.key()?;
                self.take(if double { "]]" } else { "]" })?;
                into.tables.insert(table.clone());
            } else {
                let line = self.text[..self.at].matches('\n').count() + 1;
                let key = self.key()?;
                self.take("=")?;
                let value = self.value(0)?;
                let key = if table.is_empty() { key } else { format!("{table}.{key}") };
                into.lines.insert(key.clone(), line);
                into.values.insert(key, value);
            }
        }
    }

    /// Reads `a."b".c` as `a.b.c`.
    fn key(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        loop {
            self.spaces();
            let part = match self.peek()? {
                '"' | '\'' => self.string()?,
                _ => self.while_in(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).to_owned(),
            };
            if part.is_empty() {
                return None;
            }
            parts.push(part);
            self.spaces();
            if self.take(".").is_none() {
                return Some(parts.join("."));
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.spaces();
        match self.peek()? {
            '"' | '\'' => self.string().map(Value::Text),
            open @ ('[' | '{') if depth < 32 => {
                let close = if open == '[' { "]" } else { "}" };
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.blanks();
                    if self.take(close).is_some() {
                        return Some(if open == '[' {
                            Value::List(items)
                        } else {
                            Value::Other("{}".to_owned())
                        });
                    }
                    if open == '{' {
                        self.key()?;
                        self.take("=")?;
                    }
                    items.push(self.value(depth + 1)?);
                    self.blanks();
                    if self.take(",").is_none() && !self.rest().starts_with(close) {
                        return None;
                    }
                }
            }
            _ => {
                let word =
                    self.while_in(|c| !c.is_whitespace() && !matches!(c, ',' | ']' | '}' | '#' | '[' | '{'));
                (!word.is_empty()).then(|| Value::Other(word.to_owned()))
            }
        }
    }

    /// Reads a string of any of the four kinds; escapes stay, because no text we look for has any.
    fn string(&mut self) -> Option<String> {
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| self.rest().starts_with(quote))?;
        let begin = self.at + quote.len();
        let mut end = begin;
        loop {
            let rest = self.text.get(end..)?;
            if rest.starts_with(quote) {
                self.at = end + quote.len();
                return self.text.get(begin..end).map(str::to_owned);
            }
            let next = rest.chars().next()?;
            if next == '\n' && quote.len() == 1 {
                return None;
            }
            end += next.len_utf8();
            if next == '\\' && quote.starts_with('"') {
                end += self.text.get(end..)?.chars().next()?.len_utf8();
            }
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, text: &str) -> Option<()> {
        self.rest().starts_with(text).then(|| self.at += text.len())
    }

    fn while_in(&mut self, fits: impl Fn(char) -> bool) -> &str {
        let begin = self.at;
        self.at += self.rest().find(|c| !fits(c)).unwrap_or(self.rest().len());
        &self.text[begin..self.at]
    }

    fn spaces(&mut self) {
        self.while_in(|c| matches!(c, ' ' | '\t'));
    }

    /// Skips white space, line ends, and comments.
    fn blanks(&mut self) {
        self.while_in(|c| c.is_whitespace() || c == '\u{feff}');
        while self.peek() == Some('#') {
            self.while_in(|c| c != '\n');
            self.while_in(char::is_whitespace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;
    use proptest::prelude::*;

    fn read(text: &str) -> Pyproject {
        Pyproject::of(&MemoryTree::new("c").with("pyproject.toml", text))
    }

    #[test]
    fn what_decides_a_build_is_read_in_any_spelling() {
        let file = read(concat!(
            "# a comment\n[project]\nname = 'my-blog' # the name\n",
            "requires-python=\">=3.11\"\ndependencies = [\n  \"flask>=3\", # why\n  'psycopg[binary] ; python_version > \"3\"',\n]\n",
            "[project.urls]\nhome = \"x\"\n[tool.\"ruff\"]\nline-length = 120\n[[tool.uv.index]]\nurl = \"u\"\n",
        ));
        assert!(!file.broken && file.is_a_project() && !file.is_a_package());
        assert_eq!(file.text_at("project.requires-python"), Some((">=3.11", 4)));
        assert_eq!(file.folder_name().as_deref(), Some("my_blog"));
        let packages = vec!["flask>=3", "psycopg[binary] ; python_version > \"3\""];
        assert_eq!(file.dependencies(), Some(packages));
    }

    #[test]
    fn settings_of_tools_alone_are_no_project() {
        assert!(!read("[tool.ruff]\nline-length = 100\n").is_a_project());
        assert!(!read("").is_a_project());
        assert!(!read("[projects]\nx = 1\n").is_a_project());
    }

    #[test]
    fn a_package_has_a_build_system_and_does_not_say_otherwise() {
        let with = |rest: &str| read(&format!("[project]\nname = \"a\"\n{rest}"));
        assert!(!with("").is_a_package());
        assert!(with("[build-system]\nrequires = [\"hatchling\"]\n").is_a_package());
        assert!(!with("[build-system]\nrequires = []\n[tool.poetry]\npackage-mode = false\n").is_a_package());
    }

    #[test]
    fn packages_that_only_a_build_would_name_are_not_known() {
        assert_eq!(read("[project]\ndynamic = [\"dependencies\"]\n").dependencies(), None);
        assert_eq!(read("[project]\ndependencies = [1]\n").dependencies(), None);
        assert_eq!(read("[project]\nname = \"a\"\n").dependencies(), Some(vec![]));
    }

    #[test]
    fn a_broken_file_counts_as_a_project_so_that_its_tool_says_what_is_wrong() {
        for text in ["[project\n", "x", "x = ", "x = [1, 2", "x = \"a\n\"", "x = {a = 1", "[]\n"] {
            let file = read(text);
            assert!(file.broken && file.is_a_project(), "{text:?}");
        }
    }

    #[test]
    fn strings_and_inline_tables_do_not_hide_what_follows() {
        let file = read(
            "a = \"\"\"\n[project]\n\"\"\"\nb = { c = [1, 2], d = \"}\" }\ne = \"\\\"\"\n[project]\nname = \"x\"\n",
        );
        assert!(!file.broken);
        assert_eq!(file.folder_name().as_deref(), Some("x"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "([\\PC\n]|[\\[\\]{}=\"'#.,\\\\\na ]){0,60}") {
            let _ = read(&text);
        }
    }
}
