//! piku as a library: the example of `piku-core` against a running emperor.

use std::process::Command;

use piku_tests::{TestServer, http, piku};

#[test]
fn the_example_deploys_a_folder_and_prints_what_happens() {
    let example = piku::program().parent().unwrap().join("examples/deploy_folder");
    if !example.is_file() {
        // `cargo test --workspace` has built it; this package alone has not.
        let build = ["build", "--quiet", "--package", "piku-core", "--example", "deploy_folder"];
        assert!(Command::new("cargo").args(build).current_dir(piku::workspace()).status().unwrap().success());
    }
    let server = TestServer::new();
    let folder = server.home().join("site");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("Procfile"), "web: python3 -m http.server --bind $BIND_ADDRESS $PORT\n")
        .unwrap();
    std::fs::write(folder.join("index.html"), "from a folder\n").unwrap();

    server.lend("deploy_folder", &example);
    let mut command = server.command(example.as_str());
    let output = command.args(["folder", folder.as_str()]).env("PIKU", piku::program()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Starting web.1\n"), "{said}");
    let address = said.lines().last().unwrap().rsplit_once("http://").unwrap().1.trim_end_matches('/');
    let answer = http::get(address.parse().unwrap(), "localhost", "/index.html").unwrap();
    assert_eq!(answer.body, "from a folder\n");
    assert!(server.text("apps/folder/index.html").contains("from a folder"));
}
