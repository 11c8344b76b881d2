//! The name that a misspelt one may have meant. Pure.

/// The one of `names` that is most similar to `asked`, whatever its case; `None` if none is near, or if one is the same.
///
/// Two letters may be wrong, or one in a name of up to four letters.
#[must_use]
pub fn nearest<'a>(asked: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within(asked, names, |name| if name.len() < 5 { 1 } else { 2 })
}

/// Like [`nearest`], with as many wrong letters as `tolerance` allows for a name.
pub(crate) fn nearest_within<'a>(
    asked: &str,
    names: impl IntoIterator<Item = &'a str>,
    tolerance: impl Fn(&str) -> usize,
) -> Option<&'a str> {
    let lower = asked.to_ascii_lowercase();
    let distance = |name: &'a str| {
        // The edit distance is slow to compute, and never less than the difference in length.
        let most = tolerance(name).min(asked.len().saturating_sub(1));
        let may = name.len().abs_diff(asked.len()) <= most && name != asked;
        let distance = may.then(|| strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase()))?;
        (distance <= most).then_some((distance, name))
    };
    names.into_iter().filter_map(distance).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_if_few_letters_differ() {
        let names = ["blog", "shop", "production", "PORT", "a"];
        for (asked, wanted) in [
            ("blgo", Some("blog")),
            ("Blog", Some("blog")),
            ("blogs", Some("blog")),
            ("flag", None),
            ("prodution", Some("production")),
            ("porductoin", Some("production")),
            ("port", Some("PORT")),
            ("b", None),
            ("blog", None),
            ("", None),
        ] {
            assert_eq!(nearest(asked, names), wanted, "{asked}");
        }
    }
}
