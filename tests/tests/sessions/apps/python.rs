//! Apps of Python.

use piku_tests::{Browser, TestServer, Upload, eventually, machine, needs};

use super::{Visit, keeps_what_visitors_write, push_with_another_readme};

#[test]
fn a_django_project_written_for_heroku() {
    needs!(nginx, pypi);
    let server = TestServer::with_nginx();
    let app = server.app_from("django-guestbook", "guestbook").served_as("guestbook.test");
    let first = app.push().succeeds().says("collectstatic").says("Applying entries.0001_initial... OK");
    // Without an address, gunicorn listens on all.
    first.says("add `--bind $BIND_ADDRESS:$PORT` to its command in the Procfile");

    // The file's name has a hash of its contents, which `collectstatic` wrote down.
    let page = Browser::of(&app).get("/").body;
    let file = page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    assert!(file.starts_with("/static/entries/style.") && file != "/static/entries/style.css", "{file}");
    let visit = Visit { page: "/", field: "text", file: (&file, "text/css") };
    keeps_what_visitors_write(&server, &app, &visit);
}

#[test]
fn a_flask_app_with_migrations_and_a_worker_on_the_same_database() {
    needs!(nginx, pypi);
    let server = TestServer::with_nginx();
    let app = server.app_from("flask-notes", "notes").served_as("notes.test");
    app.push().succeeds().says("Installing the packages");
    let visit = Visit { page: "/", field: "body", file: ("/static/style.css", "text/css") };
    keeps_what_visitors_write(&server, &app, &visit);
    // The worker is on the database that the site writes to.
    let browser = Browser::of(&app);
    visit.write(&browser, "five words for the worker");
    eventually("the worker has counted", || {
        browser.get("/").body.contains("five words for the worker (5 words)").then_some(())
    });
}

#[test]
fn a_fastapi_app_locked_by_uv() {
    needs!(nginx, pypi, uv);
    let server = TestServer::with_nginx();
    server.lend("uv", &machine::tool("uv").unwrap());
    // uv brings certificates of its own; where a proxy stands between, it needs those of the machine.
    let app = server.app_from("fastapi-todo", "todo").file("ENV", "UV_SYSTEM_CERTS=true\n");
    let app = app.served_as("todo.test");
    app.push().succeeds().says("Installing the packages");
    let visit = Visit { page: "/", field: "text", file: ("/static/style.css", "text/css") };
    keeps_what_visitors_write(&server, &app, &visit);
}

#[test]
fn a_django_gallery_with_uploads_and_settings_for_production() {
    needs!(nginx, pypi);
    let server = TestServer::with_nginx();
    let app = server.app_from("django-gallery", "gallery").served_as("gallery.test");
    // It comes without a Procfile; the push says which one it needs.
    let line = "wsgi: gallery.wsgi:application";
    app.push().is_refused().says(line);
    app.write("Procfile", format!("{line}\n"));
    server
        .ssh([
            "config:set",
            "gallery",
            "DJANGO_SETTINGS_MODULE=gallery.settings.production",
            "SECRET_KEY=50% of $HOME & 'more'",
            "NGINX_STATIC_PATHS=/static:static,/media:media",
        ])
        .succeeds();
    app.push().succeeds().says("collectstatic");
    server.ssh(["run", "gallery", "./manage.py", "migrate"]).succeeds().says("Applying photos.0001_initial");

    let browser = Browser::of(&app);
    let upload = |title: &str, name: &str| {
        let file = Upload { field: "file", name, content: title };
        let answer = browser.upload("/", &[("title", title)], file);
        assert!(answer.status == 200 && answer.body.contains(title), "{answer:?}");
    };
    let shows = |title: &str, name: &str| {
        assert!(browser.get("/").body.contains(title));
        let picture = browser.get(&format!("/media/photos/{name}"));
        assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")), "{picture:?}");
        assert_eq!(picture.body, title);
    };
    upload("A bridge", "bridge.png");
    shows("A bridge", "bridge.png");
    push_with_another_readme(&app);
    shows("A bridge", "bridge.png");
    upload("A tower", "tower.png");
    server.ssh(["rollback", "gallery"]).succeeds();
    server.ssh(["config:set", "gallery", "COLOR=blue"]).succeeds();
    server.ssh(["restart", "gallery"]).succeeds();
    shows("A bridge", "bridge.png");
    shows("A tower", "tower.png");
}

#[test]
fn a_dashboard_that_talks_over_a_websocket() {
    needs!(nginx, pypi);
    let server = TestServer::with_nginx();
    let app = server.app_from("tornado-dashboard", "dashboard").served_as("dashboard.test");
    app.push().succeeds().says("Installing the packages");
    let visit = Visit { page: "/", field: "message", file: ("/static/app.js", "text/javascript") };
    keeps_what_visitors_write(&server, &app, &visit);

    let browser = Browser::of(&app);
    assert_eq!(browser.get("/_core/health").body, "ok");
    let mut socket = browser.websocket("/_core/stream");
    assert_eq!(socket.ask("hello"), "HELLO");
    assert_eq!(socket.ask("again"), "AGAIN");
    visit.shows(&browser, &["before the push", "hello", "again"]);
}
