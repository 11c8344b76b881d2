//! piku as a library: the example of `piku-core` against a running emperor.

use std::process::Command;

use camino::Utf8PathBuf;
use piku_tests::processes::Running;
use piku_tests::{TestServer, eventually, http, piku};
use serde_json::Value;

/// The path of an example, which is built unless it is there.
fn example(package: &str, name: &str) -> Utf8PathBuf {
    let example = piku::program().parent().unwrap().join("examples").join(name);
    if !example.is_file() {
        // `cargo test --workspace` has built it; a single test has not.
        let build = ["build", "--quiet", "--package", package, "--example", name];
        assert!(Command::new("cargo").args(build).current_dir(piku::workspace()).status().unwrap().success());
    }
    example
}

/// Writes the files of an app that serves its folder.
fn site(server: &TestServer, procfile: &str, page: &str) -> Utf8PathBuf {
    let folder = server.home().join("site");
    std::fs::create_dir_all(&folder).unwrap();
    let web = "web: python3 -m http.server --bind $BIND_ADDRESS $PORT\n";
    std::fs::write(folder.join("Procfile"), format!("{web}{procfile}")).unwrap();
    std::fs::write(folder.join("index.html"), page).unwrap();
    folder
}

/// What an app answers at the address that ends `text`.
fn page_at(text: &str) -> String {
    let address = text.rsplit_once("http://").unwrap().1.trim_end_matches('/');
    http::get(address.parse().unwrap(), "localhost", "/index.html").unwrap().body
}

#[test]
fn the_example_deploys_a_folder_and_prints_what_happens() {
    let example = example("piku-core", "deploy_folder");
    let server = TestServer::new();
    let folder = site(&server, "", "from a folder\n");
    server.lend("deploy_folder", &example);
    let mut command = server.command(example.as_str());
    let output = command.args(["folder", folder.as_str()]).env("PIKU", piku::program()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Starting web.1\n"), "{said}");
    assert_eq!(page_at(said.lines().last().unwrap()), "from a folder\n");
    assert!(server.text("apps/folder/index.html").contains("from a folder"));
}

/// The example that writes events as JSON, to be started.
fn deploy_events(server: &TestServer, folder: &Utf8PathBuf) -> Command {
    let mut command = server.command(example("piku-tests", "deploy_events").as_str());
    command.args(["folder", folder.as_str()]).env("PIKU", piku::program());
    command
}

/// The events that a program wrote, and the result that ends them.
fn events_and_result(stdout: &[u8]) -> (Vec<Value>, Value) {
    let text = std::str::from_utf8(stdout).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let result = lines.pop().expect("there is a result");
    (lines, result)
}

#[test]
fn an_embedder_gets_events_and_results_as_json() {
    let server = TestServer::new();
    server.lend("deploy_events", &example("piku-tests", "deploy_events"));
    let folder = site(&server, "preflight: echo ready\n", "one\n");
    let output = deploy_events(&server, &folder).output().unwrap();
    let (events, result) = events_and_result(&output.stdout);
    assert!(output.status.success(), "{result}");
    let has = |event: &str, key: &str, text: &str| {
        events.iter().any(|one| one["event"] == event && one[key] == text)
    };
    assert!(has("stage", "text", "Starting web.1") && has("output", "line", "ready"), "{events:#?}");
    let done = &result["done"];
    assert_eq!((&done["release"], &done["live"], &done["stopped"]), (&1.into(), &true.into(), &false.into()));
    assert_eq!(page_at(done["addresses"][0].as_str().unwrap()), "one\n");

    // Tried beside the live release, which goes on.
    let folder = site(&server, "", "tried\n");
    let output = deploy_events(&server, &folder).arg("try").output().unwrap();
    let (events, result) = events_and_result(&output.stdout);
    assert_eq!(result["healthy"], 2, "{events:#?}");
    // On another port: without a name, the app keeps its own.
    let tries =
        |one: &Value| one["text"].as_str().is_some_and(|text| text.starts_with("Trying web.1 on port "));
    assert!(events.iter().any(tries), "{events:#?}");
    assert_eq!(page_at(done["addresses"][0].as_str().unwrap()), "one\n");
    assert!(!server.root().join("releases/folder/2").exists());

    let folder = site(&server, "worker\n", "two\n");
    let output = deploy_events(&server, &folder).output().unwrap();
    let (events, result) = events_and_result(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{result}");
    let found = events.iter().find(|one| one["event"] == "diagnostic").expect("a mistake is an event");
    assert_eq!((&found["code"], &found["line"]), (&"procfile::missing-colon".into(), &2.into()));
    assert_eq!(result["refused"]["code"], "deploy::inputs", "{result}");
}

#[test]
fn an_embedder_ends_a_deploy_from_another_thread_and_nothing_has_changed() {
    let server = TestServer::new();
    server.lend("deploy_events", &example("piku-tests", "deploy_events"));
    assert!(deploy_events(&server, &site(&server, "", "one\n")).output().unwrap().status.success());
    let before = server.piku(["releases", "folder", "--json"]).succeeds().json();

    let folder = site(&server, "preflight: echo begun; exec sleep 613\n", "two\n");
    let deploy = std::thread::scope(|scope| {
        let deploy = scope.spawn(|| deploy_events(&server, &folder).output().unwrap());
        let builds = || server.processes().iter().any(|one| one.command == "sleep 613").then_some(());
        eventually("the preflight command runs", builds);
        // Those around it only change to the user of the server.
        let program = example("piku-tests", "deploy_events");
        let all = server.processes();
        all.iter().filter(|one| one.command.starts_with(program.as_str())).for_each(Running::interrupt);
        deploy.join().unwrap()
    });
    let (events, result) = events_and_result(&deploy.stdout);
    assert_eq!(deploy.status.code(), Some(1), "{result}");
    assert_eq!(result["refused"]["code"], "deploy::cancelled", "{events:#?}");
    assert!(server.processes().iter().all(|one| one.command != "sleep 613"), "the command has ended");
    assert_eq!(server.piku(["releases", "folder", "--json"]).succeeds().json(), before);
    assert_eq!(server.app("folder").get("/index.html").body, "one\n");
}
