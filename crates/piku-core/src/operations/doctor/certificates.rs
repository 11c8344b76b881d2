//! Checks the certificates of sites.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, error, warning};
use crate::certificates::CertificateOrigin;
use crate::host::wait;
use crate::operations::CertificateStatus;
use crate::piku::Piku;

/// One that ends sooner than this is about to end: it should have been renewed long before.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Piku {
    /// Certificates that end, and orders that fail.
    pub(super) fn odd_certificates(&self) -> Vec<Finding> {
        let now = wait::now();
        let all = self.certificates(None).unwrap_or_default();
        let mut found: Vec<Finding> = all.iter().filter_map(|one| what_is_wrong(one, now)).collect();
        if self.has_jobs().is_ok_and(|runs| runs == Some(false)) {
            found.push(error(
                "certificate",
                "nothing renews certificates: piku's own jobs do not run",
                "`piku repair`",
            ));
        }
        found
    }
}

/// What is wrong with the certificate of an app, and the way out.
fn what_is_wrong(status: &CertificateStatus, now: Timestamp) -> Option<Finding> {
    let about = "certificate";
    let app = &status.app;
    let add = format!("`piku certs:add {app} CERT KEY` with a new one, or `piku certs:remove {app}`");
    let own = status.origin == Some(CertificateOrigin::Own);
    let renew = || match &status.failure {
        Some(failure) => {
            let help = failure.help.as_ref().map(|help| format!("{help}, then ")).unwrap_or_default();
            format!("{help}`piku certs:renew {app}`")
        }
        None => format!("`piku certs:renew {app}`"),
    };
    let why = status.failure.as_ref().map(|failure| format!(": {}", failure.message)).unwrap_or_default();
    let self_signed = status.origin == Some(CertificateOrigin::SelfSigned);
    let until = status.until.filter(|_| status.served && !self_signed);
    if let Some(until) = until.filter(|until| *until < now.saturating_add(SOON).unwrap_or(now)) {
        let day = TimeZone::UTC.to_datetime(until).date();
        let fix = if own { add } else { renew() };
        return Some(match until < now {
            true => error(about, format!("the certificate of `{app}` expired on {day}{why}"), fix),
            false => warning(about, format!("the certificate of `{app}` ends on {day}{why}"), fix),
        });
    }
    let authority = status.authority.as_ref()?;
    if status.failure.is_some() {
        let what = if self_signed { "has no certificate" } else { "has an older certificate" };
        return Some(warning(about, format!("`{app}` {what} of {authority}{why}"), renew()));
    }
    let forgotten = self_signed && status.next.is_none();
    forgotten.then(|| {
        let what = format!("`{app}` is self-signed, and {authority} has not been asked yet");
        warning(about, what, renew())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::CertificateFailure;

    fn status(origin: CertificateOrigin, until: &str) -> CertificateStatus {
        CertificateStatus {
            app: "blog".parse().unwrap(),
            names: vec!["blog.debian.net".to_owned()],
            origin: Some(origin),
            issuer: Some("R11".to_owned()),
            until: Some(until.parse().unwrap()),
            expired: false,
            uncovered: Vec::new(),
            served: true,
            authority: (origin != CertificateOrigin::Own).then(|| "Let's Encrypt".to_owned()),
            next: Some("2026-12-01T00:00:00Z".parse().unwrap()),
            failure: None,
            no_authority: None,
        }
    }

    fn said(status: &CertificateStatus) -> String {
        let found = what_is_wrong(status, "2026-11-26T12:00:00Z".parse().unwrap());
        found.map_or_else(String::new, |one| {
            format!("{}: {}; {}", one.level, one.what, one.fix.unwrap_or_default())
        })
    }

    #[test]
    fn what_ends_or_fails_is_found_with_the_way_out() {
        use CertificateOrigin::{Acme, Own, SelfSigned};
        let (far, soon, past) = ("2027-02-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-01T00:00:00Z");
        let mut failed = status(SelfSigned, far);
        failed.failure = Some(CertificateFailure {
            code: "acme::no-address".to_owned(),
            message: "`blog.debian.net` does not resolve".to_owned(),
            help: Some("add an A record".to_owned()),
            at: past.parse().unwrap(),
        });
        let late =
            CertificateStatus { origin: Some(Acme), until: Some(soon.parse().unwrap()), ..failed.clone() };
        let forgotten = CertificateStatus { next: None, ..status(SelfSigned, far) };
        let switched_off = CertificateStatus { authority: None, ..forgotten.clone() };
        for fine in [status(Own, far), status(Acme, far), status(SelfSigned, far), switched_off] {
            assert_eq!(said(&fine), "");
        }
        insta::assert_snapshot!(
            [status(Own, soon), status(Own, past), status(Acme, past), failed, late, forgotten]
            .map(|status| said(&status))
            .join("\n"),
            @r"
            warning: the certificate of `blog` ends on 2026-12-01; `piku certs:add blog CERT KEY` with a new one, or `piku certs:remove blog`
            error: the certificate of `blog` expired on 2026-11-01; `piku certs:add blog CERT KEY` with a new one, or `piku certs:remove blog`
            error: the certificate of `blog` expired on 2026-11-01; `piku certs:renew blog`
            warning: `blog` has no certificate of Let's Encrypt: `blog.debian.net` does not resolve; add an A record, then `piku certs:renew blog`
            warning: the certificate of `blog` ends on 2026-12-01: `blog.debian.net` does not resolve; add an A record, then `piku certs:renew blog`
            warning: `blog` is self-signed, and Let's Encrypt has not been asked yet; `piku certs:renew blog`
            "
        );
    }
}
