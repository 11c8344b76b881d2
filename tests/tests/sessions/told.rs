//! What a person is told: about what the app lacks to be started, and about a build that takes long or fails.

use std::os::unix::fs::PermissionsExt;

use piku_tests::TestServer;

#[test]
fn what_keeps_an_app_from_starting_is_told_before_it_is_built() {
    let server = TestServer::builder().without_emperor().start();
    let blog = server.app("blog").file("index.html", "hello\n").file("app.json", r#"{"healthchecks": {}}"#);
    // Nothing says how to start it, and then not under the right name.
    let push = blog.push().is_refused().says("echo 'static: .' > Procfile");
    assert_eq!(push.stderr.matches("there is no Procfile in the commit").count(), 1, "{push}");
    blog.write("Procfile.txt", "static: .\n");
    blog.push().is_refused().says("git mv Procfile.txt Procfile");
    blog.remove("Procfile.txt");

    // As somebody writes it on Windows.
    blog.write("start.sh", "#!/bin/sh\r\nexec python3 -m http.server $PORT\r\n");
    blog.write("Procfile", "web: ./start.sh\n");
    let push = blog.push().is_refused();
    insta::assert_snapshot!(push.remote()[1..].join("\n"), @r"
    error[procfile::windows-lines]: `start.sh` has the line ends of Windows, so `web` can't run it
    --> Procfile:1:6
    |
    1 | web: ./start.sh
    |      ^^^^^^^^^^
    |
    = help: add the line `*.sh text eol=lf` to the file `.gitattributes`, then run `git add --renormalize .`, commit, and push again
    error[procfile::not-executable]: `start.sh` is not executable, so `web` can't start it
    --> Procfile:1:6
    |
    1 | web: ./start.sh
    |      ^^^^^^^^^^
    |
    = help: run `git update-index --chmod=+x start.sh`, commit, and push again
    error: there are 2 mistakes in Procfile
    help: correct what is marked above, commit, and push again
    error: hook declined to update refs/heads/main
    ");
    let folder = blog.git().folder().as_str();
    server.piku(["check", folder]).is_refused().says("procfile::not-executable");

    // What another platform reads is told once; files of Git LFS as long as they are missing.
    blog.write("Procfile", "static: .\n");
    blog.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    blog.write("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:07\nsize 12345\n");
    let pushed = blog.push().succeeds().says("`healthchecks` in app.json is not read: set PIKU_HEALTHCHECK");
    let pushed = pushed.says("`model.bin` is only a pointer of Git LFS").says("git lfs untrack '*.bin'");
    assert!(pushed.remote().iter().any(|line| line.contains("is live")), "{pushed}");
    blog.write("index.html", "hello again\n");
    blog.push().succeeds().never_says("healthchecks").says("`model.bin` is only a pointer");
}

#[test]
fn the_output_of_a_build_is_folded_and_kept() {
    let server = TestServer::builder().without_emperor().start();
    let shop = server
        .app("shop")
        .file("public/index.html", "hello\n")
        .file("Cargo.toml", "[package]\nname = \"shop\"\n")
        .file("Cargo.lock", "version = 3\n")
        .file("Procfile", "static: public\n")
        .file("ENV", "PIKU_RUNTIME=rust\n");
    // A cargo that says much, and fails if it is told to.
    let cargo = server.home().join(".local/bin/cargo");
    std::fs::create_dir_all(cargo.parent().unwrap()).unwrap();
    let script = "#!/bin/sh\n\
                  case \"$*\" in *--version*) echo 'cargo 1.80.0'; exit;; esac\n\
                  for n in $(seq 200); do echo \"Compiling package-$n\"; done\n\
                  mkdir -p \"$CARGO_TARGET_DIR/release\"; ! grep -q fail Cargo.toml\n";
    std::fs::write(&cargo, script).unwrap();
    std::fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).unwrap();
    server.namespace().own(&server.home().join(".local"));

    let push = shop.push().succeeds().says(", 200 lines of output").never_says("Compiling package-100");
    shop.write("Cargo.toml", "[package]\nname = \"fail\"\n");
    let push_failed =
        shop.push().is_refused().says("Compiling package-200").never_says("Compiling package-160");
    let log = format!("{}/logs/shop/build.log", server.root());
    let push_failed = push_failed.says(&format!("… 160 earlier lines are not shown: all are in `{log}`"));
    let text = server.text("logs/shop/build.log");
    assert!(
        text.starts_with("$ cargo build") && text.contains("Compiling package-100\n"),
        "{push}{push_failed}{text}"
    );
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);

    shop.write("Cargo.toml", "[package]\nname = \"mended\"\n");
    shop.git().commit("Mend it");
    shop.push_with(["-o", "verbose", "HEAD"]).succeeds().says("Compiling package-100");
}
