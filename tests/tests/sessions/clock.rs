//! A clock that is wrong: set back by a day, or forward by a year.

use piku_tests::{TestServer, needs};
use serde_json::Value;

/// The numbers of all releases, in the order of the list, and the live one.
fn releases(server: &TestServer) -> (Vec<u64>, u64) {
    let listed = server.piku(["releases", "blog", "--json"]).succeeds().json();
    let all = listed.as_array().unwrap();
    let number = |release: &Value| release["number"].as_u64().unwrap();
    let live = all.iter().find(|release| release["live"] == true).unwrap();
    (all.iter().map(number).collect(), number(live))
}

#[test]
fn a_clock_that_jumps_changes_what_time_is_said_and_nothing_else() {
    needs!(faketime, nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds();
    for (version, off) in (2..).zip(["-1d", "+365d", "-1d"]) {
        blog.set_version(version);
        blog.push().succeeds();
        let settings = format!("GREETING={off}");
        server.piku_at(off, ["config:set", "blog", &settings]).succeeds();
        server.piku_at(off, ["restart", "blog"]).succeeds();
        server.piku_at(off, ["repair"]).succeeds();
        let hello = format!("Hello from version {version}\n");
        assert_eq!(blog.get("/").body, hello);
        assert_eq!(server.get_https("blog.test", "/").body, hello);
        let (all, live) = releases(&server);
        assert!(all.is_sorted() && all.last() == Some(&live), "{all:?}, {live} is live");
    }
    // Back is what was live before, and not what looks older.
    let (_, before) = releases(&server);
    server.piku_at("-2d", ["rollback", "blog"]).succeeds();
    let (_, live) = releases(&server);
    assert_eq!(live, before - 1);
    assert_eq!(blog.get("/").body, "Hello from version 4\n");
}
