//! Tests what doctor finds and the fixes it suggests.

use super::*;
use crate::host::examine::{Access, Exposed, LegacyEmperor, Service};
use crate::host::facts::Uwsgi;
use crate::host::reach::{Obstacle, Wish};

fn healthy() -> Facts {
    Facts {
        root: "/r".into(),
        set_up: false,
        uwsgi: Some(Uwsgi {
            program: "/usr/bin/uwsgi".into(),
            flavour: Flavour::Debian,
            python: Some(("python311".into(), (3, 11))),
            plugins: std::collections::BTreeSet::new(),
        }),
        python: true,
        vassals: Some(2),
        legacy: None,
        nginx: Nginx {
            program: Some("/usr/sbin/nginx".into()),
            version: Some("1.22.1".into()),
            runs: true,
            configuration: "/etc/nginx/nginx.conf".into(),
            includes: Some(true),
            reload: None,
            reload_found: false,
            watched: true,
            sites: 1,
            own: false,
        },
        access: Access::default(),
        service: Some(Service {
            unit: "piku.service".into(),
            kind: "exec".into(),
            notify_access: "none".into(),
            kill_signal: "15".into(),
            kill_mode: "mixed".into(),
            restarts: "0".into(),
            file: "/etc/systemd/system/piku.service".into(),
            is_altered: false,
        }),
        git: Some("/usr/bin/git".into()),
        sshd: Some("/usr/sbin/sshd".into()),
        sshd_runs: true,
        keys: vec![
            Key { name: "ada".into(), target: Target::Here },
            Key { name: "root".into(), target: Target::Other },
        ],
        keys_writable: Vec::new(),
        missing_launcher: None,
        missing: Vec::new(),
        exposed: Vec::new(),
        space: Some((5 << 30, Some(100_000))),
        tools: vec![("node", true), ("go", false)],
    }
}

fn shown(facts: &Facts, leftovers: &[Utf8PathBuf]) -> String {
    let line = |found: Finding| {
        let fix = found.fix.map_or_else(String::new, |fix| format!("\n  fix: {fix}"));
        format!("{} {}: {}{fix}", found.level, found.about, found.what)
    };
    findings(facts, leftovers).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_healthy_machine_has_nothing_to_fix() {
    insta::assert_snapshot!(shown(&healthy(), &[]), @r"
    ok folder: `/r` is complete, with private permissions
    ok uwsgi: `/usr/bin/uwsgi` from system packages, loads Python 3.11
    ok emperor: running, 2 processes of apps
    ok nginx: `/usr/sbin/nginx` 1.22.1 is running: the system's, reloaded by a path unit
    ok git: `/usr/bin/git`
    ok ssh: sshd is running
    ok keys: 1 key may push
    ok disk: 5 GiB free
    ok tools: found: node; not found: go
    ");
}

#[test]
fn each_thing_that_is_wrong_comes_with_its_fix() {
    let facts = Facts {
        uwsgi: Some(Uwsgi {
            program: "/usr/bin/uwsgi".into(),
            flavour: Flavour::Debian,
            python: None,
            plugins: std::collections::BTreeSet::new(),
        }),
        vassals: None,
        nginx: Nginx {
            runs: false,
            includes: Some(false),
            reload: Some("sudo reload".into()),
            watched: false,
            ..healthy().nginx
        },
        git: None,
        sshd_runs: false,
        keys: vec![
            Key { name: "ada".into(), target: Target::Nowhere("/old/piku".into()) },
            Key { name: "bob".into(), target: Target::Legacy },
        ],
        keys_writable: vec!["/home/piku/.ssh".into()],
        missing_launcher: Some("/usr/bin/piku-launch".into()),
        missing: vec!["/r/envs".into(), "/r/repos".into()],
        exposed: vec![
            Exposed { path: "/r/uwsgi".into(), mode: 0o755, is_folder: true },
            Exposed { path: "/r/envs/blog/ENV".into(), mode: 0o644, is_folder: false },
        ],
        space: Some((100 << 20, Some(100_000))),
        ..healthy()
    };
    insta::assert_snapshot!(shown(&facts, &["/r/envs/gone".into()]), @r"
    error folder: `/r` has no envs, repos
      fix: run `piku setup`
    error secrets: `/r/uwsgi` holds secrets and has mode 755
      fix: `chmod 700 /r/uwsgi`
    warning secrets: `/r/envs/blog/ENV` holds secrets and has mode 644
      fix: `chmod 600 /r/envs/blog/ENV`
    error uwsgi: `/usr/bin/uwsgi` has no Python plugin, so `wsgi` processes can't run
      fix: `apt-get install uwsgi-plugin-python3`
    error launcher: there is no `/usr/bin/piku-launch`, which starts the processes of apps
      fix: install it beside `piku`: the package and the archive have both
    error emperor: the uWSGI emperor does not answer, so no app is running
      fix: `systemctl start piku.service`, and `journalctl -u piku.service` says why it ended
    error nginx: nginx is not running
      fix: `systemctl start nginx`, and `journalctl -u nginx` says why it ended
    error nginx: `/etc/nginx/nginx.conf` does not include piku's sites
      fix: add `include /r/nginx/*.conf;` to its `http` block, and reload nginx
    error nginx: PIKU_NGINX_RELOAD is `sudo reload`, but there is no such program
      fix: correct it where piku is started
    error git: there is no git, so nobody can push
      fix: `apt-get install git`
    error ssh: `/usr/sbin/sshd` is not running
      fix: start it, for example with `systemctl start ssh`
    error keys: others may write to `/home/piku/.ssh`, so sshd accepts no key
      fix: `chmod go-w /home/piku/.ssh`
    error keys: the key of `ada` runs `/old/piku`, which does not exist
      fix: remove its line from `~/.ssh/authorized_keys`, then add the key again with `piku setup:ssh`
    warning keys: the key of `bob` runs legacy piku (piku.py)
      fix: `piku setup` brings the key up to date
    warning keys: no key may push to this piku
      fix: `piku setup:ssh FILE` adds one
    error disk: only 100 MiB free
      fix: remove files you do not need, or keep fewer commits with PIKU_KEEP_RELEASES
    ok tools: found: node; not found: go
    warning leftover: `/r/envs/gone` belongs to no app or to an unfinished release
      fix: check what it is, then `rm -r /r/envs/gone`
    ");
}

#[test]
fn an_empty_machine_lacks_everything() {
    let facts = Facts {
        uwsgi: None,
        vassals: None,
        nginx: Nginx::default(),
        git: None,
        sshd: None,
        sshd_runs: false,
        keys: Vec::new(),
        space: Some((600 << 20, Some(5))),
        tools: Vec::new(),
        service: None,
        ..healthy()
    };
    insta::assert_snapshot!(shown(&facts, &[]), @r"
    ok folder: `/r` is complete, with private permissions
    error uwsgi: there is no uWSGI
      fix: run `piku setup`, which installs a private one, or `apt-get install uwsgi-core uwsgi-plugin-python3`
    error emperor: the uWSGI emperor does not answer, so no app is running
      fix: start it with `piku emperor`, or as a service with `sudo piku setup --system`
    warning nginx: there is no nginx, but apps with NGINX_SERVER_NAME need it
      fix: `apt-get install nginx`
    error git: there is no git, so nobody can push
      fix: `apt-get install git`
    error ssh: there is no sshd, so nobody can push
      fix: `apt-get install openssh-server`
    warning keys: no key may push to this piku
      fix: `piku setup:ssh FILE` adds one
    warning disk: only 5 free inodes
      fix: remove files you do not need, or keep fewer commits with PIKU_KEEP_RELEASES
    ok tools: found: none; not found: none
    ");
}

#[test]
fn a_python_that_uwsgi_loads_must_be_there_to_build_with() {
    let facts = Facts { python: false, ..healthy() };
    let found = findings(&facts, &[]).into_iter().find(|found| found.about == "python").unwrap();
    assert_eq!(found.fix.as_deref(), Some("`apt-get install python3.11-venv`"));
    // What is not used yet is not an error.
    let facts = Facts { nginx: Nginx { runs: false, sites: 0, ..healthy().nginx }, ..healthy() };
    assert!(findings(&facts, &[]).iter().all(|found| found.level < Level::Error));
}

#[test]
fn what_older_instructions_made_is_found_with_the_line_that_mends_it() {
    let facts = Facts {
        service: Some(Service {
            kind: "notify".into(),
            kill_signal: "3".into(),
            kill_mode: "control-group".into(),
            restarts: "4".into(),
            ..healthy().service.unwrap()
        }),
        access: Access {
            user: "www-data".into(),
            group: "www-data".into(),
            obstacle: Some(Obstacle { path: "/home/piku".into(), mode: 0o700, wish: Wish::Enter }),
            open_sockets: true,
        },
        ..healthy()
    };
    let found = findings(&facts, &[]).into_iter().filter(|found| found.level > Level::Ok);
    let line = |found: Finding| {
        format!("{} {}: {}\n  fix: {}", found.level, found.about, found.what, found.fix.unwrap())
    };
    insta::assert_snapshot!(found.map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_nginx_of_our_own_needs_nobody_to_reload_it() {
    let own = Nginx {
        own: true,
        watched: false,
        configuration: "/r/nginx/server/nginx.conf".into(),
        ..healthy().nginx
    };
    let found = nginx(&own, &healthy());
    assert_eq!(found[0].what, "`/usr/sbin/nginx` 1.22.1 is running: piku's own");
    let stopped = nginx(&Nginx { runs: false, ..own }, &healthy());
    assert_eq!(
        stopped[0].fix.as_deref(),
        Some("`systemctl start piku-nginx`, and `journalctl -u piku-nginx` says why it ended")
    );
}

#[test]
fn what_an_administrator_altered_is_taken_back_by_systemd() {
    let altered = Service { kind: "notify".into(), is_altered: true, ..healthy().service.unwrap() };
    let found = service::unit(&altered);
    let fix = found[0].fix.as_deref().unwrap();
    assert!(fix.starts_with("`systemctl revert piku.service && systemctl restart piku.service`"), "{fix}");
}

#[test]
fn a_difference_that_another_finding_names_is_no_second_one() {
    use crate::server::{Change, Part};
    let open = Change::Make(Part::OpenHome { path: "/home/piku".into() });
    let path = Change::Make(Part::On { unit: "piku-nginx.path" });
    let changes = [open, path, Change::ReadUnits];
    assert_eq!(service::differences(&changes, &healthy()).len(), 2);
    let obstacle = Some(Obstacle { path: "/home/piku".into(), mode: 0o700, wish: Wish::Enter });
    let access = Access { obstacle, ..Access::default() };
    let found = service::differences(&changes, &Facts { access, ..healthy() });
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("piku-nginx.path"), "{found:?}");
    // No other change explains it.
    assert_eq!(service::differences(&[Change::ReadUnits], &healthy()).len(), 1);
}

#[test]
fn the_emperor_of_legacy_piku_is_told_of_until_it_can_end() {
    let of = |apps: usize, runs_ours: bool, vassals: Option<usize>| {
        let end = "`systemctl disable --now uwsgi-piku.service`".to_owned();
        let facts = Facts { legacy: Some(LegacyEmperor { apps, runs_ours, end }), vassals, ..healthy() };
        let about = |line: &&str| ["emperor:", "legacy:", "fix:"].iter().any(|word| line.contains(word));
        shown(&facts, &[]).lines().filter(about).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(of(2, false, None), @"ok legacy: the emperor of legacy piku (piku.py) runs 2 apps, which move at their next push or `deploy`");
    insta::assert_snapshot!(of(1, true, Some(3)), @r"
    ok emperor: running, 3 processes of apps
    ok legacy: the emperor of legacy piku (piku.py) runs 1 app, which moves at its next push or `deploy`
    ");
    insta::assert_snapshot!(of(0, true, Some(3)), @r"
    ok emperor: running, 3 processes of apps
    warning legacy: the emperor of legacy piku (piku.py) runs no app any more
      fix: run piku's own, `sudo piku setup --system` or `piku emperor`; then `systemctl disable --now uwsgi-piku.service`
    ");
    insta::assert_snapshot!(of(0, false, Some(3)), @r"
    ok emperor: running, 3 processes of apps
    warning legacy: the emperor of legacy piku (piku.py) runs no app any more
      fix: `systemctl disable --now uwsgi-piku.service`: nothing needs it
    ");
}
