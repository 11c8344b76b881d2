//! When an authority is asked for a certificate. Pure.

use jiff::Timestamp;
use piku_acme::{Attempts, Certificate, DnsName, Verdict};
use serde::{Deserialize, Serialize};

use super::wish::Wish;

/// What is remembered of the orders for a site, in `acme/sites/<app>/order.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Orders {
    /// Failures, and how many certificates there were lately.
    pub(crate) attempts: Attempts,
    /// The address of the authority that was asked last.
    pub(crate) directory: String,
    /// The names for which it was asked.
    pub(crate) names: Vec<String>,
}

/// When to order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Now.
    Now,
    /// Then, since it failed before, or there were too many.
    Later(Timestamp),
    /// Then, to renew it.
    Renewal(Timestamp),
}

impl Orders {
    /// What is remembered for this wish: failures for other names, or with another authority, say nothing about it.
    pub(crate) fn of(mut self, wish: &Wish) -> Self {
        let names: Vec<String> = wish.names.iter().map(ToString::to_string).collect();
        let directory = wish.directory.url().to_owned();
        if self.names != names || self.directory != directory {
            // How many certificates there were counts for any.
            self.attempts = Attempts { issued: self.attempts.issued, ..Attempts::default() };
        }
        Self { attempts: self.attempts, directory, names }
    }

    /// When to order for this wish; `issued` is the certificate of an authority that there is.
    pub(crate) fn due(&self, wish: &Wish, issued: Option<&Certificate>, now: Timestamp) -> Due {
        let other_authority = !self.directory.is_empty() && self.directory != wish.directory.url();
        let good = issued.filter(|one| missing(Some(one), wish).is_empty() && !other_authority);
        if let Some(good) = good.filter(|good| !good.is_due(now)) {
            return Due::Renewal(good.renew_at());
        }
        match self.clone().of(wish).attempts.verdict(now) {
            Verdict::Now => Due::Now,
            Verdict::Later { at, .. } => Due::Later(at),
        }
    }
}

/// The names of the wish that the certificate is not for.
pub(crate) fn missing<'a>(issued: Option<&Certificate>, wish: &'a Wish) -> Vec<&'a DnsName> {
    let covers = |name: &&DnsName| issued.is_some_and(|issued| issued.covers(name.as_str()));
    wish.names.iter().filter(|name| !covers(name)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use piku_acme::Failure;

    use super::super::wish::wish;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn certificate(names: &[&str], now: Timestamp) -> Certificate {
        let made = piku_acme::self_signed(names.iter().copied(), now).unwrap();
        let mut certificate = Certificate::from_pem(made.chain.as_bytes()).unwrap();
        (certificate.not_before, certificate.not_after) = (now, now + SignedDuration::from_hours(90 * 24));
        certificate
    }

    fn wished(names: &[&str], authority: Option<&str>) -> Wish {
        wish(authority, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), false).unwrap()
    }

    #[test]
    fn a_certificate_is_ordered_at_once_and_renewed_in_its_last_third() {
        let now = at("2026-11-26T12:00:00Z");
        let wish = wished(&["a.debian.net"], None);
        let orders = Orders::default().of(&wish);
        assert_eq!(orders.due(&wish, None, now), Due::Now);
        let issued = certificate(&["a.debian.net"], now);
        let renewal = now + SignedDuration::from_hours(60 * 24);
        assert_eq!(orders.due(&wish, Some(&issued), now), Due::Renewal(renewal));
        assert_eq!(orders.due(&wish, Some(&issued), renewal), Due::Now);
    }

    #[test]
    fn another_name_and_another_authority_are_ordered_anew() {
        let now = at("2026-11-26T12:00:00Z");
        let before = wished(&["a.debian.net"], None);
        let issued = certificate(&["a.debian.net"], now);
        let orders = Orders::default().of(&before);
        for wish in
            [wished(&["a.debian.net", "b.debian.net"], None), wished(&["a.debian.net"], Some("zerossl"))]
        {
            assert_eq!(orders.due(&wish, Some(&issued), now), Due::Now, "{wish:?}");
        }
        // A name less is no reason.
        let both = certificate(&["a.debian.net", "b.debian.net"], now);
        assert!(matches!(orders.due(&before, Some(&both), now), Due::Renewal(_)));
        // One that an earlier program had is renewed in its time.
        assert!(matches!(Orders::default().due(&before, Some(&issued), now), Due::Renewal(_)));
    }

    #[test]
    fn failures_put_it_off_and_say_nothing_about_other_names() {
        let now = at("2026-11-26T12:00:00Z");
        let wish = wished(&["a.debian.net"], None);
        let mut orders = Orders::default().of(&wish);
        let failure = Failure { code: "acme::dns".into(), message: "no".into(), help: None, at: now };
        orders.attempts.fail(failure, None, 1);
        assert!(matches!(orders.due(&wish, None, now), Due::Later(next) if next > now));
        assert_eq!(orders.due(&wished(&["b.debian.net"], None), None, now), Due::Now);
        let text = serde_json::to_string(&orders).unwrap();
        assert_eq!(serde_json::from_str::<Orders>(&text).unwrap(), orders);
    }
}
