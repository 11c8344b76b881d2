//! Programs of an operator that hear of events, refuse releases, and are commands.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use piku_tests::piku::workspace;
use piku_tests::{TestServer, eventually};

/// Writes a program of a plugin.
fn plug(server: &TestServer, path: &str, script: &str) {
    let file = server.root().join("plugins").join(path);
    let folder = file.parent().unwrap();
    std::fs::create_dir_all(folder).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    server.namespace().own(folder);
}

/// The program that the guide shows under this path.
fn of_the_guide(path: &str) -> String {
    let guide = std::fs::read_to_string(workspace().join("docs/guide.md")).unwrap();
    let begin = format!("#!/bin/sh\n# plugins/{path}\n");
    let (_, rest) = guide.split_once(&begin).unwrap_or_else(|| panic!("the guide has no {path}"));
    begin + rest.split_once("```").unwrap().0
}

/// The notices that the plugin `ear` has heard.
fn heard(server: &TestServer, event: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(server.home().join("heard")).unwrap_or_default();
    let all = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    all.filter(|notice| notice["event"] == event).collect()
}

#[test]
fn plugins_hear_of_events_refuse_releases_and_are_commands() {
    let server = TestServer::new();
    for event in ["build", "deployed", "failed", "unhealthy"] {
        plug(&server, &format!("ear/on-{event}"), "#!/bin/sh\ncat >> \"$HOME/heard\"\n");
    }
    // Nobody waits for one that takes long, and nobody minds one that fails.
    plug(&server, "slow/on-build", "#!/bin/sh\nsleep 600\n");
    plug(&server, "bad/on-deployed", "#!/bin/sh\necho $APP is bad\nexit 7\n");
    let blog = server.app_from("hello-wsgi", "blog");
    let begin = Instant::now();
    blog.push().succeeds();
    let one = |event: &str| eventually(event, || heard(&server, event).into_iter().next());
    let (built, live) = (one("build"), one("deployed"));
    assert!(begin.elapsed() < Duration::from_secs(60));
    std::fs::remove_file(server.root().join("plugins/slow/on-build")).unwrap();
    for notice in [&built, &live] {
        assert_eq!(
            (&notice["schema"], &notice["app"], &notice["release"]),
            (&1.into(), &"blog".into(), &1.into())
        );
        assert_eq!(notice["cause"], "push of main");
    }
    assert!(live["message"].as_str().unwrap().starts_with("blog: release 1 is live"), "{live}");
    eventually("what it wrote and how it ended is logged", || {
        let log = server.text("uwsgi/plugins.log");
        (log.contains("blog is bad") && log.contains("bad/on-deployed for blog: exit status 7")).then_some(())
    });

    // One that is asked refuses a new release, and nothing else.
    plug(&server, "gate/before-deploy", "#!/bin/sh\necho not on Fridays\nexit 1\n");
    let refused = server.ssh(["config:set", "blog", "A=1"]).ends_with(1);
    refused.says("not on Fridays").says("the plugin `gate` has refused the release: exit status 1");
    let why = one("failed");
    assert!(why["message"].as_str().unwrap().contains("`gate` has refused"), "{why}");
    server.ssh(["restart", "blog"]).succeeds();
    assert!(heard(&server, "unhealthy").is_empty());

    // Others could have written it: it is not asked, and the push and `doctor` say so.
    let gate = server.root().join("plugins/gate");
    std::fs::set_permissions(&gate, PermissionsExt::from_mode(0o777)).unwrap();
    server.ssh(["config:set", "blog", "A=1"]).succeeds().says("the plugin `gate` is not asked");
    let findings = server.ssh(["doctor", "--json"]).json();
    let found = findings.as_array().unwrap().iter().find(|one| one["about"] == "plugins").unwrap();
    assert_eq!(found["fix"], format!("`chmod go-w {gate}`"));
    std::fs::remove_dir_all(&gate).unwrap();

    // No shell sees the words of a command, and its environment is its own.
    plug(
        &server,
        "tool/command-show",
        "#!/bin/sh\nprintf '<%s>' \"$@\"\necho \" $APP\"\nenv | grep -c SSH_\nexit 3\n",
    );
    let shown = server.ssh(["tool:show", "blog", "a b", "$(id)", "--json", "--help"]).ends_with(3);
    assert_eq!(shown.stdout, "<blog><a b><$(id)><--json><--help> blog\n0\n");
    server.ssh(["tool:hide"]).ends_with(1).says("there is no command `tool:hide`").says("tool:show");
    server.ssh(["nobody:show"]).ends_with(2).says("unrecognized subcommand");

    // The programs of the guide.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/piku", listener.local_addr().unwrap());
    plug(
        &server,
        "webhook/on-deployed",
        &of_the_guide("webhook/on-deployed").replace("https://hooks.example.org/piku", &url),
    );
    let mails = server.home().join("sendmail");
    std::fs::write(&mails, "#!/bin/sh\ncat > \"$HOME/mail\"\n").unwrap();
    std::fs::set_permissions(&mails, PermissionsExt::from_mode(0o755)).unwrap();
    server.namespace().own(&mails);
    let script = of_the_guide("mail/on-failed").replace("/usr/sbin/sendmail", mails.as_str());
    plug(&server, "mail/on-failed", &script);
    server.ssh(["restart", "blog"]).succeeds();
    let body = answered(&listener);
    assert!(body.contains(r#""event":"deployed","app":"blog""#), "{body}");
    blog.write("Procfile", "wsgi: app:app\nworker: exit 1\n");
    blog.push().is_refused();
    let mail = eventually("a mail is written", || {
        let text = std::fs::read_to_string(server.home().join("mail")).unwrap_or_default();
        text.contains("\"event\":\"failed\"").then_some(text)
    });
    assert!(mail.starts_with("To: ops@example.org\nSubject: blog was refused\n\n{"), "{mail}");
    one("unhealthy");
    eventually("the slow one was killed", || {
        let log = server.text("uwsgi/plugins.log");
        log.contains("slow/on-build for blog: it took too long, and was killed").then_some(())
    });
}

/// The body of one request, which is answered.
fn answered(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    while lines.read_line(&mut head).unwrap() > 2 {
        let line = head.to_lowercase();
        length = line.strip_prefix("content-length: ").map_or(length, |text| text.trim().parse().unwrap());
        head.clear();
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
    String::from_utf8(body).unwrap()
}
