//! Sites: what nginx serves, and to whom.

use std::net::SocketAddr;

use piku_tests::{Account, TestServer, eventually, http, needs};

#[test]
fn a_site_answers_over_http_and_https_when_the_push_returns() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test www.blog.test");
    blog.push().succeeds();
    for host in ["blog.test", "www.blog.test"] {
        assert_eq!(server.get(host, "/").body, "Hello from version 1\n");
        assert_eq!(server.get_https(host, "/").body, "Hello from version 1\n");
    }

    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 2\n");
    assert_eq!(server.get_https("blog.test", "/").body, "Hello from version 2\n");
}

#[test]
fn a_web_app_has_a_site_as_well() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    shop.push().succeeds();
    assert_eq!(server.get("shop.test", "/").body, "Hello from version 1\n");
    shop.set_version(2);
    shop.push().succeeds();
    assert_eq!(server.get_https("shop.test", "/").body, "Hello from version 2\n");
}

#[test]
fn a_name_that_is_nobodys_gets_nobodys_app() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    server.app_from("hello-wsgi", "blog").served_as("blog.test").push().succeeds();
    for host in ["other.test", "127.0.0.1", "www.blog.test"] {
        // A closed connection is as good an answer as any error.
        let plain = http::get(SocketAddr::from((server.address(), 80)), host, "/");
        assert!(
            plain.as_ref().is_ok_and(|answer| answer.status >= 400) || plain.is_err(),
            "{host}: {plain:?}"
        );
        let secure = http::get_https(SocketAddr::from((server.address(), 443)), host, "/");
        assert!(
            secure.as_ref().is_ok_and(|answer| answer.status >= 400) || secure.is_err(),
            "{host}: {secure:?}"
        );
    }
}

#[test]
fn the_app_hears_who_asks_and_how() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    blog.push().succeeds();
    shop.push().succeeds();
    for host in ["blog.test", "shop.test"] {
        let (plain, secure) = (server.get(host, "/headers").body, server.get_https(host, "/headers").body);
        assert!(plain.contains(&format!("host: {host}")), "{host}: {plain}");
        assert!(plain.contains("x-forwarded-proto: http\n"), "{host}: {plain}");
        assert!(secure.contains("x-forwarded-proto: https\n"), "{host}: {secure}");
        assert!(plain.contains("x-forwarded-for: 127."), "{host}: {plain}");
    }

    // A client can't claim to be somebody else in what piku sets.
    let request = "GET /headers HTTP/1.0\r\nHost: shop.test\r\nX-Forwarded-Proto: https\r\n\r\n";
    let claimed = http::ask(SocketAddr::from((server.address(), 80)), request).unwrap().body;
    assert!(claimed.contains("x-forwarded-proto: http\n"), "{claimed}");
}

#[test]
fn all_http_is_sent_to_https_when_asked_for() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.write("ENV", blog.read("ENV") + "NGINX_HTTPS_ONLY=true\n");
    blog.push().succeeds();
    let answer = server.get("blog.test", "/page?x=1");
    assert_eq!((answer.status / 100, answer.header("location")), (3, Some("https://blog.test/page?x=1")));
    assert_eq!(server.get_https("blog.test", "/").body, "Hello from version 1\n");
}

#[test]
fn static_paths_are_served_but_never_what_is_piku_s_own() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server
        .app_from("hello-wsgi", "blog")
        .file("public/style.css", "body {}\n")
        .file(".secret", "hidden\n")
        .file(".well-known/security.txt", "contact\n")
        .file("SECRET_CODE", "fine\n")
        .served_as("blog.test");
    blog.write("ENV", blog.read("ENV") + "NGINX_STATIC_PATHS=/all:.,/assets:public\n");
    blog.push().succeeds();

    assert_eq!(server.get("blog.test", "/assets/style.css").body, "body {}\n");
    assert_eq!(server.get("blog.test", "/all/SECRET_CODE").body, "fine\n");
    for path in [
        "/all/ENV",
        "/all/Procfile",
        "/all/.secret",
        "/all/.git/HEAD",
        "/all/.git/config",
        "/all//ENV",
        "/all/./ENV",
        "/all/public/../ENV",
        "/all/%45NV",
        "/.git/HEAD",
    ] {
        let answer = server.get("blog.test", path);
        let text = &answer.body;
        assert!(answer.status >= 400 || text.starts_with("Hello from"), "{path}: {answer:?}");
        assert!(
            !text.contains("NGINX_SERVER_NAME") && !text.contains("app:app") && !text.contains("hidden"),
            "{path}: {answer:?}"
        );
    }
}

#[test]
fn websockets_reach_a_web_app() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    shop.push().succeeds();
    let request =
        "GET /headers HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let heard = http::ask(SocketAddr::from((server.address(), 80)), request).unwrap().body.to_lowercase();
    assert!(heard.contains("upgrade: websocket") && heard.contains("connection: upgrade"), "{heard}");
}

/// Pushes a site that nginx does not take; `says` is what the push then tells.
fn is_put_back(server: &TestServer, says: &str) {
    let blog =
        server.app_from("hello-wsgi", "blog").served_as("blog.test").file("extra.conf", "# nothing yet\n");
    blog.push().succeeds();
    let site = server.text("nginx/blog.conf");

    blog.set_version(2);
    blog.write("ENV", blog.read("ENV") + "NGINX_INCLUDE_FILE=extra.conf\n");
    blog.write("extra.conf", "gzip on;\n  access_log /tmp/x;\n");
    blog.push().is_refused().says("extra.conf:2:3").says("a log can only be turned off here");
    blog.write("extra.conf", "\nexpires sometime;\n");
    blog.push().is_refused().says(says);
    assert_eq!(server.text("nginx/blog.conf"), site);
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 1\n");
}

#[test]
fn a_site_that_nginx_refuses_is_put_back() {
    needs!(nginx);
    is_put_back(&TestServer::with_nginx(), "invalid value in extra.conf:2");
}

#[test]
fn what_nginx_says_to_whoever_may_reload_it_is_shown() {
    needs!(nginx);
    // The tester has nginx reloaded by a command, and not by a path unit.
    let server = TestServer::builder().with_nginx().as_user(Account::Tester).start();
    is_put_back(&server, "invalid value in extra.conf:2");
}

#[test]
fn destroy_takes_the_site_away_and_leaves_the_others() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    blog.push().succeeds();
    shop.push().succeeds();
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert!(
        !server.names_in("nginx").iter().any(|name| name.starts_with("blog")),
        "{:?}",
        server.names_in("nginx")
    );
    assert_eq!(server.get("shop.test", "/").body, "Hello from version 1\n");
    let gone = http::get(SocketAddr::from((server.address(), 80)), "blog.test", "/");
    assert!(gone.as_ref().is_ok_and(|answer| answer.status >= 400) || gone.is_err(), "{gone:?}");
}

#[test]
fn a_server_name_that_another_app_got_while_this_one_was_built_is_refused() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let (begun, go) = (server.home().join("begun"), server.home().join("go"));
    let slow = server.app_from("hello-wsgi", "slow").served_as("blog.test");
    let wait = format!("preflight: touch {begun}; until test -e {go}; do sleep 0.1; done\nwsgi: app:app\n");
    slow.write("Procfile", wait);
    let push = slow.push_in_background();
    eventually("the build begins", || begun.exists().then_some(()));
    let quick = server.app_from("hello-wsgi", "quick").served_as("blog.test");
    quick.push().succeeds();
    std::fs::write(&go, "").unwrap();
    push.wait().is_refused().says("the server name `blog.test` belongs to the app `quick`");
    assert_eq!(quick.get("/").body, "Hello from version 1\n");
    assert!(!server.root().join("nginx/slow.conf").exists());
}

#[test]
fn a_server_name_belongs_to_one_app() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds();
    let thief = server.app_from("hello-wsgi", "thief").served_as("www.thief.test Blog.test");
    thief.push().is_refused().says("the server name `blog.test` belongs to the app `blog`");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    thief.push().succeeds();
}
