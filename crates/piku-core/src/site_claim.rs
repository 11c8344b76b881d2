//! What only one site can answer to: names at an address.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use piku_nginx::ServerName;
use serde::{Deserialize, Serialize};

use crate::settings::Options;

/// What the site of a release answers to, as its record keeps it. Pure.
///
/// Names are stored as text: a site of legacy piku may have some that are none here, which are compared as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SiteClaim {
    /// Every name, including those that only lead elsewhere.
    pub(crate) names: Vec<String>,
    /// Names within its patterns that it leaves to other apps.
    #[serde(default)]
    pub(crate) left: Vec<String>,
    pub(crate) ipv4: Ipv4Addr,
    /// `None` if the site is served over IPv4 only.
    pub(crate) ipv6: Option<Ipv6Addr>,
}

/// Why two apps can't have their sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Collision {
    /// A name, and the name of the other app that it meets.
    Name { name: String, held: String },
    /// The address, which the other app is served at as well, because it is served at all of them.
    Address(IpAddr),
}

impl SiteClaim {
    /// The claim of a site with these options. Every name that it answers to has to be here.
    pub(crate) fn of(options: &Options) -> Self {
        let nginx = &options.nginx;
        Self {
            names: nginx.names(),
            left: nginx.left_names.clone(),
            ipv4: nginx.ipv4,
            ipv6: (!options.disable_ipv6).then_some(nginx.ipv6),
        }
    }

    /// The claim of a release of an older version, from the settings that its environment has.
    pub(crate) fn of_settings(settings: &BTreeMap<String, String>) -> Self {
        let setting = |key: &str| settings.get(key).map_or("", String::as_str);
        let listed = [setting("NGINX_SERVER_NAME"), setting("NGINX_REDIRECT")].join(" ");
        let names = listed.split([',', ' ', '\t', '\n', '\r']).filter(|name| !name.is_empty());
        Self {
            names: names.map(str::to_owned).collect(),
            ipv4: setting("NGINX_IPV4_ADDRESS").parse().unwrap_or(Ipv4Addr::UNSPECIFIED),
            ..Self::everywhere()
        }
    }

    /// No name yet, at every address.
    pub(crate) fn everywhere() -> Self {
        let (ipv4, ipv6) = (Ipv4Addr::UNSPECIFIED, Some(Ipv6Addr::UNSPECIFIED));
        Self { names: Vec::new(), left: Vec::new(), ipv4, ipv6 }
    }

    /// What this claim has that `before`, of the same app, did not have; `None` if that is nothing.
    pub(crate) fn beyond(&self, before: Option<&Self>) -> Option<Self> {
        let same_place = before.filter(|before| self.left == before.left && self.is_served_within(before));
        let Some(before) = same_place else { return Some(self.clone()) };
        let has = |name: &String| before.names.iter().any(|own| same(own, name));
        let names: Vec<String> = self.names.iter().filter(|name| !has(name)).cloned().collect();
        (!names.is_empty()).then(|| Self { names, ..self.clone() })
    }

    /// Whether it is served at no other address than `before`.
    fn is_served_within(&self, before: &Self) -> bool {
        self.ipv4 == before.ipv4 && (self.ipv6.is_none() || self.ipv6 == before.ipv6)
    }

    /// What this new claim would take from the site of another app.
    pub(crate) fn takes_from(&self, other: &Self) -> Option<Collision> {
        if let Some(address) = self.hides(other) {
            return Some(Collision::Address(address));
        }
        if !self.shares_address(other) {
            return None;
        }
        let held = |name: &String| other.names.iter().find(|held| self.meets(name, other, held)).cloned();
        self.names.iter().find_map(|name| Some(Collision::Name { held: held(name)?, name: name.clone() }))
    }

    /// The address of this site for which nginx would no longer look at the other one: of a site at one address and a
    /// site at all addresses, only the first gets the requests to that address, whatever their names.
    fn hides(&self, other: &Self) -> Option<IpAddr> {
        let v4 = !self.ipv4.is_unspecified() && other.ipv4.is_unspecified();
        let v6 = self
            .ipv6
            .zip(other.ipv6)
            .filter(|(own, others)| !own.is_unspecified() && others.is_unspecified());
        v4.then_some(self.ipv4.into()).or(v6.map(|(own, _)| own.into()))
    }

    fn shares_address(&self, other: &Self) -> bool {
        let v4 = self.ipv4 == other.ipv4 || self.ipv4.is_unspecified() || other.ipv4.is_unspecified();
        let v6 = self
            .ipv6
            .zip(other.ipv6)
            .is_some_and(|(one, two)| one == two || one.is_unspecified() || two.is_unspecified());
        v4 || v6
    }

    /// Whether a name meets one of another app, and neither leaves it to the other.
    fn meets(&self, name: &str, other: &Self, held: &str) -> bool {
        let (Ok(one), Ok(two)) = (name.parse::<ServerName>(), held.parse::<ServerName>()) else {
            return same(name, held);
        };
        let leaves = |left: &[String], name: &ServerName| {
            left.iter().filter_map(|left| left.parse::<ServerName>().ok()).any(|left| left.contains(name))
        };
        one.meets(&two) && !leaves(&other.left, &one) && !leaves(&self.left, &two)
    }
}

/// Whether two names are the same to nginx.
fn same(one: &str, other: &str) -> bool {
    match (one.parse::<ServerName>(), other.parse::<ServerName>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one.eq_ignore_ascii_case(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(names: &str) -> SiteClaim {
        let named = |left: bool| {
            let words = names.split(' ').filter(move |word| word.starts_with('!') == left);
            words.map(|word| word.trim_start_matches('!').to_owned()).collect()
        };
        SiteClaim { names: named(false), left: named(true), ..SiteClaim::everywhere() }
    }

    fn name(name: &str, held: &str) -> Option<Collision> {
        Some(Collision::Name { name: name.to_owned(), held: held.to_owned() })
    }

    #[test]
    fn whoever_has_a_pattern_has_what_it_covers() {
        for (new, held, taken) in [
            (".victim.test", "victim.test", true),
            ("*.victim.test", "www.victim.test", true),
            ("www.victim.test", "*.victim.test", true),
            ("www.victim.test", "www.*", true),
            ("www.*", "www.victim.test", true),
            ("VICTIM.test.", "victim.test", true),
            ("api.victim.test", "victim.test", false),
            ("_", "victim.test", false),
            ("_", "_", true),
        ] {
            assert_eq!(claim(new).takes_from(&claim(held)).is_some(), taken, "{new} {held}");
        }
        assert_eq!(
            claim("b.test x.a.test").takes_from(&claim("c.test *.a.test")),
            name("x.a.test", "*.a.test")
        );
    }

    #[test]
    fn a_pattern_can_leave_a_name_to_another_app() {
        for (new, held, taken) in [
            ("x.a.test", "*.a.test !x.a.test", None),
            ("*.a.test !x.a.test", "x.a.test", None),
            ("*.x.a.test", "*.a.test !*.x.a.test", None),
            ("y.a.test", "*.a.test !x.a.test", name("y.a.test", "*.a.test")),
            (".x.a.test", "*.a.test !*.x.a.test", name(".x.a.test", "*.a.test")),
            // Whoever wants a name can't leave it to himself.
            ("x.a.test !x.a.test", "*.a.test", name("x.a.test", "*.a.test")),
        ] {
            assert_eq!(claim(new).takes_from(&claim(held)), taken, "{new} {held}");
        }
    }

    #[test]
    fn an_address_of_ones_own_takes_nothing_from_those_at_all_addresses() {
        let one = Ipv4Addr::new(192, 0, 2, 7);
        let at = |names: &str, ipv4: Ipv4Addr| SiteClaim { ipv4, ipv6: None, ..claim(names) };
        let (all, six) = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::LOCALHOST);
        assert_eq!(at("_", one).takes_from(&at("a.test", all)), Some(Collision::Address(one.into())));
        assert_eq!(at("a.test", all).takes_from(&at("b.test", one)), None);
        assert_eq!(at("a.test", all).takes_from(&at("a.test", one)), name("a.test", "a.test"));
        assert_eq!(at("a.test", one).takes_from(&at("a.test", Ipv4Addr::LOCALHOST)), None);
        let apart = SiteClaim { ipv6: Some(six), ..claim("b.test") };
        assert_eq!(apart.takes_from(&claim("a.test")), Some(Collision::Address(six.into())));
    }

    #[test]
    fn only_what_is_new_is_looked_for() {
        let before = claim("a.test *.b.test !x.b.test");
        assert_eq!(claim("A.test !x.b.test").beyond(Some(&before)), None);
        let more = claim("a.test c.test !x.b.test").beyond(Some(&before)).unwrap();
        assert_eq!(more.names, ["c.test"]);
        // Without the exception, the pattern is wider.
        assert!(claim("*.b.test").beyond(Some(&before)).is_some());
        let moved = SiteClaim { ipv4: Ipv4Addr::LOCALHOST, ..before.clone() };
        assert_eq!(moved.beyond(Some(&before)), Some(moved.clone()));
        assert_eq!(before.beyond(None), Some(before.clone()));
        let without_six = SiteClaim { ipv6: None, ..before.clone() };
        assert_eq!(without_six.beyond(Some(&before)), None);
        assert!(before.beyond(Some(&without_six)).is_some());
    }
}
