//! CHANGELOG.md as Debian writes changelogs.

/// The newest section of `markdown` as the entry of `version`. `date` is as in mails: `Thu, 01 Jan 1970 00:00:00 +0000`.
pub(super) fn debian(markdown: &str, version: &str, maintainer: &str, date: &str) -> String {
    let section = markdown.split("\n## ").nth(1).unwrap_or_default();
    let mut text = format!("piku ({version}) stable; urgency=medium\n\n");
    let mut changes = 0;
    for line in section.lines().skip(1) {
        if let Some(change) = line.strip_prefix("- ") {
            changes += 1;
            text.push_str(&format!("  * {change}\n"));
        } else if let Some(more) = line.strip_prefix("  ").filter(|_| changes > 0) {
            text.push_str(&format!("    {more}\n"));
        }
    }
    if changes == 0 {
        text.push_str("  * See the documentation.\n");
    }
    text.push_str(&format!("\n -- {maintainer}  {date}\n"));
    text
}
