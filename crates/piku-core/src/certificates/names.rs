//! The names of a site, as a certificate has them. Pure.

use piku_acme::Certificate;
use piku_nginx::ServerName;

/// The names in a certificate that covers the site: patterns that a certificate can't have are left out. `localhost` if
/// none is left.
pub(crate) fn of_certificate(server_names: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for name in server_names.iter().filter_map(|name| name.parse::<ServerName>().ok()) {
        let text = name.as_str();
        match text.strip_prefix('.') {
            _ if name.is_any() || text.ends_with('*') => {}
            Some(below) => names.extend([below.to_owned(), format!("*.{below}")]),
            None => names.push(text.to_owned()),
        }
    }
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { vec!["localhost".to_owned()] } else { names }
}

/// The names of the site for which browsers refuse the certificate.
pub(crate) fn uncovered(certificate: &Certificate, server_names: &[String]) -> Vec<String> {
    let names = of_certificate(server_names).into_iter().filter(|name| name != "localhost");
    names.filter(|name| !covers(certificate, name)).collect()
}

fn covers(certificate: &Certificate, name: &str) -> bool {
    // A pattern is covered by the same pattern alone.
    if name.starts_with('*') {
        certificate.names.iter().any(|own| own == name)
    } else {
        certificate.covers(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn patterns_are_written_as_certificates_have_them() {
        for (site, certificate) in [
            ("blog.test www.blog.test", "blog.test www.blog.test"),
            ("*.m.test", "*.m.test"),
            (".m.test m.test", "*.m.test m.test"),
            ("mail.* _", "localhost"),
            ("_ blog.test", "blog.test"),
        ] {
            assert_eq!(of_certificate(&names(site)).join(" "), certificate, "{site}");
        }
    }
}
