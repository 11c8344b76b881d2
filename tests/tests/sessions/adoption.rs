//! A root made by piku's Python original keeps working when only the program is replaced.

use std::fs;

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
    fs::create_dir_all(root.join("envs/blog")).unwrap();
    fs::write(root.join("envs/blog/ENV"), "COLOR=blue\n").unwrap();
    fs::write(root.join("envs/blog/SCALING"), "wsgi:1\nworker:2\n").unwrap();
    let vassal = format!("[uwsgi]\nchdir = {clone}\nattach-daemon = exec sleep 4321\n");
    fs::write(root.join("uwsgi-enabled/blog_worker.1.ini"), &vassal).unwrap();
    // Looks like one of ours by its name alone.
    let other = vassal.replace("apps/blog", "apps/blog_worker");
    fs::create_dir_all(root.join("apps/blog_worker")).unwrap();
    fs::write(root.join("uwsgi-enabled/blog_worker_web.1.ini"), other).unwrap();
    let sleepers = || server.processes().iter().filter(|process| process.command == "sleep 4321").count();
    eventually("both old processes run", || (sleepers() == 2).then_some(()));
    assert!(server.ssh(["apps"]).succeeds().stdout.contains("*blog\n"));

    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    assert!(clone.is_symlink());
    assert_eq!(server.text("apps/blog/uploads/cat.jpg"), "meow");
    assert_eq!(server.ssh(["config:get", "blog", "COLOR"]).succeeds().stdout, "blue\n");
    assert!(server.ssh(["ps", "blog"]).succeeds().stdout.contains("worker:2\n"));
    eventually("the old process of this app alone is gone", || (sleepers() == 1).then_some(()));
    assert!(server.names_in("uwsgi-enabled").contains(&"blog_worker_web.1.ini".to_owned()));
}
