//! Commands typed on the laptop, in the work tree of an app, and carried out on the server over ssh.

use camino::Utf8Path;
use piku_tests::{Laptop, TestServer, eventually};

/// Makes `folder` a work tree whose remote is an app of the server.
fn work_tree(laptop: &Laptop<'_>, name: &str, remote: &str, address: &str) -> camino::Utf8PathBuf {
    let folder = laptop.home().join(name);
    for words in [
        &["init", "--quiet", "--initial-branch", "main", folder.as_str()][..],
        &["-C", folder.as_str(), "config", "--", &format!("remote.{remote}.url"), address],
    ] {
        assert!(std::process::Command::new("git").args(words).status().unwrap().success());
    }
    folder
}

#[test]
fn commands_of_the_server_are_typed_without_the_app_and_arrive_as_they_were_typed() {
    let server = TestServer::new();
    let laptop = server.laptop();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let here = work_tree(&laptop, "blog", "piku", "box:blog");
    let piku = |words: &[&str]| laptop.piku(&here, words, b"");

    // Settings of all kinds come back as they were typed.
    let json = r#"{"a": 1, "b": "it's $HOME"}"#;
    piku(&["config:set", &format!("J={json}"), "L=one\n two\t", "E=", "D=--x"])
        .succeeds()
        .says("J (27 bytes)");
    for (key, value) in [("J", json), ("L", "one\n two\t"), ("E", ""), ("D", "--x")] {
        assert_eq!(piku(&["config:get", key]).succeeds().stdout, format!("{value}\n"), "{key}");
    }
    let show = ["run", "--", "python3", "-c", "import sys; print(sys.argv[1:])"];
    let words = ["two words", "it's", "", "$HOME", "-a", "a\nb", "é"];
    let shown = piku(&[&show[..], &words[..]].concat()).succeeds();
    assert_eq!(shown.stdout, "['two words', \"it's\", '', '$HOME', '-a', 'a\\nb', 'é']\n");

    // Input, output, and exit status pass; data gets no terminal.
    let binary = laptop.piku(&here, ["run", "cat"], b"in\0and\r\n out\xff").succeeds();
    assert_eq!(binary.stdout, "in\0and\r\n out\u{fffd}");
    piku(&["run", "--", "sh", "-c", "exit 7"]).ends_with(7);
    piku(&["run", "--", "sh", "-c", "exit 255"]).ends_with(255).never_says("doctor");
    laptop.piku(&here, ["config:import"], b"FROM_FILE='a b'\n").succeeds();
    assert_eq!(laptop.piku(&here, ["config:set", "TOKEN=-"], b"secret\n").succeeds().stdout, "");
    assert_eq!(
        piku(&["run", "--", "sh", "-c", "echo \"$FROM_FILE $TOKEN\""]).succeeds().stdout,
        "a b secret\n"
    );

    // One connection, whose socket nobody else reaches.
    assert_eq!(laptop.sockets().len(), 1);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &laptop.home().join("run/piku").metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);

    // Commands of the whole server, and those that may be about one app.
    piku(&["apps"]).succeeds().says("blog");
    piku(&["server"]).succeeds();
    assert!(piku(&["events", "--json"]).succeeds().stdout.contains("\"blog\""));
    piku(&["logs", "--no-follow", "wsgi"]).succeeds();
    piku(&["stop"]).succeeds().says("`start blog`");
    // As the message has it.
    piku(&["start", "blog"]).succeeds().says("is live");

    let mut logs = laptop.start(&mut laptop.command(&here, ["logs"]));
    eventually("logs are followed", || (!logs.output().is_empty()).then_some(()));
    logs.kill();
}

#[test]
fn what_is_typed_wrongly_is_refused_with_the_way_out() {
    let server = TestServer::builder().without_emperor().start();
    let laptop = server.laptop();
    let here = work_tree(&laptop, "blog", "piku", "box:blog");
    let elsewhere = work_tree(&laptop, "other", "origin", "https://example.org/other");
    let odd = work_tree(&laptop, "odd", "piku", "-oProxyCommand=touch${IFS}mark:blog");
    let gone = work_tree(&laptop, "gone", "piku", "nobody@127.0.0.1:blog");
    let said = |folder: &Utf8Path, words: &[&str]| {
        format!("$ piku {}\n{}\n", words.join(" "), laptop.piku(folder, words, b"")).replace("$PORT", "PORT")
    };
    let all = [
        said(&here, &["config:get", "A"]),
        said(&here, &["config:set", "A"]),
        said(&here, &["start", "shop"]),
        said(&here, &["relases"]),
        said(&here, &["frobnicate"]),
        said(&here, &["setup"]),
        said(&here, &["logs", "--lines", "many"]),
        said(&here, &["-r", "staging", "logs"]),
        said(&here, &["-a", "../x", "logs"]),
        said(&here, &["logs", "-a"]),
        said(&elsewhere, &["logs"]),
        said(&elsewhere, &["-r", "origin", "logs"]),
        said(&odd, &["apps"]),
    ];
    insta::assert_snapshot!(all.concat());
    assert!(!odd.join("mark").exists());
    laptop.piku(&gone, ["apps"], b"").ends_with(1).says("`piku doctor` finds out why");
    let json = laptop.piku(&gone, ["apps", "--json"], b"").ends_with(1).json();
    assert_eq!(json["code"], "laptop::unreached");
}

#[test]
fn the_end_is_the_root_of_this_machine_unless_something_says_otherwise() {
    let server = TestServer::builder().without_emperor().start();
    let laptop = server.laptop();
    server.piku(["apps:create", "blog"]).succeeds();
    let here = work_tree(&laptop, "blog", "piku", "box:blog");
    let plain = laptop.home().join("plain");
    std::fs::create_dir(&plain).unwrap();
    let with = |folder: &Utf8Path, variables: &[(&str, &str)], words: &[&str]| {
        let mut command = laptop.command(folder, words);
        laptop.run(command.envs(variables.iter().copied()), b"")
    };
    // In the environment, and by another remote.
    with(&plain, &[("PIKU_SERVER", "box")], &["apps"]).succeeds().says("blog");
    with(&plain, &[("PIKU_SERVER", "box"), ("PIKU_APP", "blog")], &["config"]).succeeds();
    with(&plain, &[("PIKU_SERVER", "box")], &["config"]).ends_with(1).says("which app?");
    with(&plain, &[("PIKU_SERVER", "box")], &["config", "-a", "blog"]).succeeds();
    with(&here, &[], &["-a", "shop", "config"]).ends_with(1).says("there is no app `shop`");
    // A root of this machine comes first.
    let root = [("PIKU_ROOT", plain.as_str())];
    with(&here, &root, &["apps"]).succeeds().never_says("blog");
    with(&here, &root, &["-r", "piku", "apps"]).succeeds().says("blog");
    with(&here, &root, &["-a", "blog", "logs"]).ends_with(2).says("the app follows the command");
    // Help says where commands act.
    with(&here, &[], &["--help"]).succeeds().says("commands act on the app `blog` at box");
    with(&here, &[], &["logs", "--help"]).succeeds().says("Usage: piku logs [OPTIONS] [KIND]");
    with(&here, &[], &["help", "logs"]).succeeds().says("Usage: piku logs [OPTIONS] [KIND]");
    with(&here, &[], &["check"]).ends_with(1).says("Procfile");
    // A file of the laptop's.
    std::fs::copy(piku_tests::public_key(), here.join("id.pub")).unwrap();
    with(&here, &[], &["setup:ssh", "id.pub"]).succeeds().says("Known already");
}

#[test]
fn a_folder_becomes_an_app_and_is_deployed_from_the_laptop() {
    let server = TestServer::new();
    let laptop = server.laptop();
    // A folder that is nothing yet.
    let site = laptop.home().join("My site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("index.html"), "hello").unwrap();
    laptop.piku(&site, ["init", "box"], b"").succeeds().says("Added the remote `piku`: box:My-site");
    assert_eq!(std::fs::read_to_string(site.join("Procfile")).unwrap(), "static: .\n");
    std::fs::write(site.join("ENV"), "A=b\n").unwrap();
    laptop.piku(&site, ["init"], b"").succeeds().says("Procfile is there").says("ENV is there");
    assert_eq!(std::fs::read_to_string(site.join("ENV")).unwrap(), "A=b\n");
    laptop.piku(&site, ["init", "other"], b"").ends_with(1).says("git remote set-url piku");

    let blog = server.app_from("hello-web", "blog");
    let here = blog.git().folder().to_owned();
    let piku = |words: &[&str], input: &[u8]| laptop.piku(&here, words, input);
    piku(&["deploy"], b"").ends_with(1).says("no commit");
    blog.git().commit("Begin");
    blog.write("README", "not committed\n");
    piku(&["deploy"], b"").succeeds().says("1 file is not committed").says("README").says("is live");
    piku(&["deploy"], b"")
        .succeeds()
        .says("The server has this commit already")
        .says("Release 2 of blog is live");

    assert_eq!(piku(&["shell"], b"echo $APP\nexit 3\n").ends_with(3).stdout, "blog\n");
    let open = piku(&["open"], b"").succeeds().says("piku tunnel");
    assert!(open.stdout.starts_with("http://127.0.0.1:"), "{open}");

    // Several connections at once, each to the app's own port.
    let mut tunnel = laptop.start(&mut laptop.command(&here, ["tunnel", "0"]));
    let address = eventually("the tunnel is open", || {
        let said = tunnel.output();
        let port = said.split("http://127.0.0.1:").nth(1)?.split('/').next()?.parse().ok()?;
        Some(std::net::SocketAddr::from(([127, 0, 0, 1], port)))
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = piku_tests::http::get(address, "localhost", "/").unwrap();
                assert_eq!(answer.body, "Hello from version 1\n");
            });
        }
    });
    tunnel.kill();
    assert_eq!(laptop.sockets().len(), 1);

    // Files of the app, and none of anybody else's.
    std::fs::write(here.join("photo"), b"a\0\r\n\xff").unwrap();
    piku(&["upload", "photo", "--data"], b"").succeeds().says("Wrote photo of blog (5 bytes)");
    piku(&["download", "photo", "back", "--data"], b"").succeeds();
    assert_eq!(std::fs::read(here.join("back")).unwrap(), b"a\0\r\n\xff");
    piku(&["download", "photo", "--data"], b"").ends_with(1).says("--force");
    assert!(piku(&["download", "app.py", "-"], b"").succeeds().stdout.contains("VERSION = 1"));
    piku(&["download", "no-such-file", "stolen"], b"").ends_with(1).says("`blog` has no `no-such-file`");
    for path in ["../../envs/blog/ENV", "/etc/passwd", "no-such-folder/x", "."] {
        piku(&["download", path, "stolen"], b"").is_refused();
        piku(&["upload", "photo", path], b"").is_refused();
    }
    assert!(!here.join("stolen").exists() && !here.join("stolen.part").exists());
    let cut = server.ssh_with_input("app-write blog --data cut --bytes 10", b"short");
    cut.ends_with(1).says("only 5 of 10 bytes");
    assert_eq!(server.names_in("data/blog"), ["photo"]);
    server.ssh(["stop", "blog"]).succeeds();
    piku(&["tunnel", "0"], b"").ends_with(1).says("listens on no port");
    // On the server, these words have no meaning.
    server.ssh(["open"]).ends_with(2).says("on your own machine");
}

#[test]
fn doctor_finds_out_why_the_laptop_does_not_reach_piku() {
    let server = TestServer::builder().without_emperor().start();
    let laptop = server.laptop();
    let here = work_tree(&laptop, "blog", "piku", "box:blog");
    let doctor = |folder: &Utf8Path| laptop.piku(folder, ["doctor"], b"").ends_with(1);
    doctor(&here)
        .says("ok       remote: the remote `piku` is the app `blog` at box")
        .says("answers, as here")
        .says("folder:");
    let json = laptop.piku(&here, ["doctor", "--json"], b"").ends_with(1).json();
    assert_eq!((&json[0]["about"], &json[0]["schema"]), (&"remote".into(), &1.into()));
    assert!(json.as_array().unwrap().iter().any(|finding| finding["about"] == "folder"), "{json}");

    doctor(&work_tree(&laptop, "other", "origin", "box:blog")).says("no git remote `piku`").says("piku init");
    doctor(&work_tree(&laptop, "nobody", "piku", "nobody@box:blog")).says("takes none of your keys");
    doctor(&work_tree(&laptop, "closed", "piku", "ssh://piku@127.0.0.1:9/blog")).says("nobody answers");

    // The key is known to sshd, without piku's command.
    let plain = server.sshd().plain_git_ssh_command(server.home());
    let shell = work_tree(&laptop, "shell", "piku", &server.sshd().url("blog"));
    let mut command = laptop.command(&shell, ["doctor"]);
    laptop
        .run(command.env("GIT_SSH_COMMAND", plain), b"")
        .ends_with(1)
        .says("does not appear to be a git repository")
        .says("setup:ssh");
}
