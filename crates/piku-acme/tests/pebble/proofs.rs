//! Names that do not lead here: what the authority says, and what was seen before.

use std::io;
use std::net::IpAddr;

use piku_acme::{Lookout, Seen, Sighting};

use crate::authority::{Authority, Settings};
use crate::needs_pebble;
use crate::site::Site;

#[test]
fn a_name_that_leads_elsewhere_is_named_by_the_authority_and_seen_before() {
    needs_pebble!();
    let authority = Authority::with(Settings { strict_dns: true, ..Settings::default() });
    let port = authority.site.address.port();
    let _other = Site::at("127.0.0.2", port);
    let addresses = [
        ("here.example.org", "127.0.0.1"),
        ("other.example.org", "127.0.0.2"),
        ("shut.example.org", "127.0.0.3"),
    ];
    for (name, address) in addresses {
        authority.lead(name, address);
    }
    let lookout = Lookout::new().port(port).resolving(move |name| {
        let found = addresses.iter().find(|(known, _)| *known == name);
        let (_, address) = found.ok_or(io::ErrorKind::NotFound)?;
        Ok(vec![address.parse::<IpAddr>().unwrap()])
    });
    let look = |name: &str| -> Sighting {
        lookout.look(&authority.names(&[name])[0], &mut authority.site.webroot()).unwrap()
    };
    let refused = |names: &[&str]| {
        let names = authority.names(names);
        authority.client().order(&names, &mut authority.site.webroot(), &mut |_| {}).unwrap_err()
    };

    assert_eq!(look("here.example.org").seen, Seen::Here);

    let seen = look("other.example.org");
    assert!(matches!(seen.seen, Seen::Elsewhere { .. }) && seen.forbids_order(), "{seen}");
    let error = refused(&["here.example.org", "other.example.org"]);
    assert_eq!((error.code(), error.name().unwrap().as_str()), ("acme::wrong-answer", "other.example.org"));

    let seen = look("shut.example.org");
    assert!(matches!(seen.seen, Seen::NoAnswer { .. }) && !seen.forbids_order(), "{seen}");
    let error = refused(&["shut.example.org"]);
    assert_eq!((error.code(), error.name().unwrap().as_str()), ("acme::connection", "shut.example.org"));

    let seen = look("none.example.org");
    assert!(seen.seen == Seen::NoAddress && seen.forbids_order(), "{seen}");
    let error = refused(&["none.example.org"]);
    assert_eq!(error.name().unwrap().as_str(), "none.example.org");
    assert!(["acme::dns", "acme::connection"].contains(&error.code()), "{error:?}");

    assert_eq!(authority.site.placed(), 0, "whatever the outcome, nothing stays");
}
