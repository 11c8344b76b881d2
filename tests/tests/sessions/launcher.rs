//! The launcher, a program of its own beside piku.

use std::fs;
use std::os::unix::fs::symlink;

use piku_tests::processes::Running;
use piku_tests::{TestServer, eventually, piku};

fn process(server: &TestServer, has: &str) -> Option<Running> {
    server.processes_of("blog").into_iter().find(|process| process.command.contains(has))
}

#[test]
fn in_a_root_of_an_earlier_piku_processes_start_by_a_link_to_piku_until_a_command_puts_it_right() {
    let server = TestServer::new();
    let blog = server
        .app("blog")
        .file("Procfile", "worker: exec sleep 600\nweb: exec python3 -m http.server $PORT\n");
    blog.push().succeeds();
    let link = server.root().join("uwsgi/piku-launch");
    assert_eq!(link.read_link_utf8().unwrap(), piku::launcher());
    fs::remove_file(&link).unwrap();
    symlink(piku::program(), &link).unwrap();

    // The emperor starts their launchers again.
    for command in ["sleep 600", "http.server"] {
        let before = process(&server, command).unwrap();
        server.processes().ancestors_of(before.id).remove(0).kill();
        let again =
            eventually("it runs again", || process(&server, command).filter(|now| now.id != before.id));
        let launcher = server.processes().ancestors_of(again.id).remove(0);
        assert_eq!(launcher.program(), Some(piku::launcher()));
    }
    server.ssh(["restart", "blog"]).succeeds();
    assert_eq!(link.read_link_utf8().unwrap(), piku::launcher());
}

#[test]
fn piku_without_its_launcher_says_what_to_install() {
    let server = TestServer::builder().without_emperor().start();
    let alone = server.home().join("piku");
    fs::copy(piku::program(), &alone).unwrap();
    let output = server.command(alone.as_str()).arg("setup").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("there is no `{}`", alone.with_file_name("piku-launch"))), "{said}");
    assert!(said.contains("help: install `piku-launch` into the folder of `piku`"), "{said}");
}
