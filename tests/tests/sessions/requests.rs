//! What nginx tells of the requests to a site, and what it shows where it answers itself.

use piku_tests::{TestServer, eventually, needs};

#[test]
fn requests_are_logged_and_errors_of_nginx_have_the_app_s_own_pages() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test").file("public/a.txt", "a\n");
    let blog = blog.file("errors/404.html", "<h1>Lost</h1>\n").file("errors/50x.html", "<h1>Broken</h1>\n");
    blog.write("ENV", blog.read("ENV") + "NGINX_STATIC_PATHS=/files:public\nNGINX_ERROR_PAGES=errors\n");
    std::os::unix::fs::symlink("/etc/hostname", blog.git().folder().join("errors/503.html")).unwrap();
    blog.push().succeeds();

    // nginx's own errors have the app's pages, those of the app stay as they are.
    let seen = |path: &str| {
        let answer = server.get("blog.test", path);
        (answer.status, answer.body)
    };
    assert_eq!(seen("/files/a.txt?token=secret"), (200, "a\n".to_owned()));
    assert_eq!(seen("/files/no.txt"), (404, "<h1>Lost</h1>\n".to_owned()));
    server.ssh(["stop", "blog"]).succeeds();
    assert_eq!(seen("/"), (503, "<h1>Broken</h1>\n".to_owned()), "a link that leads out is no page");
    server.ssh(["start", "blog"]).succeeds();
    assert_eq!(seen("/").1, "Hello from version 1\n");

    // Each request is a line, within a second or so.
    let lines = eventually("the request is logged", || {
        let said = server.ssh(["logs", "blog", "nginx", "--no-follow"]).succeeds().stdout;
        said.contains("/files/no.txt\"").then_some(said)
    });
    assert!(lines.contains(r#""GET http://blog.test/files/a.txt""#) && !lines.contains("secret"), "{lines}");
    let of_the_app = server.ssh(["logs", "blog", "--no-follow"]).succeeds().stdout;
    assert!(!of_the_app.contains("nginx | "), "only who asks for them sees requests: {of_the_app}");
    assert!(!server.names_in("logs/blog").iter().any(|name| name.contains("nginx")));

    // A log that has become long makes room at the next deploy, and goes on.
    let log = server.root().join("nginx/log/blog.log");
    std::fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(5 * 1024 * 1024).unwrap();
    server.ssh(["config:set", "blog", "A=1"]).succeeds();
    eventually("nginx writes a new log", || {
        // An old worker may still answer, and writes to the log that it has open.
        assert_eq!(seen("/files/no.txt").0, 404);
        server.text("nginx/log/blog.log").contains("/files/no.txt").then_some(())
    });
    assert!(std::fs::metadata(&log).unwrap().len() < 1024 * 1024);
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    assert_eq!(server.names_in("nginx/log"), [""; 0]);
}
