//! Whoever pushes goes away: before the release is live that ends the deploy; afterwards branch and release agree.

use std::time::Duration;

use camino::Utf8Path;
use piku_tests::{App, TestServer, eventually, eventually_within, needs};

/// The commit that the branch is at, and the one that is live.
fn commits(server: &TestServer) -> (String, String) {
    let repo = server.root().join("repos/blog");
    let branch = server.git(["-C", repo.as_str(), "rev-parse", "refs/heads/main"]).succeeds();
    let listed = server.piku(["releases", "blog", "--json"]).succeeds().json();
    let live = listed.as_array().unwrap().iter().find(|release| release["live"] == true).unwrap();
    (branch.stdout.trim().to_owned(), live["commit"].as_str().unwrap().to_owned())
}

fn changed(server: &TestServer, slow: &str) -> String {
    format!("preflight: echo begin >> {}/begun; {slow}\nwsgi: app:app\n", server.root().join("data/blog"))
}

fn version(blog: &App<'_>) -> String {
    blog.get("/").body.trim().to_owned()
}

#[test]
fn a_client_that_goes_away_while_the_app_is_built_ends_the_deploy() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let before = commits(&server);
    for signal in ["TERM", "KILL"] {
        blog.set_version(2);
        blog.write("Procfile", changed(&server, "exec sleep 612"));
        drop(std::fs::remove_file(server.root().join("data/blog/begun")));
        let push = blog.push_in_background();
        eventually("the build begins", || server.root().join("data/blog/begun").exists().then_some(()));
        push.end_with(signal);
        let gone = || server.processes_of("blog").iter().all(|one| !one.command.contains("sleep 612"));
        eventually_within(Duration::from_secs(10), "the build ends", || gone().then_some(()));
        server.ssh(["ps", "blog"]).succeeds();
        eventually("nothing is half made", || (server.names_in("releases/blog").len() <= 2).then_some(()));
        assert_eq!((commits(&server), version(&blog).as_str()), (before.clone(), "Hello from version 1"));
    }
    blog.write("Procfile", "wsgi: app:app\n");
    blog.push().succeeds();
    assert_eq!(version(&blog), "Hello from version 2");
}

#[test]
fn branch_and_live_release_agree_whenever_the_client_goes_away() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    for (round, wait) in (0..10).zip((0..).map(|step| Duration::from_millis(100 + 90 * step))) {
        blog.set_version(round + 2);
        let push = blog.push_in_background();
        // Any moment will do: what is to be true holds at each.
        std::thread::sleep(wait);
        push.end_with(if round % 2 == 0 { "KILL" } else { "TERM" });
        // The next command comes after the deploy, and brings together what is apart.
        server.ssh(["ps:scale", "blog", "worker=1"]).succeeds();
        let (branch, live) = commits(&server);
        assert_eq!(branch, live, "round {round}");
        let served = version(&blog);
        server.ssh(["deploy", "blog"]).succeeds();
        assert_eq!(version(&blog), served, "`deploy` changes no code");
    }
}

#[test]
fn a_client_that_reads_nothing_does_not_keep_its_app_for_itself() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let before = commits(&server);
    // More than pipes and windows on the way hold.
    blog.set_version(2);
    blog.write("Procfile", changed(&server, "yes $(seq 100) | head -c 30000000"));
    let push = blog.push_in_background();
    eventually("the build begins", || server.root().join("data/blog/begun").exists().then_some(()));
    push.signal("STOP");
    let waited = server.ssh_in_background(["restart", "blog"]);
    let mut waited = waited;
    assert!(waited.wait().success(), "{}", waited.output());
    assert_eq!((commits(&server), version(&blog).as_str()), (before, "Hello from version 1"));
    push.signal("CONT");
    push.wait().is_refused();
    let (branch, live) = commits(&server);
    assert_eq!(branch, live);
}

/// The system calls by which git, as it receives a push, makes, moves, and removes files: those of the branch among
/// them.
const CALLS: [&str; 6] = ["mkdir", "link", "rename", "renameat", "unlink", "rmdir"];

/// Pushes from a folder on the server itself, with the receiving git killed before its n-th call of a kind. Gives the
/// call, or `None` when there was no n-th.
fn push_killed_at(server: &TestServer, client: &Utf8Path, call: &str, number: usize) -> Option<String> {
    let (trace, repo) = (server.home().join("trace"), server.root().join("repos/blog"));
    let receive = format!(
        "--receive-pack=strace -qq -e signal=none -o {trace} -e trace={call} \
         -e inject={call}:signal=KILL:when={number} git receive-pack"
    );
    let push = ["push", "--quiet", &receive, repo.as_str(), "HEAD:refs/heads/main"];
    let pushed = server.git(["-C", client.as_str()].into_iter().chain(push));
    let text = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(&trace).unwrap();
    let step = text.lines().filter(|line| line.starts_with(call)).nth(number - 1).map(str::to_owned);
    // Whether its client finds out that git was killed is no matter.
    assert!(step.is_some() || pushed.status == 0, "{call}, {number}: {pushed}");
    step
}

/// Lets a file be a minute old, where there is one.
fn a_minute_ago(path: &Utf8Path) {
    if let Ok(file) = std::fs::File::options().write(true).open(path) {
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
}

#[test]
fn branch_and_live_release_agree_wherever_git_is_killed() {
    needs!(strace);
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("Procfile", "wsgi: app:app\n");
    blog.push().succeeds();
    let (client, repo) = (server.home().join("client"), server.root().join("repos/blog"));
    server.git(["clone", "--quiet", repo.as_str(), client.as_str()]).succeeds();
    let source = client.join("app.py");
    let mut version = 1;
    let mut steps = Vec::new();
    for call in CALLS {
        for number in 1.. {
            let (old, new) =
                (format!("Hello from version {version}"), format!("Hello from version {}", version + 1));
            let text = std::fs::read_to_string(&source).unwrap();
            let changed =
                text.replace(&format!("VERSION = {version}\n"), &format!("VERSION = {}\n", version + 1));
            assert_ne!(text, changed);
            std::fs::write(&source, changed).unwrap();
            let who = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
            let commit =
                ["-C", client.as_str()].into_iter().chain(who).chain(["commit", "--quiet", "-a", "-m", "x"]);
            server.git(commit).succeeds();
            let Some(step) = push_killed_at(&server, &client, call, number) else {
                version += 1;
                break;
            };
            let served = self::version(&blog);
            assert!(served == old || served == new, "{step}: {served}");
            // The next command comes after what was killed, and brings together what is apart.
            server.ssh(["restart", "blog"]).succeeds();
            let (branch, live) = commits(&server);
            assert_eq!(branch, live, "{step}");
            assert_eq!(self::version(&blog), served, "{step}: a restart changes no code");
            // A lock that the killed git has left is in nobody's way for long.
            for lock in ["HEAD.lock", "refs/heads/main.lock"] {
                a_minute_ago(&repo.join(lock));
            }
            let push = ["-C", client.as_str(), "push", "--quiet", repo.as_str(), "HEAD:refs/heads/main"];
            server.git(push).succeeds();
            version += 1;
            assert_eq!(self::version(&blog), format!("Hello from version {version}"), "{step}");
            steps.push(step);
        }
    }
    assert!(steps.iter().any(|step| step.contains("refs/heads/main")), "the branch is among {steps:#?}");
}

#[test]
fn a_branch_that_git_has_locked_refuses_the_push_before_it_is_live_and_not_for_ever() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("Procfile", "wsgi: app:app\n");
    blog.push().succeeds();
    let lock = server.root().join("repos/blog/refs/heads/main.lock");
    // What the last push left to do is done.
    server.ssh(["restart", "blog"]).succeeds();
    std::fs::write(&lock, "").unwrap();
    blog.set_version(2);
    blog.push().is_refused().says("`main` is locked").says("push again in a moment");
    assert_eq!(version(&blog), "Hello from version 1");

    a_minute_ago(&lock);
    blog.push().succeeds().says("removed a lock of `main`");
    let (branch, live) = commits(&server);
    assert_eq!((branch, version(&blog).as_str()), (live, "Hello from version 2"));
}
