//! Compares the description with the state of several machines.

use super::machine::{NginxSeen, Seen, ServiceSeen};
use super::*;

const ON: ServiceSeen = ServiceSeen { exists: true, enabled: true, runs: true, is_starting: false };

/// A fresh Debian, on which nginx is installed and serves its welcome page.
fn fresh() -> Seen {
    Seen {
        systemd_runs: true,
        services: [("nginx.service", ON)].into(),
        nginx: NginxSeen {
            program: Some("/usr/sbin/nginx".into()),
            group: Some("www-data".to_owned()),
            serves: None,
        },
        ..Seen::default()
    }
}

fn server(way: NginxWay, seen: &Seen) -> Server {
    Server::on_machine("/usr/local/bin/piku".into(), way, seen)
}

/// The changes, without the text of files.
fn steps(changes: &[Change]) -> String {
    let first = |change: &Change| change.to_string().lines().next().unwrap_or_default().to_owned();
    changes.iter().map(first).collect::<Vec<_>>().join("\n")
}

/// The state of the machine after all changes were made.
fn settled(server: &Server, before: &Seen) -> Seen {
    let mut seen = Seen { home: Some(server.home.clone()), root_is_complete: true, ..before.clone() };
    for part in server.parts() {
        match part {
            Part::Member { group, .. } => seen.groups.push(group),
            Part::OpenHome { .. } => seen.home_mode = Some(0o711),
            Part::File { path, text } => _ = seen.files.insert(path, text),
            Part::On { unit } => _ = seen.services.insert(unit, ON),
            Part::Off { unit, .. } => {
                seen.services.insert(unit, ServiceSeen { exists: true, ..ServiceSeen::default() });
            }
            Part::Account { .. } | Part::Root { .. } => {}
        }
    }
    for change in server.changes(before) {
        if let Change::Record(record) = change {
            seen.record = Some(record);
        }
    }
    seen
}

#[test]
fn a_fresh_machine_gets_an_nginx_of_pikus_own() {
    let seen = fresh();
    insta::assert_snapshot!(steps(&server(NginxWay::Own, &seen).changes(&seen)));
}

#[test]
fn the_machines_nginx_is_let_through_the_home_folder_and_reloaded_by_a_path_unit() {
    let seen = fresh();
    insta::assert_snapshot!(steps(&server(NginxWay::System, &seen).changes(&seen)));
}

#[test]
fn a_machine_that_is_set_up_needs_no_change() {
    for way in [NginxWay::Own, NginxWay::System] {
        let server = server(way, &fresh());
        assert_eq!(server.changes(&settled(&server, &fresh())), []);
    }
}

#[test]
fn the_other_way_to_have_nginx_takes_back_what_the_first_one_had() {
    let own = server(NginxWay::Own, &fresh());
    let seen = settled(&own, &fresh());
    let seen = Seen { root_is_complete: false, ..seen };
    insta::assert_snapshot!(steps(&server(NginxWay::System, &seen).changes(&seen)));
}

#[test]
fn what_was_made_can_be_taken_back_and_nothing_else() {
    let own = server(NginxWay::Own, &fresh());
    let record = settled(&own, &fresh()).record.unwrap();
    insta::assert_snapshot!(steps(&change::taken_back(&record)));

    // nginx was already off, so it stays off.
    let off = Seen {
        services: [("nginx.service", ServiceSeen { exists: true, ..ServiceSeen::default() })].into(),
        ..fresh()
    };
    assert!(settled(&own, &off).record.unwrap().off.is_empty());
}

#[test]
fn a_package_has_the_unit_files_and_only_they_are_its_own() {
    let seen = Seen { packaged: true, ..fresh() };
    let package = Server::on_machine("/usr/bin/piku".into(), NginxWay::Own, &seen);
    let writes = |server: &Server| server.parts().iter().any(|part| matches!(part, Part::File { .. }));
    assert!(!writes(&package));
    // Another program, installed next to the package, writes its own units.
    assert!(writes(&server(NginxWay::Own, &seen)));
}

#[test]
fn every_unit_of_the_package_is_spelled() {
    let units = Server::of_package().units();
    let text: Vec<String> = units.iter().map(|unit| format!("==> {}\n{}", unit.name, unit.text)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn what_somebody_turned_on_again_stays_on() {
    let own = server(NginxWay::Own, &fresh());
    let mut seen = settled(&own, &fresh());
    seen.services.insert("nginx.service", ON);
    seen.nginx.serves = Some("/etc/nginx/conf.d/shop.conf".into());
    assert_eq!(own.changes(&seen), []);
}

#[test]
fn the_unit_files_of_a_package_name_the_usual_home_folder() {
    let seen = Seen { packaged: true, home: Some("/srv/piku".into()), ..fresh() };
    let server = Server::on_machine("/usr/bin/piku".into(), NginxWay::Own, &seen);
    assert!(server.parts().iter().any(|part| matches!(part, Part::File { .. })));
}
