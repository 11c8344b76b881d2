//! A root made by legacy piku keeps working when only the program is replaced.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use piku_tests::{TestServer, eventually};

#[test]
fn an_old_clone_is_adopted_with_its_files_its_settings_and_its_processes() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    let root = server.root();
    // What the original leaves: a clone with files of its own, settings, scaling, and a vassal.
    let clone = root.join("apps/blog");
    blog.git().commit("One");
    blog.git().run(["clone", "--quiet", ".", clone.as_str()]);
    fs::create_dir_all(clone.join("uploads")).unwrap();
    fs::write(clone.join("uploads/cat.jpg"), "meow").unwrap();
    fs::write(clone.join("uploads").as_std_path().join(OsStr::from_bytes(b"caf\xe9.jpg")), "odd").unwrap();
    fs::write(clone.join("db.sqlite3"), "rows").unwrap();
    symlink("uploads/cat.jpg", clone.join("link")).unwrap();
    fs::create_dir(clone.join("empty")).unwrap();
    fs::set_permissions(clone.join("uploads"), Permissions::from_mode(0o775)).unwrap();
    fs::create_dir_all(root.join("envs/blog")).unwrap();
    fs::write(root.join("envs/blog/ENV"), "COLOR=blue\n").unwrap();
    fs::write(root.join("envs/blog/SCALING"), "wsgi:1\nworker:2\n").unwrap();
    let vassal = format!("[uwsgi]\nchdir = {clone}\nattach-daemon = exec sleep 4321\n");
    fs::write(root.join("uwsgi-enabled/blog_worker.1.ini"), &vassal).unwrap();
    // Looks like one of ours by its name alone.
    let other = vassal.replace("apps/blog", "apps/blog_worker");
    fs::create_dir_all(root.join("apps/blog_worker")).unwrap();
    fs::write(root.join("uwsgi-enabled/blog_worker_web.1.ini"), other).unwrap();
    server.namespace().own(&root);
    let sleepers = || server.processes().iter().filter(|process| process.command == "sleep 4321").count();
    eventually("both old processes run", || (sleepers() == 2).then_some(()));
    assert!(server.ssh(["apps"]).succeeds().stdout.contains("*blog\n"));

    blog.set_version(2);
    blog.push().succeeds().says("uploads/ (2 files, 7 bytes)").says("db.sqlite3 (4 bytes)");
    assert_eq!(
        (server.text("apps/blog/db.sqlite3").as_str(), clone.join("db.sqlite3").is_symlink()),
        ("rows", true)
    );
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    assert!(clone.is_symlink());
    assert_eq!(server.text("apps/blog/uploads/cat.jpg"), "meow");
    assert_eq!(server.text("apps/blog/link"), "meow");
    assert!(clone.join("uploads").as_std_path().join(OsStr::from_bytes(b"caf\xe9.jpg")).exists());
    assert!(clone.join("empty").is_dir());
    assert_eq!(fs::metadata(clone.join("uploads")).unwrap().permissions().mode() & 0o777, 0o775);
    assert_eq!(server.ssh(["config:get", "blog", "COLOR"]).succeeds().stdout, "blue\n");
    assert!(server.ssh(["ps", "blog"]).succeeds().stdout.contains("worker:2\n"));
    eventually("the old process of this app alone is gone", || (sleepers() == 1).then_some(()));
    assert!(server.names_in("uwsgi-enabled").contains(&"blog_worker_web.1.ini".to_owned()));
}

#[test]
fn before_its_first_release_an_old_app_is_known_and_can_be_destroyed() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    let root = server.root();
    blog.git().commit("One");
    for app in ["blog", "blog_worker"] {
        let (clone, repo) = (root.join("apps").join(app), root.join("repos").join(app));
        blog.git().run(["clone", "--quiet", ".", clone.as_str()]);
        blog.git().run(["clone", "--quiet", "--bare", ".", repo.as_str()]);
        fs::create_dir_all(root.join("envs").join(app)).unwrap();
        fs::write(root.join("envs").join(app).join("SCALING"), "worker:1\n").unwrap();
    }
    // The names of both apps' vassals begin alike.
    for (app, name) in [("blog", "blog_worker.1.ini"), ("blog_worker", "blog_worker_worker.1.ini")] {
        let text = format!("[uwsgi]\nchdir = {root}/apps/{app}\nattach-daemon = exec sleep 4322\n");
        for folder in ["uwsgi-available", "uwsgi-enabled"] {
            fs::write(root.join(folder).join(name), &text).unwrap();
        }
    }
    server.namespace().own(&root);
    eventually("the old process is seen", || {
        server.ssh(["ps", "blog"]).succeeds().stdout.contains("worker.1  running").then_some(())
    });
    server.ssh(["config:set", "blog", "COLOR=green"]).succeeds().says("Kept for the next release");
    assert_eq!(server.ssh(["config:get", "blog", "COLOR"]).succeeds().stdout, "green\n");
    server.ssh(["restart", "blog"]).ends_with(1).says("`deploy blog` or a push takes over");

    server.ssh(["deploy", "blog"]).succeeds().says("with no untracked files");
    assert_eq!(server.live_settings("blog")["COLOR"], "green");
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert_eq!(server.names_in("uwsgi-available"), ["blog_worker_worker.1.ini"]);
    assert_eq!(server.names_in("uwsgi-enabled"), ["blog_worker_worker.1.ini"]);
    server.ssh(["destroy", "blog_worker", "--force"]).succeeds();
    assert!(server.names_in("uwsgi-available").is_empty());
    let sleeps = |process: &piku_tests::processes::Running| process.command == "sleep 4322";
    eventually("no old process is left", || (!server.processes().iter().any(sleeps)).then_some(()));
}
