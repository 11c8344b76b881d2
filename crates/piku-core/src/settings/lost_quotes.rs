//! Recognizes JSON that a shell has taken the quotes from: `{a: 1}` instead of `{"a": 1}`.

/// How deep values may be nested.
const DEEPEST: usize = 16;

/// Whether the value is an object or a list of words that would be JSON if the words were in quotes.
///
/// A list of plain words counts only with a comma: `[::]` is an address, and `[a]` may be anything.
#[must_use]
pub fn lost_quotes(value: &str) -> bool {
    let value = value.trim();
    if value.contains('"') || !value.starts_with(['{', '[']) || value == "{}" {
        return false;
    }
    if serde_json::from_str::<serde_json::Value>(value).is_ok() {
        return false;
    }
    let is_structured = value.starts_with('{') || value.contains([',', '{']);
    is_structured && read(value, 0).is_some_and(|rest| rest.trim().is_empty())
}

/// Reads a value; returns what follows it.
fn read(text: &str, depth: usize) -> Option<&str> {
    let text = text.trim_start();
    if depth > DEEPEST {
        return None;
    }
    if let Some(inner) = text.strip_prefix('{') {
        return members(inner, '}', |text| {
            let (key, value) = text.split_once(':')?;
            let is_word = !key.trim().is_empty() && !key.contains(['{', '}', '[', ']', ',']);
            if is_word { read(value, depth + 1) } else { None }
        });
    }
    if let Some(inner) = text.strip_prefix('[') {
        return members(inner, ']', |text| read(text, depth + 1));
    }
    let end = text.find([',', '{', '}', '[', ']']).unwrap_or(text.len());
    (!text[..end].trim().is_empty()).then(|| &text[end..])
}

/// Reads members up to the closing bracket; returns what follows it.
fn members<'a>(text: &'a str, end: char, member: impl Fn(&'a str) -> Option<&'a str>) -> Option<&'a str> {
    let mut rest = text;
    if let Some(behind) = rest.trim_start().strip_prefix(end) {
        return Some(behind);
    }
    loop {
        rest = member(rest)?.trim_start();
        if let Some(behind) = rest.strip_prefix(end) {
            return Some(behind);
        }
        rest = rest.strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use super::lost_quotes;

    #[test]
    fn json_without_its_quotes_is_told_from_other_texts_in_brackets() {
        let lost = [
            "{a: 1}",
            "{a:1,b:[c,d]}",
            "{url: https://example.org/x?y=1}",
            "{ a : {b: true} }",
            "[a, b]",
            "[{a: 1}]",
            "['a', 'b']",
            "{'a': 1}",
        ];
        for value in lost {
            assert!(lost_quotes(value), "{value}");
        }
        let fine = [
            "{\"a\": 1}",
            "{\"a\": b}",
            "[1, 2]",
            "{}",
            "[]",
            "[::]",
            "[::1]:80",
            "[a-z]",
            "{name}",
            "{asctime}:{message}",
            "${A:-x}",
            "{{ a: b }}",
            "plain",
            "",
            "{a: 1} and more",
            "{:}",
        ];
        for value in fine {
            assert!(!lost_quotes(value), "{value}");
        }
        assert!(!lost_quotes(&"[{a:".repeat(100_000)), "and it does not run out of stack");
    }
}
