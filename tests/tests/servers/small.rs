//! The smallest machine that one can rent: 256 MB and a quarter of a core.

use piku_tests::booted::{BootedServer, Debian, Limits};
use piku_tests::needs;

use crate::residents::{self, nothing_failed};

#[test]
fn a_small_server_takes_pushes_and_refuses_nobody_memory() {
    needs!(booted, package);
    let server = BootedServer::installed_within(Debian::Bookworm, Limits::SMALL);
    residents::blog(&server);
    assert_eq!(server.get("blog.example", "/").body, "version 1\n");
    residents::commit(&server, "blog", &[("app.py", &residents::blog_source(2, 0))]);
    residents::push(&server, "blog").succeeds();
    assert_eq!(server.get("blog.example", "/").body, "version 2\n");
    assert_eq!(server.memory().killed, 0, "{:?}", server.memory());
    nothing_failed(&server);
}
