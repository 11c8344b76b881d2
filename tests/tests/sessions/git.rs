//! What of a push is deployed, and what git otherwise does with an app's repository.

use piku_tests::TestServer;

#[test]
fn any_branch_deploys() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();

    blog.git().run(["checkout", "--quiet", "-b", "feature/two"]);
    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    assert!(blog.on_server("feature/two").is_some());
}

#[test]
fn only_the_named_branch_deploys_when_there_is_one() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "PIKU_DEPLOY_BRANCH=main\n");
    blog.push().succeeds();

    blog.git().run(["checkout", "--quiet", "-b", "draft"]);
    blog.set_version(2);
    blog.push().succeeds().says("draft");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");

    // Both at once: the one that was named.
    blog.set_version(3);
    let third = blog.git().commit("Three");
    blog.git().run(["branch", "--force", "main", "HEAD"]);
    blog.push_with(["main", "draft"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 3\n");
    assert_eq!(blog.on_server("main"), Some(third));
}

#[test]
fn of_several_branches_main_or_master_deploys_and_others_are_refused() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.git().commit("One");
    blog.git().run(["branch", "other"]);
    blog.push_with(["main", "other"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    let releases = server.names_in("releases/blog");

    for branch in ["left", "right"] {
        blog.git().run(["checkout", "--quiet", "-B", branch, "main"]);
        blog.set_version(if branch == "left" { 2 } else { 3 });
        blog.git().commit(branch);
    }
    blog.push_with(["left", "right"]).is_refused().says("left").says("right");
    assert_eq!((blog.on_server("left"), blog.on_server("right")), (None, None));
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    assert_eq!(server.names_in("releases/blog"), releases);
}

#[test]
fn tags_and_deletions_never_deploy() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    blog.git().run(["branch", "old"]);
    blog.push_with(["old"]).succeeds();
    // What was deployed last is the repository's current branch, which git doesn't delete.
    blog.set_version(2);
    blog.push().succeeds();
    let facts = || (server.live_settings("blog")["PIKU_RELEASE"].clone(), server.names_in("uwsgi-enabled"));
    let before = facts();

    blog.set_version(3);
    blog.git().commit("Three");
    blog.git().run(["tag", "-a", "v3", "-m", "three"]);
    blog.push_with(["v3"]).succeeds();
    blog.push_with(["--delete", "old"]).succeeds();
    assert_eq!(blog.on_server("old"), None);
    assert!(blog.on_server("v3").is_some());
    assert_eq!(facts(), before);
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn a_force_push_deploys() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    blog.set_version(2);
    blog.git().run(["add", "--all"]);
    blog.git().run(["commit", "--quiet", "--amend", "--message", "Rewritten"]);
    blog.push_with(["main"]).is_refused();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    blog.push_with(["--force", "main"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn a_refused_commit_can_be_amended_and_pushed() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    blog.set_version(2);
    blog.write("Procfile", "wsgi app:app\n");
    blog.push().is_refused();
    blog.write("Procfile", "wsgi: app:app\n");
    blog.git().run(["add", "--all"]);
    blog.git().run(["commit", "--quiet", "--amend", "--no-edit"]);
    // No force: the server never had the refused commit.
    blog.push_with(["main"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn the_tree_is_what_was_committed_and_nothing_else() {
    let server = TestServer::new();
    let blog = server
        .app_from("hello-wsgi", "blog")
        .file("stale.txt", "old")
        .file("kept/file", "x")
        .file("bin/tool", "#!/bin/sh\n");
    blog.git().run(["add", "--all"]);
    blog.git().run(["update-index", "--chmod=+x", "bin/tool"]);
    std::os::unix::fs::symlink("kept/file", blog.git().folder().join("link")).unwrap();
    blog.write(".gitattributes", "*.crlf text eol=crlf\n");
    blog.write("text.crlf", "one\ntwo\n");
    blog.push().succeeds();
    let tree = server.root().join("apps/blog");
    assert_eq!(std::fs::read(tree.join("text.crlf")).unwrap(), b"one\r\ntwo\r\n");
    assert_eq!(std::fs::read_link(tree.join("link")).unwrap().to_str(), Some("kept/file"));

    blog.remove("stale.txt");
    blog.push().succeeds();
    assert!(!tree.join("stale.txt").exists());
    assert!(tree.join("kept/file").exists());
}

#[test]
fn submodules_are_checked_out_recursively() {
    let server = TestServer::new();
    let inner = server.app("inner").file("deep.txt", "deep\n");
    inner.git().commit("Inner");
    let outer = server.app("outer").file("shallow.txt", "shallow\n");
    outer.git().run(["submodule", "--quiet", "add", inner.git().folder().as_str(), "inner"]);
    outer.git().commit("Outer");
    // The server's user fetches from them, and git takes nothing from a repository of somebody else.
    for app in [&inner, &outer] {
        server.namespace().own(app.git().folder());
    }
    let blog = server.app_from("hello-wsgi", "blog");
    blog.git().run(["submodule", "--quiet", "add", outer.git().folder().as_str(), "vendor/outer"]);

    blog.push().succeeds();
    let module = server.root().join("apps/blog/vendor/outer");
    assert_eq!(std::fs::read_to_string(module.join("shallow.txt")).unwrap(), "shallow\n");
    assert_eq!(std::fs::read_to_string(module.join("inner/deep.txt")).unwrap(), "deep\n");

    // And follow when they move.
    outer.write("shallow.txt", "moved\n");
    let moved = outer.git().commit("Move");
    let checkout = blog.git().folder().join("vendor/outer");
    blog.git().run(["-C", checkout.as_str(), "fetch", "--quiet"]);
    blog.git().run(["-C", checkout.as_str(), "checkout", "--quiet", &moved]);
    blog.push().succeeds();
    assert_eq!(std::fs::read_to_string(module.join("shallow.txt")).unwrap(), "moved\n");
}

#[test]
fn clone_and_fetch_give_the_app_back() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let clone = blog.cloned();
    assert_eq!(std::fs::read_to_string(clone.join("Procfile")).unwrap(), blog.read("Procfile"));

    blog.set_version(2);
    blog.push().succeeds();
    blog.git().run(["-C", clone.as_str(), "fetch", "--quiet"]);
    assert_eq!(
        Some(blog.git().run(["-C", clone.as_str(), "rev-parse", "origin/main"])),
        blog.on_server("main")
    );
}

#[test]
fn the_same_commit_again_is_nothing_to_do() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    blog.push().succeeds().says("Everything up-to-date");
}

#[test]
fn a_branch_that_git_could_not_keep_is_refused_before_it_is_live() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.git().commit("One");
    blog.git().run(["push", "--quiet", "piku", "HEAD:refs/heads/a/b"]);
    blog.set_version(2);
    blog.git().commit("Two");
    let push = blog.push_with(["HEAD:refs/heads/a"]).is_refused().says("a branch `a` and a branch `a/b`");
    assert_eq!(blog.get("/").body, "Hello from version 1\n", "{push}");
}

#[test]
fn what_other_clients_ask_of_a_repository_is_served() {
    let server = TestServer::builder().without_emperor().start();
    let blog = server.app_from("static", "blog").file("large.bin", vec![b'x'; 4096]);
    blog.git().commit("One");
    // An option that piku does not know is for somebody else.
    let pushed = blog.push_with(["-o", "ci.skip", "-o", "reviewer=ada", "HEAD"]).succeeds();
    assert!(pushed.remote().iter().any(|line| line.contains("is live")), "{pushed}");

    // Every address that means the app.
    let plain = server.sshd().url("blog");
    let (user, rest) = plain.trim_start_matches('[').split_once('@').unwrap();
    let (host, _) = rest.split_once(']').unwrap();
    let user = user.to_owned();
    let by_url = ["/blog.git", "/~/blog.git", "//blog", &format!("/~{user}/blog")]
        .map(|path| format!("ssh://{user}@{host}{path}"));
    let by_path = ["~/blog", "./blog", "~/blog.git"].map(|path| server.sshd().url(path));
    for address in by_url.iter().chain(&by_path) {
        assert!(blog.git().run(["ls-remote", address]).contains("refs/heads/main"), "{address}");
    }
    let another = format!("ssh://{user}@{host}/~nobody-else/blog");
    assert!(!blog.git().output(["ls-remote", &another]).status.success());

    // Archives: of a branch, and of nothing that no branch has.
    let archive = |what: &str| blog.git().output(["archive", "--remote", &plain, what]);
    assert!(archive("main").stdout.windows(8).any(|bytes| bytes == b"Procfile"));
    blog.git().run(["commit", "--quiet", "--amend", "--message", "Never pushed"]);
    let first = blog.on_server("main").unwrap();
    assert!(!archive(&first).status.success(), "a commit by its id");

    // Clones without blobs, and of the last commit alone.
    blog.write("large.bin", "small now");
    blog.git().commit("Two");
    blog.push_with(["--force", "HEAD"]).succeeds();
    for (name, filter) in [("partial", "--filter=blob:none"), ("shallow", "--depth=1")] {
        let clone = server.home().join(name);
        let done = blog.git().output(["clone", filter, &plain, clone.as_str()]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && !said.contains("warning"), "{filter}: {said}");
        assert_eq!(std::fs::read_to_string(clone.join("large.bin")).unwrap(), "small now");
        blog.git().run(["-C", clone.as_str(), "fetch", "--quiet", "--depth=1", "origin"]);
    }

    // The variables of a push are not those of the app.
    let path = || server.live_settings("blog")["PATH"].clone();
    let after_push = path();
    server.ssh(["config:set", "blog", "COLOR=blue"]).succeeds();
    assert_eq!((path(), after_push.contains("git-core")), (after_push, false));

    // What Git LFS shows to the person who pushes is what we write here.
    for word in ["git-lfs-authenticate", "git-lfs-transfer"] {
        let outcome = server.ssh([word, "blog.git", "upload"]).ends_with(1);
        outcome.says("this server stores no Git LFS files").says("git lfs untrack");
    }
}
