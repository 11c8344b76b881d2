//! `NGINX_BASIC_AUTH`: a site whose visitors need a password.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;

use piku_tests::{Account, TestServer, http, needs};

#[test]
fn only_users_with_their_password_get_in_and_changes_need_no_deploy() {
    needs!(nginx);
    let server = TestServer::builder().with_nginx().as_user(Account::SupplementaryGroup).start();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds();
    let status = |credentials: Option<&str>| {
        let header =
            credentials.map(|base64| format!("Authorization: Basic {base64}\r\n")).unwrap_or_default();
        let request = format!("GET / HTTP/1.0\r\nHost: blog.test\r\n{header}\r\n");
        http::ask(SocketAddr::from((server.address(), 80)), &request).unwrap().status
    };
    // alice:s3cret horse, alice:new, bob:s3cret horse
    let (alice, renewed, bob) = ("YWxpY2U6czNjcmV0IGhvcnNl", "YWxpY2U6bmV3", "Ym9iOnMzY3JldCBob3JzZQ==");

    server.ssh(["config:set", "blog", "NGINX_BASIC_AUTH=true"]).succeeds().says("nobody gets in");
    assert_eq!([status(None), status(Some(alice))], [401, 401], "without users it is closed");
    let added = server.ssh_with_input("auth:add blog alice", b"s3cret horse\n").succeeds();
    added.says("Added `alice`").never_says("s3cret");
    assert_eq!([status(None), status(Some(alice)), status(Some(bob))], [401, 200, 401]);
    assert_eq!(server.get_https("blog.test", "/").status, 401);

    // No one but nginx reads the hashes, and no file of the app's has them.
    let about = std::fs::metadata(server.root().join("nginx/blog.users")).unwrap();
    assert_eq!(about.mode() & 0o777, 0o640);
    assert!(server.text("nginx/blog.users").starts_with("alice:$6$rounds=5000$"));

    server.ssh_with_input("auth:add blog alice", b"new").succeeds().says("Changed the password of `alice`");
    assert_eq!([status(Some(alice)), status(Some(renewed))], [401, 200]);
    server.ssh_with_input("auth:add blog a:b", b"x").ends_with(2).says("holds ':' at position 2");
    server.ssh_with_input("auth:add blog bob", b"").is_refused().says("the password is empty");
    server.ssh(["auth:remove", "blog", "bob"]).is_refused().says("no user `bob`").says("it has alice");
    assert_eq!(
        server.piku(["auth", "blog", "--json"]).succeeds().json()["users"],
        serde_json::json!(["alice"])
    );

    // The probe stays open, and so do challenges: a deploy goes on, and a certificate can be renewed.
    let challenges = server.root().join("acme/.well-known/acme-challenge");
    std::fs::create_dir_all(&challenges).unwrap();
    std::fs::write(challenges.join("token"), "proof").unwrap();
    assert_eq!(server.get("blog.test", "/.well-known/acme-challenge/token").body, "proof");
    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!([status(None), status(Some(renewed))], [401, 200]);
    server.ssh(["auth:remove", "blog", "alice"]).succeeds().says("nobody gets in");
    assert_eq!([status(None), status(Some(renewed))], [401, 401], "the last user leaves it closed");
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert!(!server.root().join("nginx/blog.users").exists());
}

#[test]
fn passwords_that_nginx_could_not_read_are_refused() {
    needs!(nginx);
    let server = TestServer::builder().with_nginx().as_user(Account::NoGroup).start();
    server.app_from("hello-wsgi", "blog").served_as("blog.test").push().succeeds();
    let added = server.ssh_with_input("auth:add blog alice", b"s3cret");
    added.is_refused().says("not in its group `www-data`").says("usermod --append --groups www-data");
}
