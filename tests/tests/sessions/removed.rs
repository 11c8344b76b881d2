//! Operations that wait for an app while it is destroyed.

use piku_tests::{TestServer, eventually};

#[test]
fn what_waited_while_an_app_was_destroyed_does_nothing_to_the_next_one_of_its_name() {
    let server = TestServer::new();
    // Ends only when it is killed, so that `destroy` takes its time.
    let stubborn = "wsgi: app:app\nworker: trap '' TERM INT HUP; while :; do sleep 1; done\n";
    let blog = server.app_from("hello-wsgi", "blog").file("Procfile", stubborn);
    blog.push().succeeds();
    let destroy = server.ssh_in_background(["destroy", "blog", "--force"]);
    eventually("`destroy` is at work", || server.text("locks/blog").contains("destroying").then_some(()));

    let commands: [&[&str]; 8] = [
        &["config:set", "blog", "SECRET=x"],
        &["config:unset", "blog", "SECRET"],
        &["stop", "blog"],
        &["restart", "blog"],
        &["ps:scale", "blog", "worker=2"],
        &["rollback", "blog", "1"],
        &["deploy", "blog"],
        &["destroy", "blog", "--force"],
    ];
    let waiting: Vec<_> =
        commands.iter().map(|words| server.ssh_in_background(words.iter().copied())).collect();
    blog.set_version(2);
    blog.write("Procfile", "wsgi: app:app\n");
    let push = blog.push_in_background();
    for one in &waiting {
        eventually("it waits", || one.output().contains("Waiting").then_some(()));
    }
    eventually("the push waits", || push.output().contains("Waiting").then_some(()));

    let mut destroy = destroy;
    assert!(destroy.wait().success(), "{}", destroy.output());
    for (mut one, words) in waiting.into_iter().zip(commands) {
        assert_eq!(one.wait().code(), Some(1), "{words:?}: {}", one.output());
        assert!(one.output().contains("`blog` was removed while this waited for it"), "{}", one.output());
    }
    push.wait().is_refused().says("`blog` was removed while this waited for it");
    assert_eq!(server.names_in("repos"), [""; 0]);

    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    server.ssh(["config:get", "blog", "SECRET"]).ends_with(1);
}
