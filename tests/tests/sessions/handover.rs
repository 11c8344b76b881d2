//! How one release takes over from another: beside it, after it, or not at all.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use piku_tests::load::{Connections, Load, Target};
use piku_tests::{App, TestServer, eventually, eventually_within, needs};

/// A port that nobody has, below those that the system gives away.
fn free_port(seed: u16) -> u16 {
    let candidates = (12_000 + seed * 100..).take(100);
    candidates.into_iter().find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// The commands of the app's processes below their launchers.
fn commands(server: &TestServer, app: &str) -> Vec<String> {
    server.processes_of(app).into_iter().map(|process| process.command).collect()
}

fn worker(server: &TestServer) -> Vec<u32> {
    let own =
        server.processes_of("blog").into_iter().filter(|process| process.command.starts_with("sleep 6"));
    own.map(|process| process.id).collect()
}

#[test]
fn a_worker_that_ends_at_once_and_again_refuses_the_push_and_the_old_one_works_on() {
    let server = TestServer::new();
    let blog =
        server.app_from("hello-wsgi", "blog").file("Procfile", "wsgi: app:app\nworker: exec sleep 600\n");
    blog.push().succeeds().says("Starting worker.1").never_says("Replacing");
    assert_eq!(worker(&server).len(), 1);

    blog.write("Procfile", "wsgi: app:app\nworker: echo lost my keys; exit 3\n");
    blog.set_version(2);
    let refused = blog.push().is_refused().says("Replacing worker.1");
    refused.says("worker.1 exits right after it starts (exit status 3)").says("lost my keys");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    eventually("the old worker works again", || (worker(&server).len() == 1).then_some(()));
    let states = server.ssh(["ps", "blog"]).succeeds();
    assert!(!states.stdout.contains("down") && states.stdout.contains("running"), "{states}");

    // One that stumbles once is started again and is healthy.
    let stumbles = "wsgi: app:app\nworker: if mkdir $DATA_ROOT/stumbled; then exit 1; fi; exec sleep 601\n";
    blog.write("Procfile", stumbles);
    blog.push().succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
    assert_eq!(worker(&server).len(), 1);
}

#[test]
fn servers_that_fail_leave_the_old_worker_alone_and_start_no_new_one() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    let procfile = |line: &str| format!("wsgi: app:app\nworker: {line}\nworker2: {line}\n");
    blog.write("Procfile", procfile("exec sleep 600") + "batch: sleep 1.5\n");
    blog.push().succeeds();
    let before = worker(&server);
    assert_eq!(before.len(), 2);

    // The launcher of its successor waits already when the servers are found to be broken.
    // That of `batch` ends again and again, and so does not keep it from starting.
    let started = "touch $DATA_ROOT/started; exec sleep 601";
    blog.write("Procfile", procfile(started) + &format!("batch: {started}\n"));
    blog.write("app.py", "import time\ntime.sleep(4)\nraise RuntimeError('broken')\n");
    blog.push().is_refused().says("RuntimeError: broken").never_says("Replacing");
    assert_eq!(worker(&server), before);
    assert!(!server.root().join("data/blog/started").exists());
    // Two workers, a batch, the server, and the router of its port.
    let enabled = || server.names_in("uwsgi-enabled").len();
    eventually("nothing of it waits on", || (enabled() == 5).then_some(()));
}

#[test]
fn a_worker_has_ended_before_its_successor_starts() {
    let server = TestServer::new();
    // Each worker notes its begin and its end; one that is asked to stop takes a moment.
    let script = "trap 'sleep 1; echo end $A >> $DATA_ROOT/log; exit 0' TERM\n\
                  echo begin $A >> $DATA_ROOT/log\nwhile :; do sleep 0.1; done\n";
    let blog = server
        .app("blog")
        .file("Procfile", "worker: sh work.sh\n")
        .file("work.sh", script)
        .file("ENV", "A=1\n");
    blog.push().succeeds();
    server.ssh(["restart", "blog"]).succeeds();
    server.ssh(["config:set", "blog", "A=2"]).succeeds();
    assert_eq!(server.text("data/blog/log"), "begin 1\nend 1\nbegin 1\nend 1\nbegin 2\n");
}

#[test]
fn a_release_that_serves_only_in_rehearsal_gives_the_port_back() {
    let server = TestServer::new();
    let port = free_port(1);
    let shop = server
        .app_from("hello-web", "shop")
        .file("ENV", format!("PORT={port}\nPIKU_HEALTHCHECK_TIMEOUT=5\n"));
    shop.push().succeeds();
    let fails =
        format!("web: if [ $PORT = {port} ]; then echo not here; exit 4; fi; exec python3 -u app.py\n");
    shop.write("Procfile", fails);
    shop.set_version(2);
    shop.push().is_refused().says("web.1 exited (status 4) before it listened on port").says("not here");
    // The refusal comes when the old release serves again.
    assert_eq!(shop.get("/").body, "Hello from version 1\n");

    shop.write("Procfile", "web: exec python3 -u app.py\n");
    shop.push().succeeds().says("expect a short gap");
    assert_eq!(shop.get("/").body, "Hello from version 2\n");
}

#[test]
fn a_port_that_a_stranger_has_is_refused_before_anything_stops() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop");
    shop.push().succeeds();
    // One whose processes piku may look into is named.
    let program = "import os, socket, sys\n\
        listener = socket.create_server(('127.0.0.1', 0))\n\
        print(listener.getsockname()[1], os.getpid(), flush=True)\nsys.stdin.read()\n";
    let mut stranger = server.command("python3");
    stranger.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut stranger = stranger.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(stranger.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (port, id) = line.trim().split_once(' ').unwrap();
    shop.write("ENV", format!("PORT={port}\n"));
    let refused = shop.push().is_refused().says("is in use by");
    refused.says(&format!("port {port}")).says(id);
    drop(stranger.stdin.take());
    stranger.wait().unwrap();

    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    shop.write("ENV", format!("PORT={port}\n"));
    shop.push().is_refused().says(&format!("port {port} is in use"));
    shop.remove("ENV");
    assert_eq!(shop.get("/").body, "Hello from version 1\n");
}

#[test]
fn a_fixed_port_changes_between_wsgi_and_web_again_and_again() {
    let server = TestServer::new();
    let port = free_port(2);
    let app = server.app_from("hello-wsgi", "app").file("ENV", format!("PORT={port}\n"));
    let web = server.app_from("hello-web", "unused").read("app.py");
    app.write("web.py", web);
    for version in 2..8 {
        let web = version % 2 == 0;
        app.write("Procfile", if web { "web: exec python3 -u web.py\n" } else { "wsgi: app:app\n" });
        let python = app
            .read("web.py")
            .replace(&format!("VERSION = {}", version - 1), &format!("VERSION = {version}"));
        app.write("web.py", python.replace("VERSION = 1\n", &format!("VERSION = {version}\n")));
        app.set_version(version);
        app.push().succeeds();
        assert_eq!(app.get("/").body, format!("Hello from version {version}\n"));
    }
}

#[test]
fn stop_first_never_has_two_copies_and_a_failure_brings_the_old_one_back() {
    let server = TestServer::new();
    // A copy refuses to start beside another.
    let alone = "web: if ! mkdir $DATA_ROOT/here; then echo not alone; exit 9; fi; \
                 trap 'kill $child 2>/dev/null; wait $child; rmdir $DATA_ROOT/here' EXIT; trap 'exit 0' TERM; \
                 python3 -u app.py & child=$!; wait $child\n";
    let env = "PIKU_DEPLOY_STRATEGY=stop-first\nPIKU_HEALTHCHECK_TIMEOUT=5\n";
    let shop = server.app_from("hello-web", "shop").file("Procfile", alone).file("ENV", env);
    shop.push().succeeds();
    shop.set_version(2);
    shop.push().succeeds().says("Stopping the old processes first");
    assert_eq!(shop.get("/").body, "Hello from version 2\n");

    shop.write("app.py", "raise SystemExit('broken')\nVERSION = 3\n");
    shop.push().is_refused().says("broken");
    assert_eq!(shop.get("/").body, "Hello from version 2\n");
    server.ssh(["restart", "shop"]).succeeds();
}

/// Asks for a slow page, deploys meanwhile, and gives what the page said and how long the deploy took.
fn deploy_during_a_long_answer(app: &App<'_>) -> (String, Duration) {
    thread::scope(|scope| {
        let answer = scope.spawn(|| app.try_get("/slow").map(|answer| answer.body));
        eventually("the slow page is being made", || {
            app.try_get("/slow-begun").is_ok_and(|answer| answer.status == 200).then_some(())
        });
        let begin = Instant::now();
        app.set_version(2);
        app.push().succeeds();
        let took = begin.elapsed();
        (answer.join().unwrap().unwrap_or_else(|error| error.to_string()), took)
    })
}

#[test]
fn an_answer_that_takes_ten_seconds_survives_a_deploy() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let slow_wsgi = "import os, time\nVERSION = 1\nBEGUN = os.environ['DATA_ROOT'] + '/begun'\n\
        def app(environ, start_response):\n    path = environ['PATH_INFO']\n    status = '200 OK'\n    body = ''\n\
        \x20   if path == '/slow':\n        open(BEGUN, 'w').close()\n        time.sleep(10)\n        body = f'from version {VERSION}'\n\
        \x20   elif path == '/slow-begun' and not os.path.exists(BEGUN):\n        status = '404 Not Found'\n\
        \x20   start_response(status, [('Content-Length', str(len(body)))])\n    return [body.encode()]\n";
    let slow_web = "import os, time\nfrom http.server import BaseHTTPRequestHandler, ThreadingHTTPServer\nVERSION = 1\n\
        BEGUN = os.environ['DATA_ROOT'] + '/begun'\nclass Handler(BaseHTTPRequestHandler):\n    def do_GET(self):\n\
        \x20       status, body = 200, b''\n        if self.path == '/slow':\n            open(BEGUN, 'w').close()\n\
        \x20           time.sleep(10)\n            body = f'from version {VERSION}'.encode()\n\
        \x20       elif self.path == '/slow-begun' and not os.path.exists(BEGUN):\n            status = 404\n\
        \x20       self.send_response(status)\n        self.send_header('Content-Length', str(len(body)))\n\
        \x20       self.end_headers()\n        self.wfile.write(body)\n\
        ThreadingHTTPServer((os.environ['BIND_ADDRESS'], int(os.environ['PORT'])), Handler).serve_forever()\n";
    for (name, procfile, source) in
        [("blog", "wsgi: app:app\n", slow_wsgi), ("shop", "web: exec python3 -u app.py\n", slow_web)]
    {
        let app = server
            .app(name)
            .file("Procfile", procfile)
            .file("app.py", source)
            .served_as(&format!("{name}.test"));
        app.push().succeeds();
        let (said, took) = deploy_during_a_long_answer(&app);
        assert_eq!(said, "from version 1", "{name}");
        assert!(took < Duration::from_secs(9), "{name}: the deploy waited for the answer: {took:?}");
        eventually("the old processes are gone", || {
            let all = server.processes_of(name);
            let old = |process: &piku_tests::processes::Running| {
                process.environment().contains(&b"PIKU_RELEASE=1".to_vec())
            };
            (!all.iter().any(old)).then_some(())
        });
    }
}

#[test]
fn a_site_scaled_to_nothing_is_unavailable_and_comes_back() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    for (from, kind) in [("hello-wsgi", "wsgi"), ("hello-web", "web")] {
        let app = server.app_from(from, kind).served_as(&format!("{kind}.test"));
        app.push().succeeds();
        for (count, status) in [(2, 200), (1, 200), (0, 503), (3, 200), (1, 200)] {
            server.ssh(["ps:scale", kind, &format!("{kind}={count}")]).succeeds();
            for _ in 0..6 {
                assert_eq!(app.get("/").status, status, "{kind}={count}");
            }
        }
        assert!(!commands(&server, kind).is_empty());
    }
}

#[test]
fn an_app_goes_on_answering_however_many_requests_come() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let app = server.app_from("slow-wsgi", "busy").served_as("busy.test");
    app.write("ENV", app.read("ENV") + "SLOW=0\n");
    app.push().succeeds();
    let (address, host) = app.address();
    let (path, connections) = ("/".to_owned(), Connections::New);
    let load = Load::start(Target { address, host, path, rate: 250, connections });
    // Twice what each of two processes may answer where there is a limit.
    let enough = || (load.between(Duration::ZERO, load.elapsed()).requests > 4500).then_some(());
    eventually_within(Duration::from_secs(60), "thousands of requests are answered", enough);
    let report = load.stop();
    assert_eq!(report.failures, [], "of {}", report.requests);
    assert!(report.slowest < Duration::from_secs(5), "{:?}", report.slowest);
}
