//! A command as one line: ssh sends a line, which the server splits by the quoting rules of a shell.

/// Quotes each word, so that the server's splitter gives the same words. `None` if one holds a NUL, which no line can.
pub(super) fn line<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    shlex::try_join(words).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::line;
    use crate::ssh::{Request, read};

    fn arrives(words: &[String]) -> Request {
        read(&line(words.iter().map(String::as_str)).unwrap())
    }

    #[test]
    fn json_blanks_quotes_and_newlines_arrive_as_they_were_typed() {
        let words =
            ["config:set", "blog", r#"J={"a": 1}"#, "K=it's  $HOME", "L=a\nb\t", "M=", "#", "~", "", "é"];
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(arrives(&words), Request::Command(words));
        assert_eq!(line(["a\0b"]), None);
    }

    proptest! {
        #[test]
        fn any_words_are_split_as_they_were_quoted(
            words in prop::collection::vec(any::<String>().prop_map(|word| word.replace('\0', "")), 0..6)
        ) {
            let words: Vec<String> = std::iter::once("run".to_owned()).chain(words).collect();
            prop_assert_eq!(arrives(&words), Request::Command(words));
        }

        #[test]
        fn words_of_what_shells_read_are_split_as_they_were_quoted(
            words in prop::collection::vec("[-a=$`'\"\\\\ \n\t#~!*?;&|<>(){}%é]{0,8}", 0..6)
        ) {
            let words: Vec<String> = std::iter::once("run".to_owned()).chain(words).collect();
            prop_assert_eq!(arrives(&words), Request::Command(words));
        }
    }
}
