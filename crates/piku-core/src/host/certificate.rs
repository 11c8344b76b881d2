//! Creates the self-signed certificate of nginx itself, for hosts that no site has.

use camino::Utf8Path;

use super::{HostError, files, wait};

/// Creates a certificate and key for `names` unless both files exist. Returns whether it did.
///
/// An existing pair is never replaced, since a real authority may have issued it. The key has mode 600.
///
/// # Errors
/// [`HostError::File`] if the files can't be written or the names are not valid in a certificate.
pub(crate) fn ensure(certificate: &Utf8Path, key: &Utf8Path, names: &[String]) -> Result<bool, HostError> {
    if files::exists(certificate) && files::exists(key) {
        return Ok(false);
    }
    let failed = |error: piku_acme::CertificateError| {
        HostError::file("make a certificate in", certificate)(std::io::Error::other(error))
    };
    let made = piku_acme::self_signed(names.iter().map(String::as_str), wait::now()).map_err(failed)?;
    files::write(key, made.key.as_bytes(), 0o600)?;
    files::write(certificate, made.chain.as_bytes(), 0o644)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    #[test]
    fn a_certificate_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
        let names = ["blog.example.org".to_owned(), "*.example.org".to_owned()];
        assert!(ensure(&at("c"), &at("k"), &names).unwrap());
        let first = files::read_text(&at("c")).unwrap().unwrap();
        assert!(first.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(!ensure(&at("c"), &at("k"), &names).unwrap());
        assert_eq!(files::read_text(&at("c")).unwrap().unwrap(), first);
    }
}
