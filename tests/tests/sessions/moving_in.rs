//! A root of the original piku is taken over by putting our program in the place of `piku.py`.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use piku_tests::load::{Connections, Load, Target};
use piku_tests::{LegacyApp, TestServer, eventually, needs};

fn load_of(server: &TestServer, host: &str) -> Load {
    let address = SocketAddr::from((server.address(), 80));
    let (host, path) = (host.to_owned(), "/".to_owned());
    Load::start(Target { address, host, path, rate: 80, connections: Connections::New })
}

fn legacy_processes(server: &TestServer, app: &str) -> usize {
    let title = format!("{app}:");
    let of_app = |command: &str| command.starts_with(&title) && command.ends_with(":uWSGI master");
    server.processes().iter().filter(|process| of_app(&process.command)).count()
}

#[test]
fn apps_move_at_their_first_push_over_the_old_key_and_no_request_fails() {
    needs!(nginx, system_uwsgi);
    let mut server = TestServer::builder().with_nginx().without_emperor().start();
    let (blog, board) = (server.app_from("hello-wsgi", "blog"), server.app_from("hello-web", "board"));
    let (blog, board) = (blog.served_as("blog.test"), board.served_as("board.test"));
    let mut legacy = server.with_legacy_root(&[
        LegacyApp {
            app: &blog,
            host: Some("blog.test"),
            settings: "COLOR = blue\n",
            kinds: &[("wsgi", "app:app", 1), ("worker", "python3 -u app.py", 2)],
        },
        LegacyApp {
            app: &board,
            host: Some("board.test"),
            settings: "",
            kinds: &[("web", "python3 -u app.py", 1)],
        },
    ]);
    let root = server.root();
    fs::write(root.join("apps/blog/notes.txt"), "rows").unwrap();
    fs::write(root.join("data/blog/kept"), "data").unwrap();
    server.namespace().own(&root);
    eventually("the old site is served", || {
        let answers = |host: &str| server.get(host, "/").body == "Hello from version 1\n";
        (answers("blog.test") && answers("board.test")).then_some(())
    });

    // Nothing is changed yet, and everything is told as it is.
    assert_eq!(server.ssh(["apps"]).succeeds().stdout, "*blog\n*board\n");
    let ps = server.ssh(["ps", "blog"]).succeeds().stdout;
    assert!(ps.contains("worker.2  running") && !ps.contains("down"), "{ps}");
    let doctor = server.ssh(["doctor"]);
    let doctor = doctor.says("the emperor of legacy piku (piku.py) runs 2 apps").says("1 key may push");
    let said = doctor.to_string();
    assert!(!said.contains("no app is running") && !said.contains("runs legacy"), "{said}");
    assert!(!root.join("uwsgi-vassals").exists() && !root.join("releases").exists());

    // Words arrive as they were typed, and are obeyed once.
    server.ssh(["config:set", "blog", "MOTTO=a  b 'c' $d"]).succeeds();
    assert_eq!(server.ssh(["config:get", "blog", "MOTTO"]).succeeds().stdout, "a  b 'c' $d\n");
    assert_eq!(server.ssh_raw("git-hook update blog refs/heads/main 0 0").status, 2);
    assert_eq!(server.ssh_raw("ssh-command ada").status, 2);

    let loads = ["blog.test", "board.test"].map(|host| load_of(&server, host));
    blog.set_version(2);
    blog.push().succeeds().says("notes.txt (4 bytes)");
    assert_eq!(legacy_processes(&server, "board"), 1, "another app is left alone");
    board.set_version(2);
    board.push().succeeds();
    eventually("no old process is left", || {
        (legacy_processes(&server, "blog") + legacy_processes(&server, "board") == 0).then_some(())
    });
    for load in loads {
        let (bodies, report) = (load.bodies(), load.stop());
        assert_eq!(report.failures, [], "of {}", report.requests);
        assert!(bodies.iter().any(|body| body.contains("Hello from version 2\n")), "{bodies:?}");
        assert!(report.slowest < Duration::from_secs(5), "{:?}", report.slowest);
    }
    assert_eq!(server.text("apps/blog/notes.txt"), "rows");
    assert_eq!(server.text("data/blog/kept"), "data");
    let live = server.live_settings("blog");
    assert_eq!((live["COLOR"].as_str(), live["MOTTO"].as_str()), ("blue", "a  b 'c' $d"));
    assert!(server.ssh(["ps", "blog"]).succeeds().stdout.contains("worker:2\n"));
    assert_eq!(server.names_in("uwsgi-enabled"), ["_piku-emperor.ini"]);
    assert_eq!(server.names_in("uwsgi/legacy-ended"), <[&str; 0]>::default());

    // The old emperor has nothing to do but to run ours, which can do without it.
    server.ssh(["doctor"]).says("the emperor of legacy piku (piku.py) runs no app any more");
    server.piku(["setup"]).succeeds().says("Brought 1 key of legacy piku (piku.py) up to date");
    let keys = fs::read_to_string(server.home().join(".ssh/authorized_keys")).unwrap();
    assert!(keys.contains("ssh-command tests SHA256:") && !keys.contains("piku.py"), "{keys}");
    server.ssh(["apps"]).succeeds();
    server.start_emperor();
    eventually("our emperor has taken its own place", || {
        server.names_in("uwsgi-enabled").is_empty().then_some(())
    });
    legacy.stop(&server);
    eventually("the apps are served by our emperor alone", || {
        (server.get("blog.test", "/").body == "Hello from version 2\n").then_some(())
    });
}

#[test]
fn our_emperor_runs_beside_the_old_one_and_inherits_what_it_leaves() {
    needs!(system_uwsgi);
    let mut server = TestServer::builder().without_emperor().start();
    let root = server.root();
    let mut legacy = {
        let worker = "worker: python3 -u app.py\n";
        let blog = server.app_from("hello-wsgi", "blog").file("Procfile", worker);
        let wiki = server.app_from("hello-wsgi", "wiki").file("Procfile", worker.repeat(2));
        let kinds = &[("worker", "python3 -u app.py", 1)][..];
        let app = |app, settings| LegacyApp { app, host: None, settings, kinds };
        server.with_legacy_root(&[app(&blog, ""), app(&wiki, "COLOR=blue\nnonsense\n")])
    };
    let running = |server: &TestServer, app: &str, count: usize| {
        eventually(&format!("{count} old processes of {app} run"), || {
            (legacy_processes(server, app) == count).then_some(())
        });
    };
    server.start_emperor();
    running(&server, "blog", 1);
    let doctor = server.ssh(["doctor"]).says("`blog` of legacy piku (piku.py) is ready to move");
    doctor
        .says("a push of `wiki` would be refused for 2 mistakes that legacy piku (piku.py) ignores")
        .says("wiki/ENV:2")
        .says("Procfile:2");
    assert_eq!(server.names_in("uwsgi-vassals"), <[&str; 0]>::default(), "no process is run by both");

    server.ssh(["stop", "wiki"]).succeeds();
    running(&server, "wiki", 0);
    server.ssh(["start", "wiki"]).succeeds();
    running(&server, "wiki", 1);

    let blog = server.app_from("hello-wsgi", "blog").file("Procfile", "worker: exit 3\n");
    blog.git().commit("Exit");
    blog.push_with(["--force", "HEAD"]).ends_with(1).says("worker.1");
    running(&server, "blog", 1);
    assert!(!root.join("apps/blog").is_symlink());

    // After a reboot there is one emperor.
    legacy.stop(&server);
    server.stop_emperor();
    server.start_emperor();
    running(&server, "blog", 1);
    running(&server, "wiki", 1);
    assert_eq!(server.names_in("uwsgi-enabled"), <[&str; 0]>::default());
    assert!(server.text("uwsgi/uwsgi.ini.legacy").contains("uwsgi-enabled"));
    server.ssh(["destroy", "wiki", "--force"]).succeeds();
    running(&server, "wiki", 0);
    server.ssh(["deploy", "blog"]).succeeds();
    running(&server, "blog", 0);
    let left = [server.names_in("uwsgi-vassals"), server.names_in("uwsgi-available")].concat();
    assert!(left.iter().all(|name| name.contains('@') || name.starts_with("blog_")), "{left:?}");
}
