//! Pushes at once, and deploys that are killed.

use std::time::{Duration, Instant};

use piku_tests::{TestServer, eventually, piku, processes};

#[test]
fn two_pushes_to_one_app_go_one_after_the_other() {
    let server = TestServer::new();
    let slow = "while [ -e \"$DATA_ROOT/hold\" ]; do sleep 0.05; done";
    let blog = server
        .app_from("hello-wsgi", "blog")
        .file("slow.sh", slow)
        .file("Procfile", "wsgi: app:app\nrelease: sh slow.sh\n");
    blog.push().succeeds();
    let hold = server.root().join("data/blog/hold");
    std::fs::write(&hold, "").unwrap();

    blog.set_version(2);
    let first = blog.push_in_background();
    eventually("the first deploy holds", || {
        server.processes().iter().any(|process| process.command.contains("slow.sh")).then_some(())
    });
    blog.git().run(["checkout", "--quiet", "-b", "second"]);
    blog.set_version(3);
    let second = blog.push_in_background();
    eventually("the second is told that it waits", || {
        second.output().to_lowercase().contains("wait").then_some(())
    });
    std::fs::remove_file(&hold).unwrap();

    first.wait().succeeds();
    second.wait().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 3\n");
}

#[test]
fn two_first_pushes_at_once_both_succeed_or_one_is_told_why() {
    let server = TestServer::new();
    let (left, right) = (server.app_from("hello-wsgi", "blog"), server.app_from("hello-wsgi", "blog"));
    right.git().run(["checkout", "--quiet", "-b", "right"]);
    let pushes = [left.push_in_background(), right.push_in_background()];
    for push in pushes {
        push.wait().succeeds();
    }
    assert_eq!(left.get("/").body, "Hello from version 1\n");
}

#[test]
fn pushes_to_two_apps_go_side_by_side() {
    let server = TestServer::new();
    let apps = ["one", "two"].map(|name| {
        server.app_from("hello-web", name).file("Procfile", "web: exec python3 -u app.py\nrelease: sleep 3\n")
    });
    let begin = Instant::now();
    let pushes = apps.each_ref().map(piku_tests::App::push_in_background);
    let both = || server.processes().iter().filter(|process| process.command == "sleep 3").count() >= 2;
    eventually("both are at work at once", || both().then_some(()));
    for push in pushes {
        push.wait().succeeds();
    }
    assert!(begin.elapsed() < Duration::from_secs(60));
    for app in apps {
        assert_eq!(app.get("/").status, 200);
    }
}

#[test]
fn of_twenty_pushes_to_five_apps_at_once_all_are_applied_and_the_last_of_each_runs() {
    let server = TestServer::new();
    let apps = ["one", "two", "three", "four", "five"].map(|name| {
        let app = server.app_from("hello-wsgi", name).file("ENV", "PIKU_KEEP_RELEASES=9\n");
        app.push().succeeds();
        app
    });
    let mut pushes = Vec::new();
    for version in 2..6 {
        for app in &apps {
            app.git().run(["checkout", "--quiet", "-b", &format!("version-{version}")]);
            app.set_version(version);
            pushes.push(app.push_in_background());
        }
    }
    for push in pushes {
        push.wait().succeeds();
    }
    for app in &apps {
        let releases = server.piku(["releases", app.name(), "--json"]).succeeds().json();
        let releases = releases.as_array().unwrap();
        assert_eq!(releases.len(), 5, "{releases:?}");
        let last = releases.last().unwrap();
        assert_eq!(last["live"], true, "{last}");
        let commit = last["commit"].as_str().unwrap();
        let source = app.git().output(["show", &format!("{commit}:app.py")]);
        let version = app.get("/").body.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(
            String::from_utf8_lossy(&source.stdout).contains(&format!("VERSION = {version}\n")),
            "{last}"
        );
        let old = |process: &&processes::Running| {
            let mine = format!("PIKU_RELEASE={}", last["number"]);
            let environment = process.environment();
            environment.iter().any(|one| one.starts_with(b"PIKU_RELEASE="))
                && !environment.contains(&mine.into_bytes())
        };
        eventually("only the last release runs", || {
            (server.processes_of(app.name()).iter().find(old).is_none()).then_some(())
        });
    }
}

#[test]
fn a_deploy_killed_while_it_builds_leaves_the_old_version_and_the_next_push_works() {
    let server = TestServer::new();
    let control = server.app_from("hello-wsgi", "control");
    let blog = server.app_from("hello-wsgi", "blog");
    for app in [&control, &blog] {
        app.push().succeeds();
    }
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    package.hold();
    blog.write("requirements.txt", package.requirements());
    blog.set_version(2);
    let push = blog.push_in_background();
    eventually("pip is at work", || package.is_being_built().then_some(()));

    // The deploy is the outermost piku below git-receive-pack; whatever it started dies or ends on its own.
    let program = piku::program().canonicalize_utf8().unwrap();
    let all = server.processes();
    let builder = all
        .iter()
        .find(|process| process.command.contains("build_wheel") || process.command.contains("pip install"));
    let builder = builder.expect("a build tool runs");
    let ours = |process: &processes::Running| process.program().as_ref() == Some(&program);
    let deploy = all.ancestors_of(builder.id).into_iter().find(ours).expect("piku started it");
    deploy.kill();
    let outcome = push.wait();
    assert_ne!(outcome.status, 0, "{outcome}");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    package.release();

    // The same commit again: it was never taken.
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    server
        .ssh(["run", "blog", "--", "python", "-c", "import greeting; print(greeting.WORD)"])
        .succeeds()
        .says("hello");

    // Nothing is left over: the same kinds of files as for the app beside it, and no process.
    control.write("requirements.txt", package.requirements());
    control.set_version(2);
    control.push().succeeds();
    for folder in ["envs", "releases"] {
        let count = |app: &str| server.names_in(&format!("{folder}/{app}")).len();
        assert_eq!(
            count("blog"),
            count("control"),
            "{folder}: {:?}",
            server.names_in(&format!("{folder}/blog"))
        );
    }
    let builds = |process: &processes::Running| {
        process.command.contains("pip install") || process.command.contains("build_wheel")
    };
    eventually("no build is left", || (!server.processes().iter().any(builds)).then_some(()));
}

#[test]
fn a_deploy_killed_while_its_processes_start_leaves_the_old_version() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop");
    shop.push().succeeds();

    shop.write(
        "app.py",
        format!("import time\nprint('holding', flush=True)\ntime.sleep(20)\n{}", shop.read("app.py")),
    );
    shop.set_version(2);
    let push = shop.push_in_background();
    eventually("the new version starts", || {
        server
            .names_in("logs/shop")
            .iter()
            .any(|log| server.text(&format!("logs/shop/{log}")).contains("holding"))
            .then_some(())
    });
    let program = piku::program().canonicalize_utf8().unwrap();
    let hooks = server
        .processes()
        .into_iter()
        .filter(|process| process.command.contains("git-hook") && process.command.contains("shop"));
    let hooks: Vec<_> = hooks.filter(|process| process.program().as_ref() == Some(&program)).collect();
    assert!(!hooks.is_empty(), "the deploy runs in a hook");
    hooks.iter().for_each(processes::Running::kill);
    assert_ne!(push.wait().status, 0);
    assert_eq!(shop.get("/").body, "Hello from version 1\n");

    shop.write("app.py", shop.read("app.py").replace("time.sleep(20)\n", ""));
    shop.set_version(3);
    shop.push().succeeds();
    assert_eq!(shop.get("/").body, "Hello from version 3\n");
    eventually("only the new version runs", || {
        let releases: std::collections::BTreeSet<Vec<u8>> = server
            .processes_of("shop")
            .iter()
            .flat_map(processes::Running::environment)
            .filter(|one| one.starts_with(b"PIKU_RELEASE="))
            .collect();
        (releases.len() == 1 && server.names_in("uwsgi-enabled").len() == 1).then_some(())
    });
}

#[test]
fn a_second_emperor_is_refused_and_the_first_one_goes_on() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    let second = server.piku(["emperor"]).ends_with(1);
    assert!(second.stderr.contains("an emperor is already running"), "{}", second.stderr);
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
}
