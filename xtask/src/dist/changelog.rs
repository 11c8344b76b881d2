//! Converts CHANGELOG.md to Debian's changelog format.

/// The longest line that Debian's tools accept.
const WIDTH: usize = 80;

/// Converts the newest section of `markdown` to the entry of `version`. `date` is in mail format: `Thu, 01 Jan 1970
/// 00:00:00 +0000`.
pub(super) fn debian(markdown: &str, version: &str, maintainer: &str, date: &str) -> String {
    let mut changes: Vec<String> = Vec::new();
    for line in markdown.split("\n## ").nth(1).unwrap_or_default().lines().skip(1) {
        if let Some(change) = line.strip_prefix("- ") {
            changes.push(change.to_owned());
        } else if let (Some(more), Some(change)) = (line.strip_prefix("  "), changes.last_mut()) {
            *change += " ";
            *change += more;
        }
    }
    if changes.is_empty() {
        changes.push("See the documentation.".to_owned());
    }
    let changes: String = changes.iter().map(|change| item(change)).collect();
    format!("piku ({version}) stable; urgency=medium\n\n{changes}\n -- {maintainer}  {date}\n")
}

/// Wraps a change.
fn item(change: &str) -> String {
    let (mut text, mut line) = (String::new(), "  *".to_owned());
    for word in change.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text += &line;
            text += "\n";
            "   ".clone_into(&mut line);
        }
        line += " ";
        line += word;
    }
    text + &line + "\n"
}
