//! Apps of PHP, Ruby, and Rust.

use camino::Utf8Path;
use piku_tests::{Browser, TestServer, needs};

use super::{Visit, keeps_what_visitors_write, push_with_another_readme};

#[test]
fn a_wiki_whose_pages_are_files_beside_its_code() {
    needs!(nginx, php);
    let server = TestServer::with_nginx();
    let app = server.app_from("php-wiki", "wiki").served_as("wiki.test");
    app.push().is_refused().says("php: .");
    app.write("Procfile", "php: .\n");
    app.push().succeeds();
    // A page of the commit, which visitors change.
    let visit = Visit { page: "/", field: "text", file: ("/style.css", "text/css") };
    let browser = Browser::of(&app);
    visit.shows(&browser, &["Welcome to the wiki."]);
    let other = Visit { page: "/index.php?page=other", ..visit };
    other.write(&browser, "Another page");
    let start = |text: &str| visit.write(&browser, text);
    let both = |text: &str| {
        visit.shows(&browser, &[text, "page=other"]);
        other.shows(&browser, &["Another page"]);
    };
    start("Changed once");
    push_with_another_readme(&app);
    both("Changed once");
    start("Changed twice");
    // A page that is there since some have outlived a release.
    let later = Visit { page: "/index.php?page=later", ..visit };
    later.write(&browser, "A later page");
    server.ssh(["rollback", "wiki"]).succeeds();
    both("Changed twice");
    later.shows(&browser, &["A later page"]);
    server.ssh(["config:set", "wiki", "COLOR=blue"]).succeeds();
    start("Changed again");
    server.ssh(["restart", "wiki"]).succeeds();
    both("Changed again");
    later.shows(&browser, &["A later page"]);
}

#[test]
fn a_sinatra_app_with_the_gems_of_the_system() {
    needs!(nginx, ruby);
    let server = TestServer::with_nginx();
    let app = server.app_from("sinatra-votes", "votes").served_as("votes.test");
    app.push().succeeds();
    let visit = Visit { page: "/", field: "dish", file: ("/style.css", "text/css") };
    keeps_what_visitors_write(&server, &app, &visit);
}

#[test]
fn a_program_in_rust_that_writes_beside_itself() {
    needs!(nginx, crates);
    let server = TestServer::with_nginx();
    let compiler = Utf8Path::new(env!("CARGO")).parent().unwrap();
    for tool in ["cargo", "rustc"] {
        server.lend(tool, &compiler.join(tool));
    }
    let app = server.app_from("rust-shoutbox", "shoutbox").served_as("shoutbox.test");
    app.push().succeeds();
    let visit = Visit { page: "/", field: "shout", file: ("/style.css", "text/css") };
    keeps_what_visitors_write(&server, &app, &visit);
}
