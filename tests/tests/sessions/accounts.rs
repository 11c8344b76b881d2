//! Servers of every kind of user: an app with a site works for each, and is open to nobody who need not reach it.

use std::os::unix::fs::{FileTypeExt, MetadataExt};

use piku_tests::{Account, NGINX_GROUP, TestServer, eventually, needs};

/// The numbers of user and group of each socket of the app, and its mode.
fn sockets(server: &TestServer, app: &str) -> Vec<(u32, u32, u32)> {
    let names = server.names_in("run").into_iter().filter(|name| name.starts_with(&format!("{app}.")));
    let facts = names.filter_map(|name| std::fs::symlink_metadata(server.root().join("run").join(name)).ok());
    facts
        .filter(|facts| facts.file_type().is_socket())
        .map(|facts| (facts.uid(), facts.gid(), facts.mode() & 0o777))
        .collect()
}

/// What `id` says of the server's user, as a number.
fn id(server: &TestServer, option: &str) -> u32 {
    let output = server.command("id").arg(option).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Pushes an app with a site, a worker, and a web app; looks at how they run.
fn serves(account: Account, socket_group: Option<&str>, mode: u32) {
    let server = TestServer::builder().with_nginx().as_user(account).start();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    for version in 1..=2 {
        for app in [&blog, &shop] {
            app.set_version(version);
            app.push().succeeds();
            let hello = format!("Hello from version {version}\n");
            assert_eq!(app.get("/").body, hello);
            assert_eq!(server.get_https(&format!("{}.test", app.name()), "/").body, hello);
        }
    }
    server.ssh(["restart", "blog"]).succeeds();
    server.ssh(["rollback", "shop"]).succeeds();
    assert_eq!(shop.get("/").body, "Hello from version 1\n");

    let (user, group) = (id(&server, "-u"), id(&server, "-g"));
    assert_eq!(user == 0, account == Account::Root);
    eventually("all run as the server's user and nobody else", || {
        let running = server.processes_of("blog");
        let (user, group) = (vec![user.to_string(); 4], vec![group.to_string(); 4]);
        let all = running.iter().all(|one| one.status("Uid") == user && one.status("Gid") == group);
        (!running.is_empty() && all).then_some(())
    });
    let socket_group = socket_group.map_or(group, |name| {
        let line = std::fs::read_to_string("/etc/group").unwrap();
        let line = line.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap().to_owned();
        line.split(':').nth(2).unwrap().parse().unwrap()
    });
    let found = sockets(&server, "blog");
    assert!(!found.is_empty(), "{:?}", server.names_in("run"));
    for socket in found {
        assert_eq!(socket, (user, socket_group, mode), "{mode:o} was expected");
    }
    for app in ["blog", "shop"] {
        server.ssh(["destroy", app, "--force"]).succeeds();
        assert!(server.processes_of(app).is_empty(), "{:?}", server.processes_of(app));
    }
}

#[test]
fn a_user_whose_primary_group_is_nginxs_opens_sockets_to_that_group() {
    needs!(nginx, namespaces, system_uwsgi);
    serves(Account::PrimaryGroup, Some(NGINX_GROUP), 0o660);
}

#[test]
fn a_user_with_nginxs_group_as_a_supplementary_one_opens_sockets_to_that_group() {
    needs!(nginx, namespaces, system_uwsgi);
    serves(Account::SupplementaryGroup, Some(NGINX_GROUP), 0o660);
}

#[test]
fn a_user_who_is_not_in_nginxs_group_can_only_open_sockets_to_all() {
    needs!(nginx, namespaces, system_uwsgi);
    serves(Account::NoGroup, None, 0o666);
}

#[test]
fn root_opens_sockets_to_nginxs_group() {
    needs!(nginx, namespaces, system_uwsgi);
    serves(Account::Root, Some(NGINX_GROUP), 0o660);
}

#[test]
fn a_server_sees_no_process_but_its_own_and_its_user_is_in_the_database() {
    needs!(namespaces);
    let server = TestServer::new();
    let listed = server.command("ps").args(["-e", "-o", "pid=,args="]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(!listed.contains(&std::env::current_exe().unwrap().display().to_string()), "{listed}");
    assert!(listed.contains("uwsgi"), "the emperor is its own: {listed}");
    let home =
        server.command("getent").args(["passwd", &server.namespace().account().name()]).output().unwrap();
    let home = String::from_utf8(home.stdout).unwrap();
    assert_eq!(home.trim().split(':').nth(5), Some(server.home().as_str()), "{home}");
}
