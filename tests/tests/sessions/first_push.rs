//! From nothing to an app that answers, and to its next version.

use piku_tests::{TestServer, Uwsgi, eventually, needs};

#[test]
fn a_wsgi_app_and_its_worker_are_live_when_the_push_returns() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");

    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    eventually("the worker has begun", || {
        server.text("logs/blog/worker.1.log").contains("worker of version 1 begins").then_some(())
    });

    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    eventually("the new worker has begun", || {
        server.text("logs/blog/worker.1.log").contains("worker of version 2 begins").then_some(())
    });
}

#[test]
fn a_flask_app_is_built_from_the_package_index() {
    needs!(pypi);
    let server = TestServer::new();
    let blog = server.app_from("hello-flask", "blog");
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from Flask, version 1\n");
}

#[test]
fn a_web_process_gets_a_port_and_needs_no_manifest() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop");

    shop.push().succeeds();
    assert_eq!(shop.get("/").body, "Hello from version 1\n");

    shop.set_version(2);
    shop.push().succeeds();
    assert_eq!(shop.get("/").body, "Hello from version 2\n");
}

#[test]
fn a_web_process_may_choose_its_port() {
    let server = TestServer::new();
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
    let shop = server.app_from("hello-web", "shop").file("ENV", format!("PORT={port}\n"));

    shop.push().succeeds();
    assert_eq!(shop.port(), port);
    shop.set_version(2);
    shop.push().succeeds();
    assert_eq!((shop.port(), shop.get("/").body.as_str()), (port, "Hello from version 2\n"));
}

#[test]
fn workers_alone_are_an_app() {
    let server = TestServer::new();
    let jobs = server.app("jobs").file(
        "Procfile",
        "mail: echo mail begins; exec sleep 600\nqueue: echo queue begins; exec sleep 600\n",
    );
    jobs.push().succeeds();
    for kind in ["mail", "queue"] {
        let begins = || {
            server.text(&format!("logs/jobs/{kind}.1.log")).contains(&format!("{kind} begins")).then_some(())
        };
        eventually("the worker has begun", begins);
    }
    server.ssh(["apps"]).succeeds().says("jobs");
}

#[test]
fn preflight_runs_before_the_build_and_release_before_the_traffic() {
    let server = TestServer::new();
    let package = server.package("greeting", "1", "WORD = 'hello'\n");
    let blog = server
        .app_from("hello-wsgi", "blog")
        .file("requirements.txt", package.requirements())
        .file("preflight.sh", "echo preflight sees $APP in $DATA_ROOT; ls \"$VIRTUAL_ENV/lib\" 2>/dev/null || echo nothing is built\n")
        .file("Procfile", "wsgi: app:app\npreflight: sh preflight.sh\nrelease: python -c 'import greeting; print(\"release says\", greeting.WORD)'\n");

    let outcome = blog.push().succeeds().says("preflight sees blog in").says("release says hello");
    let place = |text: &str| outcome.stderr.find(text);
    assert!(place("preflight sees") < place("release says"), "{outcome}");
}

#[test]
fn a_server_without_uwsgi_installs_its_own() {
    needs!(pypi);
    let server = TestServer::builder().with_uwsgi(Uwsgi::Wheel).start();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    let shop = server.app_from("hello-web", "shop");
    shop.push().succeeds();
    assert_eq!(shop.get("/").body, "Hello from version 1\n");
    blog.set_version(2);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn what_an_app_is_promised_is_in_its_environment() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "UWSGI_PROCESSES=1\nCOLOR=blue\n");
    blog.push().succeeds();

    let env: serde_json::Value = serde_json::from_str(&blog.get("/env").body).unwrap();
    let root = server.root();
    for (key, value) in [
        ("APP", "blog".to_owned()),
        ("LOG_ROOT", format!("{root}/logs/blog")),
        ("DATA_ROOT", format!("{root}/data/blog")),
        ("HOME", server.home().to_string()),
        ("PROC_TYPE", "wsgi".to_owned()),
        ("BIND_ADDRESS", "127.0.0.1".to_owned()),
        ("COLOR", "blue".to_owned()),
        ("GIT_REV", blog.on_server("main").unwrap()),
        ("PIKU_RELEASE", "1".to_owned()),
        ("PORT", blog.port().to_string()),
    ] {
        assert_eq!(env[key], value, "{key}");
    }
    for key in ["USER", "PATH", "PWD", "VIRTUAL_ENV"] {
        assert!(env[key].as_str().is_some_and(|value| !value.is_empty()), "{key}: {env}");
    }
    assert!(env.get("UWSGI_PROCESSES").is_none(), "{env}");
}

#[test]
fn a_fixed_port_stays_when_a_web_app_becomes_a_wsgi_app_and_back() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    shop.write("ENV", format!("PORT={port}\n"));
    shop.push().succeeds();
    let web = shop.read("app.py");
    shop.write("Procfile", "wsgi: app:app\n");
    shop.write("app.py", "def app(env, start):\n    start('200 OK', [])\n    return [b'from wsgi']\n");
    shop.push().succeeds();
    assert_eq!(shop.get("/").body, "from wsgi");
    shop.write("Procfile", "web: python3 -u app.py\n");
    shop.write("app.py", web);
    shop.push().succeeds();
    assert_eq!(shop.get("/").body, "Hello from version 1\n");
    assert_eq!(server.names_in("uwsgi-enabled").len(), 1);
}
