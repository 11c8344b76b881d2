//! Nobody gets in by a site.

use std::os::unix::fs::symlink;

use piku_tests::{TestServer, needs};

#[test]
fn what_an_app_says_of_its_site_reaches_nothing_of_others() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let victim = server.app_from("hello-wsgi", "victim").served_as("www.victim.test");
    victim.push().succeeds();
    let thief = server.app_from("hello-wsgi", "thief").served_as("thief.test");
    let env = thief.read("ENV");

    for (names, told) in [
        ("WWW.victim.test.", "the server name `www.victim.test` belongs to the app `victim`"),
        (
            ".victim.test",
            "the server name `.victim.test` meets `www.victim.test`, which belongs to the app `victim`",
        ),
        ("*.victim.test", "add `!www.victim.test` to it"),
        ("www.*", "which belongs to the app `victim`"),
    ] {
        thief.write("ENV", env.replace("thief.test", names));
        thief.push().is_refused().says(told);
    }
    for (line, told) in [
        ("NGINX_STATIC_PATHS=/x:/etc", "only files in the app's folder and in its data are served"),
        ("NGINX_STATIC_PATHS=/x:../victim", "only files in the app's folder and in its data are served"),
        ("NGINX_CACHE_PATH=/etc", "is not below `cache/<app>`"),
        ("NGINX_INCLUDE_FILE=extra.conf", "extra.conf:2:3"),
    ] {
        thief.write("extra.conf", "gzip on;\n  alias /etc/;\n");
        thief.write("ENV", format!("{env}{line}\n"));
        thief.push().is_refused().says(told);
    }
    assert!(!server.names_in("nginx").contains(&"thief.conf".to_owned()), "{:?}", server.names_in("nginx"));

    // Links that the app makes while it runs.
    thief.write("ENV", format!("{env}NGINX_STATIC_PATHS=/up:up,/all:.\nSECRET=mine\n"));
    let thief = thief.file("up/a.txt", "a\n");
    thief.push().succeeds();
    let tree = server.root().join("apps/thief");
    let theirs = server.root().join("envs/victim");
    for (link, target) in [
        ("up/env.txt", "../ENV"),
        ("up/procfile.txt", "../Procfile"),
        ("up/victim", theirs.as_str()),
        ("up/live.txt", theirs.join("LIVE_ENV").as_str()),
    ] {
        symlink(target, tree.join(link)).unwrap();
    }
    assert_eq!(server.get("thief.test", "/up/a.txt").body, "a\n");
    for path in ["env.txt", "procfile.txt", "victim/LIVE_ENV", "live.txt"] {
        for at in ["/up", "/all/up"] {
            let answer = server.get("thief.test", &format!("{at}/{path}"));
            assert!(answer.status == 404 && !answer.body.contains("NGINX"), "{at}/{path}: {answer:?}");
        }
    }
    assert_eq!(victim.get("/").body, "Hello from version 1\n");
}

#[test]
fn uploads_are_served_before_and_after_they_move_and_when_a_push_is_refused() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.write("ENV", blog.read("ENV") + "NGINX_STATIC_PATHS=/media:media,/all:.\n");
    blog.push().succeeds();
    let folder = server.root().join("apps/blog/media");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "uploaded\n").unwrap();
    server.namespace().own(&folder);
    let is_served = |when: &str| {
        for path in ["/media/a.txt", "/all/media/a.txt"] {
            let answer = server.get("blog.test", path);
            assert_eq!((answer.status, answer.body.as_str()), (200, "uploaded\n"), "{when}: {path}");
        }
    };
    is_served("where the app wrote it");
    let good = blog.read("app.py");
    blog.write("app.py", "raise SystemExit(1)\n");
    blog.push().is_refused();
    is_served("after a refused push");
    blog.write("app.py", good);
    blog.push().succeeds();
    is_served("after a push");
    server.ssh(["restart", "blog"]).succeeds();
    is_served("after a restart");
}
