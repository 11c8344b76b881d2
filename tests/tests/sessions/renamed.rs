//! `apps:rename`: the same app by another name, while its site answers.

use piku_tests::load::{Connections, Load, Target};
use piku_tests::{TestServer, eventually, needs};

#[test]
fn a_renamed_app_answers_all_the_while_and_keeps_everything() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let blog = blog.file("Procfile", "wsgi: app:app\nworker: python3 -u app.py\nticker: sleep 1000\n");
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "SECRET=a b", "PIKU_PERSIST=uploads"]).succeeds();
    blog.set_version(2);
    blog.push().succeeds();
    server.ssh(["ps:scale", "blog", "ticker=2"]).succeeds();
    server.piku(["run", "blog", "--", "sh", "-c", "echo kept > uploads/file"]).succeeds();
    server.ssh(["lock", "blog", "a reason"]).succeeds();
    let numbers =
        |app: &str| server.text(&format!("numbers/{app}")).trim().parse::<u32>().unwrap_or_default();
    let runs = numbers("blog");
    let (address, host) = blog.address();
    let target = Target { address, host, path: "/".to_owned(), rate: 80, connections: Connections::New };
    let load = Load::start(target);

    let taken = server.app_from("hello-wsgi", "shop");
    taken.push().succeeds();
    server.ssh(["apps:rename", "blog", "shop"]).is_refused().says("`shop`");
    server.ssh(["apps:rename", "nothing", "else"]).is_refused().says("there is no app `nothing`");
    let done = server.ssh(["apps:rename", "blog", "news"]).succeeds();
    done.says("blog is called news now").says("git remote set-url piku piku@<server>:news");
    let report = load.stop();
    assert!(report.failures.is_empty() && report.requests > 50, "{:?}", report.failures);

    assert_eq!(server.get("blog.test", "/").body, "Hello from version 2\n");
    assert_eq!(server.get_https("blog.test", "/").body, "Hello from version 2\n");
    let live = server.live_settings("news");
    assert_eq!((live["APP"].as_str(), live["SECRET"].as_str()), ("news", "a b"));
    assert!(live["DATA_ROOT"].ends_with("/data/news"), "{live:?}");
    assert_eq!(server.text("apps/news/uploads/file"), "kept\n");
    let link = server.root().join("apps/news/uploads").read_link_utf8().unwrap();
    assert!(link.starts_with(server.root().join("data/news")), "{link}");
    eventually("the worker writes where it is told", || {
        let written = std::fs::read_to_string(server.root().join("data/news/worker.json")).ok()?;
        written.contains("\"APP\": \"news\"").then_some(())
    });
    server.ssh(["ps", "news"]).succeeds().says("ticker");
    assert!(server.processes_of("blog").is_empty(), "nothing runs under the old name");
    let releases = server.ssh(["releases", "news"]).succeeds();
    releases.says("push of main").says("config:set");
    server.ssh(["events", "news"]).succeeds().says("rename of blog").says("push of main");
    server.ssh(["apps"]).succeeds().says("a reason").never_says("blog");
    assert!(numbers("news") > runs, "no number is used again");
    for folder in
        ["nginx", "uwsgi-enabled", "uwsgi-available", "run", "apps", "releases", "repos", "logs", "events"]
    {
        let left: Vec<_> =
            server.names_in(folder).into_iter().filter(|name| name.starts_with("blog")).collect();
        assert!(left.is_empty(), "{folder}: {left:?}");
    }

    // The old name makes no other app, until somebody says so.
    server.ssh(["unlock", "news"]).succeeds();
    blog.set_version(3);
    blog.push().is_refused().says("`blog` is called `news` now").says("git remote set-url");
    server.ssh(["restart", "blog"]).is_refused().says("`blog` is called `news` now");
    server.ssh(["config:set", "blog", "A=1"]).is_refused().says("`blog` is called `news` now");
    blog.git().run(["remote", "set-url", "piku", &server.sshd().url("news")]);
    blog.push().succeeds();
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 3\n");
    server.ssh(["rollback", "news"]).succeeds();
    server.ssh(["apps:create", "blog"]).succeeds();
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 2\n");
    assert_eq!(server.text("apps/news/uploads/file"), "kept\n");
    assert!(!server.root().join("data/blog").is_symlink());
    server.ssh(["destroy", "blog", "--force"]).succeeds();
}

#[test]
fn a_rename_that_fails_or_is_interrupted_changes_nothing() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds();
    // Under another name, its worker ends at once.
    blog.write("Procfile", "wsgi: app:app\nworker: test $APP = blog && sleep 1000\n");
    blog.push().succeeds();
    let (address, host) = blog.address();
    let target = Target { address, host, path: "/".to_owned(), rate: 80, connections: Connections::New };
    let load = Load::start(target);
    server.ssh(["apps:rename", "blog", "news"]).is_refused().says("worker.1");
    let whole = || {
        assert_eq!(server.names_in("repos"), ["blog"]);
        assert_eq!(server.live_settings("blog")["APP"], "blog");
        for folder in ["nginx", "uwsgi-enabled", "apps", "releases", "data", "envs", "renaming"] {
            let left: Vec<_> =
                server.names_in(folder).into_iter().filter(|name| name.starts_with("news")).collect();
            assert!(left.is_empty(), "{folder}: {left:?}");
        }
    };
    whole();
    let report = load.stop();
    assert!(report.failures.is_empty() && report.requests > 50, "{:?}", report.failures);

    // Killed in the middle, before it is live under the new name.
    let mut rename = server.ssh_in_background(["apps:rename", "blog", "news"]);
    eventually("the folders have moved", || {
        server.text("releases/news/formerly").contains("blog").then_some(())
    });
    let of_rename = |one: &piku_tests::processes::Running| {
        one.command.contains("apps:rename") || one.command.contains("ssh-command")
    };
    server.processes().into_iter().filter(of_rename).for_each(|one| one.kill());
    assert!(!rename.wait().success(), "it was killed");
    server.ssh(["ps", "blog"]).succeeds();
    server.ssh(["restart", "blog"]).succeeds().says("Undoing the rename of blog to news");
    whole();
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 1\n");
}
