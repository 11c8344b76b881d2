//! Maintenance: a page for visitors, while the app goes on behind it.

use std::net::SocketAddr;

use piku_tests::load::{Connections, Load, Target};
use piku_tests::{TestServer, http, needs};

#[test]
fn under_maintenance_visitors_get_the_page_and_never_an_error() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let blog = blog.file("maintenance.html", "<h1>Back at noon</h1>\n");
    blog.push().succeeds();
    let (address, host) = blog.address();
    let load =
        Load::start(Target { address, host, path: "/".to_owned(), rate: 80, connections: Connections::New });
    let closed = |answer: http::Response| {
        assert_eq!((answer.status, answer.body.as_str()), (503, "<h1>Back at noon</h1>\n"));
        assert_eq!(answer.header("retry-after"), Some("600"));
    };

    server.ssh(["maintenance:on", "blog"]).succeeds().says("status 503 and `maintenance.html`");
    closed(server.get("blog.test", "/"));
    closed(server.get_https("blog.test", "/page"));
    server.ssh(["maintenance:on", "blog"]).succeeds().says("already under maintenance; nothing was changed");
    server.ssh(["apps"]).succeeds().says("*blog  (under maintenance)");
    server.ssh(["ps", "blog"]).succeeds().says("blog is under maintenance").says("running");

    // Deploys go on behind it, and piku's own request goes through it.
    blog.set_version(2);
    blog.write("ENV", blog.read("ENV") + "PIKU_HEALTHCHECK=/\n");
    blog.push().succeeds().says("under maintenance: visitors see its page").never_says("503");
    server.ssh(["restart", "blog"]).succeeds();
    server.ssh(["rollback", "blog"]).succeeds();
    closed(server.get("blog.test", "/"));
    server.ssh(["rollback", "blog", "2"]).succeeds();

    // Those who work on it see it. What a crash or a person removed is back after the next command.
    server.ssh(["maintenance:on", "blog", "--allow", "127.0.0.1", "192.0.2.0/24"]).succeeds();
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 2\n");
    std::fs::remove_file(server.root().join("nginx/blog.maintenance")).unwrap();
    let again = server.piku(["maintenance:on", "blog", "--json"]).succeeds().json();
    assert_eq!((&again["on"], &again["changed"]), (&true.into(), &true.into()));
    closed(server.get("blog.test", "/"));

    server.ssh(["maintenance:off", "blog"]).succeeds().says("visitors reach it again");
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 2\n");
    let again = server.piku(["maintenance:off", "blog", "--json"]).succeeds().json();
    assert_eq!((&again["on"], &again["changed"]), (&false.into(), &false.into()));
    let report = load.stop();
    let failed: Vec<_> = report.failures.iter().filter(|failure| failure.what != "status 503").collect();
    assert!(failed.is_empty() && report.failures.len() > 20, "{failed:?} of {}", report.requests);

    // A stopped app and a static site have a page too, and nothing of it is left by `destroy`.
    server.ssh(["maintenance:on", "blog"]).succeeds();
    server.ssh(["stop", "blog"]).succeeds();
    closed(server.get("blog.test", "/"));
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert!(!server.names_in("nginx").iter().any(|name| name.starts_with("blog")));
    let page = server.app_from("static", "page").served_as("page.test");
    page.push().succeeds();
    server.ssh(["maintenance:on", "page"]).succeeds().says("piku's own page");
    let post = "POST / HTTP/1.0\r\nHost: page.test\r\nContent-Length: 4\r\n\r\nname";
    let answer = http::ask(SocketAddr::from((server.address(), 80)), post).unwrap();
    assert!(answer.status == 503 && answer.body.contains("Back soon"), "{answer:?}");
    server.ssh(["deploy", "page"]).succeeds().says("under maintenance");
    server.ssh(["maintenance:off", "page"]).succeeds();
    assert_eq!(server.get("page.test", "/").status, 200);
}

#[test]
fn an_app_without_a_site_has_no_maintenance() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    server.ssh(["maintenance:on", "blog"]).is_refused().says("there is no app `blog`");
    blog.push().succeeds();
    server.ssh(["maintenance:on", "blog"]).is_refused().says("`blog` has no site").says("NGINX_SERVER_NAME");
    server.ssh(["maintenance:on", "blog", "--allow", "home"]).ends_with(2).says("192.0.2.0/24");
}
