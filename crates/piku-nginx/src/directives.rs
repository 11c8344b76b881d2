//! Which directives a file of an app sets.

use std::collections::BTreeSet;

/// The names of the directives in a text, outside of its blocks.
///
/// A site leaves these to the app's own file, since nginx refuses duplicates. What nginx could not read either may be
/// missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectiveNames(BTreeSet<String>);

impl DirectiveNames {
    /// Reads the names from the text of a file.
    pub fn of(text: &str) -> Self {
        let mut names = BTreeSet::new();
        let mut depth = 0_usize;
        let mut begins = true;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '#' => while chars.next_if(|c| *c != '\n').is_some() {},
                ';' => begins = true,
                '{' => (depth, begins) = (depth + 1, true),
                '}' => (depth, begins) = (depth.saturating_sub(1), true),
                c if c.is_ascii_whitespace() => {}
                quote @ ('"' | '\'') => {
                    let mut word = String::new();
                    while let Some(c) = chars.next().filter(|c| *c != quote) {
                        word.extend(if c == '\\' { chars.next() } else { Some(c) });
                    }
                    if begins && depth == 0 {
                        names.insert(word);
                    }
                    begins = false;
                }
                c => {
                    let mut word = String::from(c);
                    let mut last = c;
                    // `${name}` is part of a word, and what follows a backslash is too.
                    while let Some(c) = chars.next_if(|c| {
                        last == '\\'
                            || last == '$' && *c == '{'
                            || !(c.is_ascii_whitespace() || ";{".contains(*c))
                    }) {
                        word.push(c);
                        last = if last == '\\' { ' ' } else { c };
                    }
                    if begins && depth == 0 {
                        names.insert(word);
                    }
                    begins = false;
                }
            }
        }
        Self(names)
    }

    /// Whether the text sets this directive.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::DirectiveNames;

    #[test]
    fn names_outside_of_blocks_are_found() {
        let text = "client_max_body_size 1m; # gzip on;\n'server_tokens' off;location = /x{gzip off;}\n\
                    add_header A \"}; gzip on;\" always;\nif ($a ~ \"{\") { set $b ${c}; }\nset $x a\\;b;expires 1d;";
        let names = DirectiveNames::of(text);
        for name in
            ["client_max_body_size", "server_tokens", "location", "add_header", "if", "set", "expires"]
        {
            assert!(names.has(name), "{name}");
        }
        for name in ["gzip", "1m", "off", "b", "", "always"] {
            assert!(!names.has(name), "{name}");
        }
    }
}
