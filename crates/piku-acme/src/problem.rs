//! From what an authority answers to an error that helps.

use instant_acme::{Identifier, Problem};
use jiff::Timestamp;

use crate::error::{Cause, OrderError, Unproven, Why, Words};
use crate::limits::Stop;
use crate::transport::TransportError;
use crate::{Directory, DnsName};

/// The errors of an order, with what they have in common.
pub(crate) struct Errors<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) names: &'a [DnsName],
}

impl Errors<'_> {
    /// The error for one of the ACME library's.
    pub(crate) fn of(&self, error: instant_acme::Error, retry_at: Option<Timestamp>) -> OrderError {
        match error {
            instant_acme::Error::Api(problem) => self.problem(&problem, retry_at),
            instant_acme::Error::Other(inner) => match inner.downcast::<TransportError>() {
                Ok(transport) => self.transport(*transport),
                Err(inner) => self.odd(inner),
            },
            other => self.odd(other.into()),
        }
    }

    pub(crate) fn transport(&self, error: TransportError) -> OrderError {
        let (authority, url) = (self.directory.to_string(), self.directory.url().to_owned());
        match error {
            TransportError::Stopped(stop) => self.stopped(stop),
            TransportError::Unreachable(source) => OrderError::Unreachable { authority, url, source },
            TransportError::Untrusted(source) => OrderError::Untrusted { authority, url, source },
            TransportError::Down { status, retry_at } => OrderError::Down { authority, status, retry_at },
        }
    }

    pub(crate) fn stopped(&self, stop: Stop) -> OrderError {
        match stop {
            Stop::Cancelled => OrderError::Cancelled,
            Stop::TimedOut => OrderError::TimedOut { authority: self.directory.to_string() },
        }
    }

    pub(crate) fn odd(&self, source: Cause) -> OrderError {
        OrderError::Odd {
            authority: self.directory.to_string(),
            url: self.directory.url().to_owned(),
            source,
        }
    }

    /// The error for a problem document that is about the whole order.
    pub(crate) fn problem(&self, problem: &Problem, retry_at: Option<Timestamp>) -> OrderError {
        let authority = self.directory.to_string();
        let source = Words::new(problem.detail.as_deref().unwrap_or_default());
        match kind(problem.r#type.as_deref()) {
            "rateLimited" => {
                let retry_at = retry_at.or_else(|| time_in(problem.detail.as_deref().unwrap_or_default()));
                OrderError::RateLimited { authority, retry_at, source }
            }
            "invalidContact" | "unsupportedContact" => OrderError::Contact { authority, source },
            "externalAccountRequired" => OrderError::ExternalAccountRequired { authority },
            "userActionRequired" => OrderError::UserAction { authority, source },
            "accountDoesNotExist" | "unauthorized" => OrderError::Account { authority, source },
            "serverInternal" => {
                OrderError::Down { authority, status: problem.status.unwrap_or(500), retry_at }
            }
            other => match self.blamed(problem) {
                Some(unproven) => OrderError::Unproven(unproven),
                None => OrderError::Refused { authority, kind: Words::new(other).to_string(), source },
            },
        }
    }

    /// The names that a problem blames: in its parts, or by itself if the order is for one name.
    fn blamed(&self, problem: &Problem) -> Option<Unproven> {
        let parts = problem.subproblems.iter().filter_map(|part| {
            let Some(Identifier::Dns(name)) = &part.identifier else { return None };
            let name = self.names.iter().find(|ours| ours.as_str() == name)?;
            let said = part.detail.as_deref().or(problem.detail.as_deref()).unwrap_or_default();
            Some((name.clone(), why(kind(part.r#type.as_deref())), Words::new(said)))
        });
        let mut blamed: Vec<_> = parts.collect();
        let whole = why(kind(problem.r#type.as_deref()));
        if blamed.is_empty() && whole != Why::Other {
            let said = problem.detail.as_deref().unwrap_or_default();
            let name = self.names.iter().find(|name| said.contains(name.as_str())).or(self.names.first())?;
            blamed.push((name.clone(), whole, Words::new(said)));
        }
        unproven(blamed)
    }
}

/// The error for names whose proofs failed.
pub(crate) fn unproven(blamed: Vec<(DnsName, Why, Words)>) -> Option<Unproven> {
    let mut blamed = blamed.into_iter();
    let (name, why, said) = blamed.next()?;
    Some(Unproven { name, why, said, others: blamed.map(|(name, ..)| name).collect() })
}

/// Why a proof failed, from the problem of its challenge.
pub(crate) fn why_of(problem: &Problem) -> (Why, Words) {
    (why(kind(problem.r#type.as_deref())), Words::new(problem.detail.as_deref().unwrap_or_default()))
}

/// Whether the authority does not know the account any more, or has closed it.
pub(crate) fn is_account_gone(error: &instant_acme::Error) -> bool {
    let instant_acme::Error::Api(problem) = error else { return false };
    matches!(kind(problem.r#type.as_deref()), "accountDoesNotExist" | "unauthorized")
}

/// The time in words such as `too many certificates, retry after 2026-11-27 08:30:00 UTC: see …`.
fn time_in(detail: &str) -> Option<Timestamp> {
    let (_, behind) = detail.split_once("retry after ")?;
    let end = behind.find(" UTC").unwrap_or(behind.len());
    let text = behind.get(..end)?.trim();
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
}

/// The last part of `urn:ietf:params:acme:error:dns`.
fn kind(urn: Option<&str>) -> &str {
    urn.and_then(|urn| urn.rsplit(':').next()).unwrap_or_default()
}

fn why(kind: &str) -> Why {
    match kind {
        "dns" => Why::Dns,
        "connection" => Why::Connection,
        "incorrectResponse" | "unauthorized" => Why::WrongAnswer,
        "tls" => Why::Tls,
        "caa" => Why::Caa,
        "rejectedIdentifier" | "unsupportedIdentifier" => Why::Rejected,
        _ => Why::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<DnsName> {
        let directory = Directory::lets_encrypt();
        ["a.example.org", "b.example.org"].iter().map(|name| directory.certifiable(name).unwrap()).collect()
    }

    fn of(json: &str, retry_at: Option<Timestamp>) -> OrderError {
        let problem: Problem = serde_json::from_str(json).unwrap();
        Errors { directory: &Directory::lets_encrypt(), names: &names() }.problem(&problem, retry_at)
    }

    fn typed(kind: &str) -> OrderError {
        of(
            &format!(
                r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"the \u001b[1mreason\nof it"}}"#
            ),
            None,
        )
    }

    #[test]
    fn every_problem_has_a_code_and_help_that_fits() {
        for (kind, code) in [
            ("rateLimited", "acme::rate-limited"),
            ("invalidContact", "acme::contact-refused"),
            ("externalAccountRequired", "acme::external-account-required"),
            ("userActionRequired", "acme::user-action-required"),
            ("accountDoesNotExist", "acme::account-refused"),
            ("serverInternal", "acme::authority-down"),
            ("rejectedIdentifier", "acme::rejected-name"),
            ("caa", "acme::caa"),
            ("dns", "acme::dns"),
            ("badCSR", "acme::refused"),
            ("", "acme::refused"),
        ] {
            let error = typed(kind);
            assert_eq!(error.code(), code, "{kind}");
            assert!(error.help().is_some() || code == "acme::refused", "{kind}");
        }
    }

    #[test]
    fn words_of_the_network_are_one_plain_line() {
        let OrderError::Refused { source, .. } = typed("badCSR") else { panic!("another error") };
        assert_eq!(source.to_string(), "the [1mreason of it");
        assert_eq!(Words::new("").to_string(), "the authority gives no reason");
        assert!(Words::new(&"long ".repeat(9000)).to_string().len() < 700);
    }

    #[test]
    fn the_time_to_come_back_is_told() {
        let at: Timestamp = "2026-11-27T08:30:00Z".parse().unwrap();
        let json = r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}"#;
        let error = of(json, Some(at));
        assert_eq!(error.retry_at(), Some(at));
        assert_eq!(error.help().as_deref(), Some("order again after 2026-11-27 08:30 UTC"));
        let text = r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":
            "too many certificates (5) already issued, retry after 2026-11-27 08:30:00 UTC: see https://x.org/"}"#;
        assert_eq!(of(text, None).retry_at(), Some(at));
        assert_eq!(of(json, None).help().as_deref(), Some("wait a week, or use another authority meanwhile"));
    }

    #[test]
    fn a_problem_of_parts_blames_the_names_in_them() {
        let error = of(
            r#"{"type":"urn:ietf:params:acme:error:compound","detail":"several","subproblems":[
                {"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids","identifier":{"type":"dns","value":"b.example.org"}},
                {"type":"urn:ietf:params:acme:error:dns","identifier":{"type":"dns","value":"a.example.org"}},
                {"type":"urn:ietf:params:acme:error:dns","identifier":{"type":"dns","value":"not-ours.org"}}]}"#,
            None,
        );
        assert_eq!(error.code(), "acme::caa");
        assert_eq!(error.name().unwrap().as_str(), "b.example.org");
        let text = error.to_string();
        assert!(
            text.contains("`b.example.org`") && text.contains("nor `a.example.org`: CAA forbids"),
            "{text}"
        );
    }
}
