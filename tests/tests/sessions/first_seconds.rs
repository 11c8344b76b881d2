//! New processes in their first seconds, at their first request, and when the deploy fails after the traffic has moved.

use piku_tests::load::{Connections, Load, Target};
use piku_tests::processes::Running;
use piku_tests::{App, TestServer, eventually, http, needs};

fn load(app: &App<'_>) -> Load {
    let (address, host) = app.address();
    Load::start(Target { address, host, path: "/".to_owned(), rate: 60, connections: Connections::New })
}

/// Adds a line to the app's program, before it serves.
fn add_before_serving(app: &App<'_>, program: &str, line: &str) {
    app.write(
        "app.py",
        program.replace("\nThreadingHTTPServer(", &format!("\n{line}\nThreadingHTTPServer(")),
    );
}

#[test]
fn a_web_process_that_exits_in_its_first_seconds_is_refused_and_the_old_one_serves_all_the_while() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let shop = server.app_from("hello-web", "shop").served_as("shop.test");
    shop.push().succeeds().says("Watching the first seconds of web.1").never_says("warning");
    let program = shop.read("app.py");
    let load = load(&shop);

    let exits = "import threading\n\
        def lose():\n    print('lost the database', flush=True)\n    os._exit(7)\n\
        threading.Timer(2.8, lose).start()";
    add_before_serving(&shop, &program, exits);
    let refused = shop.push().is_refused().says("lost the database");
    refused.says("error: web.1 exited (status 7) 2.").says("seconds after it began to listen on port");

    shop.write(
        "app.py",
        program.replace("if self.path == \"/env\"", "os._exit(8)\n        if self.path == \"/env\""),
    );
    let refused = shop.push().is_refused();
    refused.says("error: web.1 exited (status 8) instead of answering http://shop.test/ on port");

    // It survives a request of a stranger, and dies at that of nginx.
    let dies = "if self.headers['X-Forwarded-Proto']: os._exit(9)\n        if self.path == \"/env\"";
    shop.write("app.py", program.replace("if self.path == \"/env\"", dies));
    let report = load.stop();
    shop.push().is_refused().says("error: web.1 exited (status 9) when nginx asked it for http://shop.test/");
    assert_eq!(report.failures, [], "of {}", report.requests);
    assert_eq!(shop.get("/").body, "Hello from version 1\n");

    // What has lived through it need not do so again.
    let open = program.replace("os.environ[\"BIND_ADDRESS\"]", "\"0.0.0.0\"");
    shop.write("app.py", &open);
    let told = shop.push().succeeds().says("Watching").says("warning: web.1 listens on 0.0.0.0:");
    told.says("make it listen on $BIND_ADDRESS (127.0.0.1) and $PORT");
    shop.write("README.md", "To be read.\n");
    // It is said once.
    shop.push().succeeds().never_says("Watching").never_says("warning");
    server.ssh(["restart", "shop"]).succeeds().never_says("Watching").never_says("warning");
    server.ssh(["config:set", "shop", "A=1"]).succeeds().says("Watching").never_says("warning");
}

#[test]
fn a_deploy_that_fails_after_the_traffic_has_moved_loses_no_request() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    for (from, name) in [("hello-web", "shop"), ("hello-wsgi", "blog")] {
        let app = server.app_from(from, name).served_as(&format!("{name}.test"));
        app.push().succeeds();
        let load = load(&app);
        // Where the mark of an unfinished release would be, a folder is: as if the disk were full.
        app.write("Procfile", app.read("Procfile") + "release: mkdir ../unfinished\n");
        app.set_version(2);
        app.push().is_refused().says("unfinished");
        // A `web` process drains for two seconds.
        eventually("the new processes have ended", || {
            let new = |process: &Running| process.environment().contains(&b"PIKU_RELEASE=2".to_vec());
            (!server.processes_of(name).iter().any(new)).then_some(())
        });
        let report = load.stop();
        assert_eq!(report.failures, [], "{name}, of {}", report.requests);
        assert_eq!(app.get("/").body, "Hello from version 1\n");
    }
}

#[test]
fn the_port_of_an_app_without_a_name_stays_and_only_a_stranger_changes_it() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop");
    shop.push().succeeds().never_says("short gap");
    let port = shop.port();
    shop.set_version(2);
    shop.push().succeeds().says(&format!("is live: http://127.0.0.1:{port}/"));
    assert_eq!((shop.port(), shop.get("/").body.as_str()), (port, "Hello from version 2\n"));
    for words in [&["restart", "shop"][..], &["ps:scale", "shop", "web=2"], &["rollback", "shop"]] {
        server.ssh(words).succeeds();
        assert_eq!(shop.port(), port, "{words:?}");
        assert_eq!(shop.get("/").status, 200, "{words:?}");
    }
    assert_eq!(shop.get("/").body, "Hello from version 1\n");
    server.ssh(["stop", "shop"]).succeeds();
    server.ssh(["start", "shop"]).succeeds();
    assert_eq!((shop.port(), shop.get("/").status), (port, 200));

    // It listens for everybody, whatever its settings say.
    shop.write("app.py", shop.read("app.py").replace("os.environ[\"BIND_ADDRESS\"]", "\"0.0.0.0\""));
    shop.push().succeeds().never_says("It is only reachable from");
    server.ssh(["stop", "shop"]).succeeds();
    let stranger = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    server.ssh(["start", "shop"]).succeeds();
    assert_ne!(shop.port(), port);
    drop(stranger);
}

#[test]
fn a_body_of_unknown_length_arrives_behind_nginx_and_is_refused_without_it() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let program = "def app(environ, start):\n    body = environ['wsgi.input'].read()\n\
        \x20   start('200 OK', [])\n    return [str(len(body) + len(environ.get('HTTP_COOKIE', ''))).encode()]\n";
    let new = |name: &str| server.app(name).file("Procfile", "wsgi: app:app\n").file("app.py", program);
    let (alone, behind) = (new("alone"), new("behind").served_as("behind.test"));
    for (app, status) in [(&alone, 411), (&behind, 200)] {
        app.push().succeeds();
        let (address, host) = app.address();
        let ask = |rest: &str| {
            let request = format!("POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{rest}");
            http::ask(address, &request).unwrap()
        };
        assert_eq!(
            ask("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").status,
            status,
            "{}",
            app.name()
        );
        let sized = ask("Content-Length: 5\r\n\r\nhello");
        assert!(sized.status == 200 && sized.body.contains('5'), "{sized:?}");
        let cookie = "x".repeat(8000);
        let headers: String = ["A", "B", "C"].map(|name| format!("X-{name}: {cookie}\r\n")).concat();
        let large = ask(&format!("Cookie: {cookie}\r\n{headers}Content-Length: 0\r\n\r\n"));
        assert!(large.status == 200 && large.body.contains("8000"), "{}: {}", app.name(), large.status);
    }
}
