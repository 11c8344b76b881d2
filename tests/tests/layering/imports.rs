//! Which file of a crate takes something from which other one, read from the text of its sources.
//!
//! A re-export is followed to the file that defines what it names, so a `mod.rs` that lists and does nothing else is
//! no stop on the way. Tests inside the sources are left out.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::tokens::tokens;

/// A path such as `crate::host::files`, without the `::`.
type Words = Vec<String>;

/// A module with a file of its own.
struct Module {
    file: Utf8PathBuf,
    /// What the file says, without comments, texts, tests, and imports.
    code: Words,
    /// Names that `use` brings into the module, and where they come from.
    names: BTreeMap<String, Words>,
    /// Modules of which everything is brought in.
    globs: Vec<Words>,
    /// Paths that are imported for the module's own use.
    imports: Vec<Words>,
}

/// The modules of one crate, by their paths below `crate`.
pub(crate) struct Modules(BTreeMap<Words, Module>);

impl Modules {
    /// Reads every source file in `src`, but files of tests.
    pub(crate) fn read(src: &Utf8Path) -> Self {
        let mut modules = BTreeMap::new();
        read_folder(src, src, &mut modules);
        Self(modules)
    }

    /// Every file below `src` with the files it takes something from.
    pub(crate) fn arrows(&self, src: &Utf8Path) -> BTreeMap<String, BTreeSet<String>> {
        let name = |file: &Utf8Path| file.strip_prefix(src).unwrap().to_string();
        self.0
            .iter()
            .map(|(at, module)| {
                let reached = self.paths(at, module);
                let files = reached.iter().filter_map(|path| self.file_of(at, path));
                let others = files.filter(|file| *file != module.file).map(|file| name(&file)).collect();
                (name(&module.file), others)
            })
            .collect()
    }

    /// Every file below `src` with the paths that it names, such as `crate::host::HostError`.
    pub(crate) fn named(&self, src: &Utf8Path) -> BTreeMap<String, BTreeSet<String>> {
        let name = |file: &Utf8Path| file.strip_prefix(src).unwrap().to_string();
        let paths =
            |at: &Words, module: &Module| self.paths(at, module).iter().map(|path| path.join("::")).collect();
        self.0.iter().map(|(at, module)| (name(&module.file), paths(at, module))).collect()
    }

    /// The paths that a module names, in its imports and in its code.
    fn paths(&self, at: &Words, module: &Module) -> Vec<Words> {
        let mut paths = module.imports.clone();
        for path in paths_in(&module.code) {
            let first = &path[0];
            let is_child = self.0.contains_key(&joined(at, &path[..1]));
            if matches!(first.as_str(), "crate" | "super" | "self") || is_child {
                paths.push(path);
            } else if let Some(origin) = module.names.get(first) {
                paths.push([origin.as_slice(), &path[1..]].concat());
            }
        }
        paths
    }

    /// The file that defines what `path` names as seen from the module `at`; none for what is not this crate's, and
    /// for a folder of modules by itself, of which nothing is taken yet.
    fn file_of(&self, at: &Words, path: &[String]) -> Option<Utf8PathBuf> {
        self.follow(at, path, 0)
    }

    fn follow(&self, at: &Words, path: &[String], depth: usize) -> Option<Utf8PathBuf> {
        if depth > 16 {
            return None;
        }
        let mut module = at.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                module.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    module.pop()?;
                    rest = &rest[1..];
                }
            }
            name if self.0.contains_key(&joined(at, &[name.to_owned()])) => {}
            _ => return None,
        }
        while let Some(next) = rest.first() {
            let child = joined(&module, std::slice::from_ref(next));
            if !self.0.contains_key(&child) {
                break;
            }
            module = child;
            rest = &rest[1..];
        }
        let here = self.0.get(&module)?;
        let Some(item) = rest.first() else {
            let has_children =
                self.0.keys().any(|other| other.len() > module.len() && other.starts_with(&module));
            return (!has_children).then(|| here.file.clone());
        };
        if let Some(origin) = here.names.get(item) {
            let further = [origin.as_slice(), &rest[1..]].concat();
            return self.follow(&module, &further, depth + 1);
        }
        if !here.defines(item)
            && let Some(file) = here.globs.iter().find_map(|glob| {
                let further = [glob.as_slice(), std::slice::from_ref(item)].concat();
                self.follow(&module, &further, depth + 1)
            })
        {
            return Some(file);
        }
        Some(here.file.clone())
    }
}

impl Module {
    fn read(file: Utf8PathBuf, text: &str) -> Self {
        let (code, uses) = imports_apart(without_tests(tokens(text)));
        let mut module = Self { file, code, names: BTreeMap::new(), globs: Vec::new(), imports: Vec::new() };
        for (public, tree) in uses {
            for (path, name) in leaves_of(&tree) {
                // A re-export takes nothing, unless the file itself uses the name.
                let passes_on = public && !module.says(&name);
                match name.as_str() {
                    "*" => module.globs.push(path.clone()),
                    _ => drop(module.names.insert(name, path.clone())),
                }
                if !passes_on {
                    module.imports.push(path);
                }
            }
        }
        module
    }

    /// Whether the code has the name, but as that of a module below.
    fn says(&self, name: &str) -> bool {
        let before = std::iter::once("").chain(self.code.iter().map(String::as_str));
        before.zip(&self.code).any(|(before, word)| word == name && before != "mod")
    }

    fn defines(&self, item: &str) -> bool {
        let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "union", "mod"];
        self.code.windows(2).any(|pair| kinds.contains(&pair[0].as_str()) && pair[1] == item)
    }
}

fn joined(module: &[String], more: &[String]) -> Words {
    [module, more].concat()
}

fn read_folder(src: &Utf8Path, folder: &Utf8Path, modules: &mut BTreeMap<Words, Module>) {
    for entry in folder.read_dir_utf8().unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_folder(src, path, modules);
        } else if path.extension() == Some("rs") && path.file_name() != Some("tests.rs") {
            let text = std::fs::read_to_string(path).unwrap();
            let below = path.strip_prefix(src).unwrap().with_extension("");
            let mut words: Words = below.as_str().split('/').map(str::to_owned).collect();
            words.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
            let module = Module::read(path.to_owned(), &text);
            assert!(modules.insert(words, module).is_none(), "{path}: two files for one module");
        }
    }
}

/// Leaves out every item behind `#[cfg(test)]`.
fn without_tests(words: Words) -> Words {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Words::new();
    let mut rest = words.as_slice();
    while let Some(word) = rest.first() {
        if rest.len() > mark.len() && rest.iter().zip(mark).all(|(word, mark)| word == mark) {
            rest = &rest[mark.len() + length_of_item(&rest[mark.len()..])..];
        } else {
            kept.push(word.clone());
            rest = &rest[1..];
        }
    }
    kept
}

/// How many words an item has: up to its `;`, or to the end of its block.
fn length_of_item(words: &[String]) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && word == "}" {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    words.len()
}

/// The code without its imports, and each import: whether it is a re-export, and its tree.
fn imports_apart(words: Words) -> (Words, Vec<(bool, Words)>) {
    let (mut code, mut uses) = (Words::new(), Vec::new());
    let mut rest = words.into_iter();
    while let Some(word) = rest.next() {
        if word == "use" {
            let tree: Words = rest.by_ref().take_while(|word| word != ";").collect();
            uses.push((is_public(&code), tree));
        } else {
            code.push(word);
        }
    }
    (code, uses)
}

/// Whether what follows is `pub`, or `pub(…)`.
fn is_public(before: &[String]) -> bool {
    match before {
        [.., last] if last == "pub" => true,
        [.., last] if last == ")" => {
            let open = before.iter().rposition(|word| word == "(").unwrap_or(0);
            open > 0 && before[open - 1] == "pub"
        }
        _ => false,
    }
}

/// Every path of a tree such as `a::{b, c as d, e::*}`, with the name that it has here; `*` for everything.
fn leaves_of(tree: &[String]) -> Vec<(Words, String)> {
    let mut found = Vec::new();
    let open = tree.iter().position(|word| word == "{");
    if let Some(open) = open {
        let prefix: Words = tree[..open].iter().filter(|word| *word != "::").cloned().collect();
        let inner = &tree[open + 1..tree.len() - 1];
        let mut depth = 0_usize;
        let split = inner.split(|word| {
            depth = match word.as_str() {
                "{" => depth + 1,
                "}" => depth - 1,
                _ => depth,
            };
            depth == 0 && word == ","
        });
        for branch in split.filter(|branch| !branch.is_empty()) {
            found.extend(leaves_of(branch).into_iter().map(|(path, name)| {
                let itself = path == ["self"];
                let whole = if itself { prefix.clone() } else { joined(&prefix, &path) };
                let name = if name == "self" { whole.last().unwrap().clone() } else { name };
                (whole, name)
            }));
        }
        return found;
    }
    let mut path: Words = tree.iter().filter(|word| *word != "::").cloned().collect();
    let name = path.last().cloned().unwrap_or_default();
    if path.len() > 2 && path[path.len() - 2] == "as" {
        path.truncate(path.len() - 2);
    }
    if name == "*" {
        path.pop();
    }
    found.push((path, name));
    found
}

/// Every `a::b::c` in code; the part of `pub(in …)` is none.
fn paths_in(code: &[String]) -> Vec<Words> {
    let is_name = |word: &String| word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let begins = is_name(&code[at]) && (at == 0 || !matches!(code[at - 1].as_str(), "::" | "." | "in"));
        if !begins || code.get(at + 1).is_none_or(|next| next != "::") {
            at += 1;
            continue;
        }
        let mut path = vec![code[at].clone()];
        at += 1;
        while code.get(at).is_some_and(|word| word == "::") && code.get(at + 1).is_some_and(is_name) {
            path.push(code[at + 1].clone());
            at += 2;
        }
        found.push(path);
    }
    found
}
