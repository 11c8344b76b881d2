//! Colleagues: keys with names, limited to apps.

use piku_tests::{Colleague, JsonPage, TestServer};

#[test]
fn a_colleague_does_what_the_key_may_and_learns_nothing_of_other_apps() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    server.ssh(["apps:create", "shop"]).succeeds();
    let bob = Colleague::new(&server, "bob@home");
    bob.ssh("apps").ends_with(255).says("Permission denied");
    let public = std::fs::read(bob.public_key()).unwrap();
    server.ssh_with_input("keys:add bob - --allow blog", &public).succeeds().says("Added bob (SHA256:");

    // Apps of the key.
    assert_eq!(bob.ssh("apps --json").succeeds().json().as_array().unwrap().len(), 1);
    for line in ["apps", "events", "ps blog", "config blog", "help"] {
        bob.ssh(line).never_says("shop").never_says("access");
    }
    assert_eq!(bob.ssh("run blog -- echo hello").succeeds().stdout, "hello\n");
    let clone = server.scratch("clone");
    bob.git(&blog, &["clone", "--quiet", &server.sshd().url("blog"), clone.as_str()]).succeeds();
    blog.set_version(2);
    blog.git().commit("Bob's change");
    let push = ["push", "-o", "PIKU_ACTOR=eve", "-o", "actor=eve", "piku", "HEAD:main"];
    bob.git(&blog, &push).succeeds();
    let events = server.ssh(["events", "blog", "--json"]).succeeds().json();
    assert_eq!(events.as_array().unwrap().last().unwrap()["by"], "bob");

    // Nothing else, and in the same words whether there is such an app or not.
    let said = |name: &str| {
        let pushed = bob.git(&blog, &["push", &server.sshd().url(name), "HEAD:main"]).is_refused();
        let shown = bob.ssh(&format!("ps {name}")).ends_with(1);
        format!("{pushed}\n{shown}").replace(name, "<app>")
    };
    assert_eq!(said("shop"), said("none"));
    assert!(said("none").contains("the key `bob` has no access to an app `<app>`"), "{}", said("none"));
    for line in [
        "config shop",
        "run shop -- id",
        "git-upload-pack shop",
        "git-upload-archive /shop.git",
        "git-lfs-authenticate shop download",
        "apps:create bobs",
        "destroy blog --force",
        "server",
        "doctor",
        "check /",
        "keys",
        "keys:allow bob --administrator",
        "--json keys:remove tests",
        "setup:ssh -",
        "--json ssh-command tests",
        "--json git-hook update shop a b c",
    ] {
        bob.ssh(line).ends_with(1).says("the key `bob`").never_says("uid=");
    }
    bob.ssh("apps; id").ends_with(2).never_says("uid=");
    let file = bob.public_key();
    for option in ["-O", "-s"] {
        let there = server.root().join("data/blog").join(format!("key{option}"));
        let copied = bob.copies(option, file.as_str(), there.as_str());
        assert!(copied.status != 0 && !there.exists(), "{option}: {copied}");
    }
    assert_eq!(server.ssh(["apps", "--json"]).json().as_array().unwrap().len(), 2);

    // Only looking.
    server.ssh(["keys:allow", "bob", "blog", "--read-only"]).succeeds().says("bob: blog (read-only)");
    for line in ["apps", "ps blog", "releases blog", "events blog", "logs blog --no-follow"] {
        bob.ssh(line).succeeds().never_says("shop");
    }
    for line in ["config blog", "config:live blog", "restart blog", "run blog -- id", "git-upload-pack blog"]
    {
        bob.ssh(line).ends_with(1).says("may only look at `blog`");
    }
    let _ = bob.git(&blog, &["push", "--force", "piku", "HEAD~1:main"]).is_refused();
    // An app of the same name is another one.
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    server.ssh(["apps:create", "blog"]).succeeds();
    bob.ssh("ps blog").ends_with(1).says("it has access to no app");
}

#[test]
fn a_key_is_shown_used_limited_and_removed_while_it_is_connected() {
    let server = TestServer::builder().without_emperor().start();
    let file = server.home().join(".ssh/authorized_keys");
    let foreign = b"# caf\xe9 of the owner\r\nfrom=\"192.0.2.1\" ssh-rsa AAAAB3NzaC1yc2E= \xff\n";
    let before = [foreign.as_slice(), &std::fs::read(&file).unwrap()].concat();
    std::fs::write(&file, &before).unwrap();
    server.ssh(["apps:create", "blog"]).succeeds();
    let bob = Colleague::new(&server, "bob@home");
    let key = bob.public_key();
    let page = JsonPage::read();

    let section = "keys, keys:add, keys:allow, keys:remove";
    page.describes(section, &server.piku(["keys:add", "bob", key.as_str(), "--json"]).succeeds().json());
    let added = std::fs::read(&file).unwrap();
    assert!(added.starts_with(&before), "no other line was touched");
    for (words, message) in [
        (vec!["keys:add", "bob", "/dev/null"], "has no public key"),
        (vec!["keys:add", "carl", key.as_str()], "that key is there already, as `bob`"),
        (vec!["keys:add", "x y", key.as_str()], "can't be the name of a key"),
        (vec!["keys:allow", "carl", "blog"], "there is no key `carl`"),
        (vec!["keys:allow", "bob", "blgo"], "did you mean `blog`?"),
        (vec!["keys:remove", "carl"], "the keys are"),
    ] {
        server.piku(words).is_refused().says(message);
    }
    assert_eq!(std::fs::read(&file).unwrap(), added, "nothing is changed by a refusal");

    // One connection for all that follows, so that sshd reads the key once.
    let socket = server.scratch("mux").to_string();
    let shared = |line: &str| bob.ssh_by(&["-S", &socket], line);
    let mut connection = bob.connects(&socket);
    shared("keys").succeeds().says("administrator");
    let keys = server.piku(["keys", "--json"]).succeeds().json();
    page.describes(section, &keys);
    let of = |keys: &serde_json::Value| {
        let all = keys.as_array().unwrap().clone();
        all.into_iter().find(|key| key["name"] == "bob").unwrap()
    };
    assert_eq!(of(&keys)["fingerprint"], bob.fingerprint().as_str());
    assert_eq!(of(&keys)["may"], "administrator");
    assert!(of(&keys)["last_used"].is_string() && of(&keys)["added"].is_string(), "{keys}");
    server.piku(["keys:allow", "bob", "blog"]).succeeds();
    shared("keys").ends_with(1).says("no access to the server");
    shared("config blog").succeeds();
    // Another key of that name is no way around what is forgotten.
    server.piku(["keys:remove", "bob"]).succeeds();
    let other = Colleague::new(&server, "bob@office");
    server.piku(["keys:add", "bob", other.public_key().as_str()]).succeeds();
    for line in ["keys", "apps", "help", "git-upload-pack blog", "scp -t /tmp"] {
        shared(line).ends_with(1).says("the key `bob` was removed");
    }
    other.ssh("keys").succeeds();
    bob.ssh("apps").ends_with(255).says("Permission denied");
    connection.kill();
    server.piku(["keys:remove", "bob"]).succeeds();
    assert_eq!(std::fs::read(&file).unwrap(), before, "all is as it was");
}
