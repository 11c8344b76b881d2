//! What the settings of uWSGI do to a `wsgi` app.

use std::thread;

use piku_tests::{App, TestServer, eventually, needs};

/// An app that tells how it is run, and takes half a second for `/slow`.
const APP: &str = r#"
import os, sys, time, threading
import uwsgi

def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    if environ['PATH_INFO'] == '/slow':
        SLEEP(0.5)
    loop = uwsgi.loop if isinstance(uwsgi.loop, str) else (uwsgi.loop or b'').decode()
    return [f'{os.getpid()} {loop}\n'.encode()]
"#;

/// How many of 8 requests at once to a process that takes half a second for each are done within a second and a half.
fn at_once(app: &App<'_>) -> f64 {
    let begin = std::time::Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(app.get("/slow").status, 200));
        }
    });
    begin.elapsed().as_secs_f64()
}

#[test]
fn gevent_serves_many_requests_in_one_process() {
    needs!(system_uwsgi, greenlets, pypi);
    let server = TestServer::new();
    let app = server
        .app("blog")
        .file("Procfile", "wsgi: app:app\n")
        .file("requirements.txt", "gevent==24.11.1\n")
        .file("app.py", APP.replace("SLEEP", "__import__('gevent').sleep"))
        .file("ENV", "UWSGI_GEVENT=20\nUWSGI_PROCESSES=1\n");
    app.push().succeeds();
    let took = at_once(&app);
    assert!(took < 2.5, "8 requests of half a second took {took} s");
    assert!(app.get("/").body.ends_with("gevent\n"), "{}", app.get("/").body);
}

#[test]
fn asyncio_runs_a_loop_in_each_process() {
    needs!(system_uwsgi, greenlets, pypi);
    let server = TestServer::new();
    let app = server
        .app("blog")
        .file("Procfile", "wsgi: app:app\n")
        .file("requirements.txt", "greenlet\n")
        .file("app.py", APP)
        .file("ENV", "UWSGI_ASYNCIO=20\nUWSGI_PROCESSES=1\n");
    app.push().succeeds();
    assert!(app.get("/").body.ends_with("asyncio\n"), "{}", app.get("/").body);
}

#[test]
fn an_idle_app_has_no_processes_until_somebody_asks() {
    let server = TestServer::new();
    let app = server
        .app("blog")
        .file("Procfile", "wsgi: app:app\n")
        .file("app.py", APP)
        .file("ENV", "UWSGI_IDLE=2\nUWSGI_PROCESSES=1\n");
    app.push().succeeds();
    let serving = || app.get("/").body.split(' ').next().unwrap().parse::<u32>().unwrap();
    let first = serving();
    let runs = |id: u32| server.processes_of("blog").iter().any(|process| process.id == id);
    assert!(runs(first));
    eventually("the idle process is gone", || (!runs(first)).then_some(()));
    let second = serving();
    assert_ne!(first, second);
    // A second release of an app that sleeps takes over as any other.
    app.write("notes.txt", "2");
    app.push().succeeds();
    assert!(runs(serving()));
}

#[test]
fn a_file_of_the_app_adds_options_of_its_own() {
    let server = TestServer::new();
    let app = server
        .app("blog")
        .file("Procfile", "wsgi: app:app\n")
        .file("app.py", APP)
        .file("deploy/uwsgi.ini", "[uwsgi]\nadd-header = X-Included: yes\n")
        .file("ENV", "UWSGI_INCLUDE_FILE=deploy/uwsgi.ini\n");
    app.push().succeeds();
    assert_eq!(app.get("/").header("x-included"), Some("yes"));
    app.write("ENV", "UWSGI_INCLUDE_FILE=deploy/none.ini\n");
    app.push()
        .is_refused()
        .says("there is no file `deploy/none.ini` in the app, which `UWSGI_INCLUDE_FILE` names");
    app.write("ENV", "UWSGI_INCLUDE_FILE=deploy/uwsgi.ini\n");
    app.write("deploy/uwsgi.ini", "[uwsgi]\nno-such-option = 1\nstrict = true\n");
    app.push().is_refused().says("no-such-option");
    assert_eq!(app.get("/").header("x-included"), Some("yes"));
}
