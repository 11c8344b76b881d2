//! The forced command: what comes over ssh is split into words and never given to a shell.

use std::process::Command;

use camino::Utf8PathBuf;
use piku_tests::{TestServer, eventually};

#[test]
fn a_command_line_is_words_and_nothing_of_it_reaches_a_shell() {
    let server = TestServer::builder().without_emperor().start();
    let mark = server.home().join("mark");
    for line in [
        format!("apps; touch {mark}"),
        format!("apps && touch {mark}"),
        format!("apps | touch {mark}"),
        format!("$(touch {mark})"),
        format!("`touch {mark}`"),
        format!("apps\ntouch {mark}"),
        format!("frobnicate > {mark}"),
        "sh".to_owned(),
        "bash -c id".to_owned(),
        "git-shell".to_owned(),
        "apps 'open quote".to_owned(),
        "reference".to_owned(),
        "git hook update blog".to_owned(),
    ] {
        let outcome = server.ssh_raw(&line);
        assert_eq!(outcome.status, 2, "{line}: {outcome}");
        assert!(!mark.exists(), "{line} made a file");
        assert!(!outcome.stdout.contains("uid="), "{line}: {outcome}");
    }
}

#[test]
fn a_session_without_a_command_shows_the_help_and_opens_no_shell() {
    let server = TestServer::builder().without_emperor().start();
    let outcome = server.ssh_with_input("", b"echo I am a shell\n");
    assert!(!outcome.stdout.contains("I am a shell"), "{outcome}");
    outcome.says("apps");
}

#[test]
fn a_command_that_is_not_utf_8_is_wrong() {
    use std::os::unix::ffi::OsStrExt;

    let server = TestServer::builder().without_emperor().start();
    let words = server.sshd().client();
    let mut ssh = Command::new(&words[0]);
    ssh.args(&words[1..]).arg(std::ffi::OsStr::from_bytes(b"ps bl\xf6g"));
    let output = ssh.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: the command is not UTF-8: `ps bl\u{fffd}g`\n"
    );
}

#[test]
fn a_key_opens_no_port_and_forwards_nothing() {
    let server = TestServer::builder().without_emperor().start();
    let keys = std::fs::read_to_string(server.home().join(".ssh/authorized_keys")).unwrap();
    for restriction in
        ["no-agent-forwarding", "no-user-rc", "no-X11-forwarding", "no-port-forwarding", "command=\""]
    {
        assert!(keys.contains(restriction), "{restriction}: {keys}");
    }
}

#[test]
fn a_key_is_added_once_and_what_is_no_key_not_at_all() {
    let server = TestServer::builder().without_emperor().start();
    let file = server.home().join(".ssh/authorized_keys");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + "# a comment of the owner\n").unwrap();
    let before = std::fs::read_to_string(&file).unwrap();

    server.piku(["setup:ssh", piku_tests::public_key().as_str()]).succeeds();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    for wrong in ["", "hello\n", "ssh-ed25519 not-base64 ada\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n"] {
        let bad = server.home().join("bad.pub");
        std::fs::write(&bad, wrong).unwrap();
        server.piku(["setup:ssh", bad.as_str()]).ends_with(1);
    }
    server.piku(["setup:ssh", "/no/such/file"]).ends_with(1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

/// A new key pair, and the text of its public half.
fn new_key(server: &TestServer, name: &str, comment: &str) -> (Utf8PathBuf, String) {
    let file = server.home().join(name);
    let words = ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file.as_str()];
    assert!(server.command("ssh-keygen").args(words).status().unwrap().success());
    let public = std::fs::read_to_string(format!("{file}.pub")).unwrap();
    (file, public)
}

#[test]
fn keys_that_are_added_at_once_are_all_kept() {
    let server = TestServer::builder().without_emperor().start();
    let keys: Vec<_> = (0..8).map(|at| new_key(&server, &format!("key{at}"), &format!("ada{at}"))).collect();
    let add = |file: &Utf8PathBuf| {
        let mut piku = server.command(piku_tests::piku::program().as_str());
        piku.args(["setup:ssh", &format!("{file}.pub")]).spawn().unwrap()
    };
    let running: Vec<_> = keys.iter().map(|(file, _)| add(file)).collect();
    for mut one in running {
        assert!(one.wait().unwrap().success());
    }
    let all = std::fs::read_to_string(server.home().join(".ssh/authorized_keys")).unwrap();
    for (_, public) in keys {
        let blob = public.split(' ').nth(1).unwrap();
        assert_eq!(all.matches(blob).count(), 1, "{public} in {all}");
    }
}

#[test]
fn a_key_whose_comment_looks_like_an_option_opens_the_door() {
    let server = TestServer::builder().without_emperor().start();
    for (at, comment) in ["-h", "--help", "a b; id", "\"'$(id)"].into_iter().enumerate() {
        let (key, public) = new_key(&server, &format!("key{at}"), comment);
        server.piku(["setup:ssh", &format!("{key}.pub")]).succeeds().says("Added");
        let mut words = server.sshd().client();
        let at = words.iter().position(|word| word == "-i").unwrap();
        words[at + 1] = key.into_string();
        let output = Command::new(&words[0]).args(&words[1..]).args(["apps", "--json"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]", "{public}: {output:?}");
    }
}

#[test]
fn a_key_that_is_commented_out_is_not_known() {
    let server = TestServer::builder().without_emperor().start();
    let (key, public) = new_key(&server, "key", "ada");
    let file = server.home().join(".ssh/authorized_keys");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{before}# {public}")).unwrap();
    server.piku(["setup:ssh", &format!("{key}.pub")]).succeeds().says("Added");
    server.piku(["setup:ssh", &format!("{key}.pub")]).succeeds().says("Known already");
    let after = std::fs::read_to_string(&file).unwrap();
    assert_eq!(after.matches("ssh-command ada").count(), 1, "{after}");
}

#[test]
fn run_passes_status_quoting_and_stdin_through() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();

    server.ssh(["run", "blog", "--", "sh", "-c", "exit 7"]).ends_with(7);
    server.ssh_raw("run blog -- sh -c 'exit 7'").ends_with(7);
    server.ssh(["run", "blog", "--", "true"]).succeeds();
    let words = ["two words", "it's", "\"quoted\"", "$HOME", "*", "a\\b", "", "--help", "é", "%d"];
    let show = ["run", "blog", "--", "python3", "-c", "import sys; print(sys.argv[1:])"];
    let shown = server.ssh(show.iter().chain(&words)).succeeds();
    assert_eq!(
        shown.stdout,
        "['two words', \"it's\", '\"quoted\"', '$HOME', '*', 'a\\\\b', '', '--help', 'é', '%d']\n"
    );

    let line = "run blog -- cat";
    assert_eq!(server.ssh_with_input(line, b"in\0and out\n").succeeds().stdout, "in\0and out\n");
    assert_eq!(
        server.ssh(["run", "blog", "--", "pwd", "-L"]).succeeds().stdout.trim(),
        server.live_settings("blog")["PWD"]
    );
    assert_eq!(server.ssh(["run", "blog", "--", "sh", "-c", "echo $APP"]).succeeds().stdout, "blog\n");
    assert_eq!(
        server.ssh(["run", "blog", "--", "sh", "-c", "echo out; echo err >&2"]).succeeds().stderr,
        "err\n"
    );
    // A command is a program and its words; a shell is there for the one who asks for it.
    assert_ne!(server.ssh(["run", "blog", "--", "no-such-program"]).status, 0);
}

#[test]
fn a_command_ends_when_its_connection_does() {
    let server = TestServer::new();
    server.app_from("hello-wsgi", "blog").push().succeeds();
    let mut session = server.ssh_in_background(["logs", "blog", "--all"]);
    eventually("the log is shown", || (!session.output().is_empty()).then_some(()));
    session.kill();
    let follows = |process: &piku_tests::processes::Running| process.command.contains("ssh-command");
    eventually("nobody follows the log", || (!server.processes().iter().any(follows)).then_some(()));
}

#[test]
fn scp_and_sftp_reach_the_files() {
    let server = TestServer::builder().without_emperor().start();
    let file = server.home().join("letter");
    std::fs::write(&file, "dear server\n").unwrap();
    let (words, host) = server.sshd().copier();
    for protocol in ["-O", "-s"] {
        let there = server.root().join(format!("data/letter{protocol}"));
        let back = server.home().join(format!("back{protocol}"));
        for (from, to) in
            [(file.to_string(), format!("{host}:{there}")), (format!("{host}:{there}"), back.to_string())]
        {
            let output =
                Command::new(&words[0]).args(&words[1..]).arg(protocol).args([from, to]).output().unwrap();
            assert!(output.status.success(), "scp {protocol}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(std::fs::read_to_string(&back).unwrap(), "dear server\n");
    }
}
