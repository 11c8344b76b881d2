//! Expands `$NAME` and `${NAME}` in a value.

use super::limits::MAX_VALUE;

/// Replaces every `$NAME` and `${NAME}` that `lookup` knows; `None` if the result exceeds [`MAX_VALUE`].
///
/// Unknown names stay as written. `\$` is a literal `$`; any other backslash stands for itself.
/// Replaced text is not expanded again.
pub(super) fn expand<'a>(value: &'a str, lookup: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let mut expanded = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(['$', '\\']) {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (text, length) = if rest.starts_with("\\$") {
            ("$", 2)
        } else if let Some((name, length)) = reference(rest) {
            (lookup(name).unwrap_or(&rest[..length]), length)
        } else {
            (&rest[..1], 1)
        };
        expanded.push_str(text);
        rest = &rest[length..];
        // Otherwise a short file that doubles a value on each line could reach any length.
        if expanded.len() > MAX_VALUE {
            return None;
        }
    }
    expanded.push_str(rest);
    (expanded.len() <= MAX_VALUE).then_some(expanded)
}

/// Parses a reference at the start of `text`: the name and the length of the whole reference.
fn reference(text: &str) -> Option<(&str, usize)> {
    let after = text.strip_prefix('$')?;
    let braced = after.strip_prefix('{');
    let name = leading_name(braced.unwrap_or(after))?;
    match braced {
        Some(inner) => inner[name.len()..].starts_with('}').then_some((name, name.len() + 3)),
        None => Some((name, name.len() + 1)),
    }
}

fn leading_name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_replaced() {
        let lookup = |name: &str| match name {
            "A" => Some("1"),
            "LONG_NAME" => Some("$A"),
            "EMPTY" => Some(""),
            _ => None,
        };
        let cases = [
            ("$A", "1"),
            ("${A}b", "1b"),
            ("$Ab", "$Ab"),
            ("$A$A", "11"),
            ("$$A", "$1"),
            ("$", "$"),
            ("${", "${"),
            ("${A", "${A"),
            ("${}", "${}"),
            ("${A-x}", "${A-x}"),
            ("$1", "$1"),
            ("$(A)", "$(A)"),
            (r"\$A", "$A"),
            (r"\${A}", "${A}"),
            (r"\\$A", r"\$A"),
            (r"a\nb\", r"a\nb\"),
            ("$LONG_NAME", "$A"),
            ("x${EMPTY}y", "xy"),
            ("$Aé", "1é"),
            ("é$", "é$"),
        ];
        for (value, wanted) in cases {
            assert_eq!(expand(value, lookup).as_deref(), Some(wanted), "{value}");
        }
    }

    #[test]
    fn a_value_can_not_grow_beyond_what_a_process_takes() {
        let half = "x".repeat(MAX_VALUE / 2 + 1);
        assert_eq!(expand("$A$A", |_| Some(half.as_str())), None);
        assert_eq!(expand("$A", |_| Some(half.as_str())).map(|value| value.len()), Some(half.len()));
    }
}
