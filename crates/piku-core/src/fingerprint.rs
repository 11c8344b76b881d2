//! Short names for contents: two that differ have different names.

use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 digest of `contents`, in hexadecimal.
pub(crate) fn of(contents: impl AsRef<[u8]>) -> String {
    shown(&Sha256::digest(contents))
}

/// The first eight bytes of a digest, in hexadecimal.
pub(crate) fn shown(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_fingerprint_is_the_beginning_of_the_digest() {
        assert_eq!(of("abc"), "ba7816bf8f01cfea");
        assert_ne!(of("abc"), of("abd"));
    }
}
