//! Writes indented configuration text.

/// Configuration text under construction: one directive per line, blocks indented by four spaces.
#[derive(Default)]
pub(super) struct Text {
    text: String,
    depth: usize,
}

impl Text {
    /// Adds a line unchanged.
    pub(super) fn line(&mut self, line: &str) {
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

    pub(super) fn finish(self) -> String {
        // The text must not begin with an empty line.
        self.text.trim_start_matches('\n').to_owned()
    }
}
