//! Writes indented configuration text.

use std::collections::BTreeSet;

use crate::include::key;

/// Configuration text under construction: one directive per line, blocks indented by four spaces.
#[derive(Default)]
pub(super) struct Text {
    text: String,
    depth: usize,
    /// The directives that others say at this depth, so that they are left out.
    left: Option<(usize, BTreeSet<String>)>,
}

impl Text {
    /// Adds a line unchanged, unless it is left to others.
    pub(super) fn line(&mut self, line: &str) {
        if let Some((depth, keys)) = &self.left
            && *depth == self.depth
            && keys.contains(&key(line.trim_end_matches(';').split(' ')))
        {
            return;
        }
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("    ", self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Adds lines unchanged.
    pub(super) fn lines<const N: usize>(&mut self, lines: [&str; N]) {
        for line in lines {
            self.line(line);
        }
    }

    /// Adds a block with what `inside` adds, after an empty line unless it is the first of its parent.
    pub(super) fn block(&mut self, head: &str, inside: impl FnOnce(&mut Self)) {
        if !self.text.ends_with("{\n") {
            self.line("");
        }
        self.adjoining(head, inside);
    }

    /// Adds a block directly below the line before it.
    pub(super) fn adjoining(&mut self, head: &str, inside: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line("}");
    }

    /// Begins a block that was read from a file.
    pub(super) fn open(&mut self, head: &str, origin: &str) {
        self.line("");
        self.line(&format!("{head} {{ # {origin}"));
        self.depth += 1;
    }

    /// Ends it.
    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// Adds what `inside` adds, but for directives of this block that others say.
    pub(super) fn leaving(&mut self, keys: BTreeSet<String>, inside: impl FnOnce(&mut Self)) {
        let before = self.left.replace((self.depth, keys));
        inside(self);
        self.left = before;
    }

    pub(super) fn finish(self) -> String {
        // The text must not begin with an empty line.
        self.text.trim_start_matches('\n').to_owned()
    }
}
