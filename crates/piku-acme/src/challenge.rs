//! Where the answer to an authority is placed.

use std::io;

/// Places answers where the authority asks for them.
pub trait Challenges {
    /// Places an answer, so that `http://NAME/.well-known/acme-challenge/TOKEN` is answered with it.
    ///
    /// A token has letters, digits, `-`, and `_`.
    ///
    /// # Errors
    /// Why it could not be placed.
    fn put(&mut self, token: &str, answer: &str) -> io::Result<()>;

    /// Removes an answer. That it is not there is no error.
    fn remove(&mut self, token: &str);
}

/// The answers that were placed; they are removed when this is dropped.
pub(crate) struct Placed<'a> {
    challenges: &'a mut dyn Challenges,
    tokens: Vec<String>,
}

impl<'a> Placed<'a> {
    pub(crate) fn new(challenges: &'a mut dyn Challenges) -> Self {
        Self { challenges, tokens: Vec::new() }
    }

    /// Places an answer. A token comes from the network, so one that is not what it should be is refused here.
    pub(crate) fn put(&mut self, token: &str, answer: &str) -> io::Result<()> {
        if !is_token(token) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the authority sent a token that is none",
            ));
        }
        self.tokens.push(token.to_owned());
        self.challenges.put(token, answer)
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        for token in &self.tokens {
            self.challenges.remove(token);
        }
    }
}

/// Whether it is base64url, and short enough for the name of a file.
pub(crate) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=200).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shelf(Vec<String>);

    impl Challenges for Shelf {
        fn put(&mut self, token: &str, _: &str) -> io::Result<()> {
            self.0.push(token.to_owned());
            if token == "full" { Err(io::Error::other("full")) } else { Ok(()) }
        }

        fn remove(&mut self, token: &str) {
            self.0.retain(|placed| placed != token);
        }
    }

    #[test]
    fn everything_placed_is_removed_even_what_failed_half_way() {
        let mut shelf = Shelf(Vec::new());
        {
            let mut placed = Placed::new(&mut shelf);
            placed.put("one", "1").unwrap();
            assert!(placed.put("full", "2").is_err());
            for odd in ["", "../x", "a/b", "a.b", "ä", &"a".repeat(201)] {
                assert!(placed.put(odd, "x").is_err(), "{odd}");
            }
        }
        assert_eq!(shelf.0, [""; 0]);
    }
}
