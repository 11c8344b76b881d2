//! What "live" means: a request went through nginx to the new release and came back.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use camino::Utf8Path;
use piku_tests::{Account, App, TestServer, needs};

/// Notes each request in the app's data, and answers as `answer` says, a body of a function of `environ` and `start`.
fn noting(answer: &str) -> String {
    format!(
        "import os, time\n\
         def app(environ, start):\n\
         \x20   with open(os.environ['DATA_ROOT'] + '/asked', 'a') as file:\n\
         \x20       proxied = environ.get('HTTP_X_FORWARDED_PROTO', 'directly')\n\
         \x20       file.write(f\"{{proxied}} {{environ['HTTP_HOST']}} {{environ['PATH_INFO']}}\\n\")\n\
         \x20   {answer}\n"
    )
}

const FINE: &str = "start('200 OK', []); return [b'fine']";

fn noting_app<'server>(server: &'server TestServer, hosts: &str, answer: &str) -> App<'server> {
    server.app("blog").file("Procfile", "wsgi: app:app\n").file("app.py", noting(answer)).served_as(hosts)
}

fn add_settings(app: &App<'_>, lines: &str) {
    app.write("ENV", app.read("ENV") + lines);
}

fn set_mode(path: &Utf8Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_app_is_asked_over_http_and_https() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = noting_app(&server, "blog.test www.blog.test", FINE);
    blog.push().succeeds().never_says("warning");
    assert_eq!(server.text("data/blog/asked"), "http blog.test /\nhttps blog.test /\n");

    add_settings(&blog, "NGINX_HTTPS_ONLY=true\nPIKU_HEALTHCHECK=/up?deep=1\n");
    blog.push().succeeds().never_says("warning");
    let asked = server.text("data/blog/asked");
    assert_eq!(asked.lines().skip(2).collect::<Vec<_>>(), ["directly blog.test /up", "https blog.test /up"]);
}

#[test]
fn a_pattern_is_asked_for_as_a_host_that_it_covers() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = noting_app(&server, "blog.test", FINE);
    let settings = blog.read("ENV").replace("blog.test", "NAMES") + "PIKU_HEALTHCHECK=/up\n";
    for (names, host) in [
        ("*.m.test", "piku.m.test"),
        (".m.test", "m.test"),
        ("mail.*", "mail.localhost"),
        ("_", "piku.localhost"),
        ("*.m.test plain.test", "plain.test"),
    ] {
        blog.write("ENV", settings.replace("NAMES", names));
        drop(fs::remove_file(server.root().join("data/blog/asked")));
        // `_` covers every host, and what can be opened is the address.
        let shown = if names == "_" { server.address().to_string() } else { host.to_owned() };
        blog.push().succeeds().never_says("warning").says(&format!("is live: http://{shown}/"));
        let asked = ["directly", "http", "https"].map(|how| format!("{how} {host} /up\n")).concat();
        assert_eq!(server.text("data/blog/asked"), asked, "{names}");
    }
}

#[test]
fn a_closed_home_folder_refuses_the_release_and_is_named() {
    needs!(nginx, root);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    blog.push().succeeds();
    blog.set_version(2);
    set_mode(server.home(), 0o700);
    let refused = blog.push().is_refused();
    set_mode(server.home(), 0o711);
    let refused = refused.says("nginx, running as `www-data`, can't enter `").says("(mode 700)");
    refused.says("help: run `chmod 711 ").never_says("is live");
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    blog.push_with(["HEAD"]).succeeds();
    assert_eq!(blog.get("/").body, "Hello from version 2\n");
}

#[test]
fn a_site_of_files_that_nginx_may_not_read_is_refused_and_the_one_before_stays() {
    needs!(nginx, root);
    let server = TestServer::with_nginx();
    let site = server.app_from("static", "site").served_as("site.test");
    set_mode(server.home(), 0o700);
    let refused = site.push().is_refused();
    assert!(!server.root().join("apps/site").exists(), "nothing is live");
    refused.says("can't enter `").says("(mode 700)");
    set_mode(server.home(), 0o711);
    site.push().succeeds().never_says("warning");

    let before = site.get("/").body;
    site.write("public/index.html", "second\n");
    set_mode(server.home(), 0o700);
    site.push().is_refused().says("can't enter `");
    set_mode(server.home(), 0o711);
    assert_eq!(site.get("/").body, before);
    assert_eq!(server.piku(["releases", "site", "--json"]).json().as_array().map(Vec::len), Some(1));
    site.push().succeeds();
    assert_eq!(site.get("/").body, "second\n");
}

#[test]
fn a_site_of_files_without_a_page_of_its_own_is_told() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let site = server.app("site").file("Procfile", "static: public\n").served_as("site.test");
    site.write("public/style.css", "body {}\n");
    site.push().succeeds().says("there is no `index.html`").says("is live");
    assert_eq!(site.get("/style.css").body, "body {}\n");
}

#[test]
fn an_app_that_fails_is_told_and_with_a_health_check_refused() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = noting_app(&server, "blog.test", "print('no luck'); start('500 Oops', []); return [b'']");
    let told = blog.push().succeeds().says("no luck").says("`blog` answers with status 500");
    told.says("http://blog.test/").says("is live");

    // Healthy when it is asked by itself, and not when nginx asks it.
    let by_itself = "'HTTP_X_FORWARDED_PROTO' in environ";
    let answer = format!("start('500 Oops' if {by_itself} else '200 OK', []); return [b'']");
    blog.write("app.py", noting(&answer));
    add_settings(&blog, "PIKU_HEALTHCHECK=/up\n");
    let refused = blog.push().is_refused().says("`blog` answers with status 500");
    refused.says("PIKU_HEALTHCHECK");
    assert_eq!(blog.get("/").status, 500, "the old one serves");
}

#[test]
fn an_exception_before_any_header_is_the_app_s_and_shown() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = noting_app(&server, "blog.test", "raise ValueError('no such luck')");
    let told = blog.push().succeeds().says("ValueError: no such luck");
    told.says("`blog` answers with status 500").says("is live");
    assert_eq!(blog.get("/").status, 500);
    let big = "start('200 OK', [('Set-Cookie', 'session=' + 'x' * 31000)]); return [b'fine']";
    blog.write("app.py", noting(big));
    blog.push().succeeds().never_says("warning");
    assert_eq!(blog.get("/").header("set-cookie").map(str::len), Some(31_008));

    // A process that dies gives no answer, and nobody gets one.
    blog.write("app.py", noting("print('bye', flush=True); os._exit(3)"));
    let refused = blog.push().is_refused().says("`blog` ends the connection without an answer");
    refused.says("bye").never_says("is live");
    assert_eq!(blog.get("/").body, "fine", "the old one serves");

    add_settings(&blog, "PIKU_HEALTHCHECK=/up\nPIKU_HEALTHCHECK_TIMEOUT=2\n");
    blog.write("app.py", noting("raise ValueError('no such luck')"));
    blog.push().is_refused().says("than status 500").says("ValueError: no such luck");
}

#[test]
fn an_app_that_takes_long_is_live_and_told() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = noting_app(&server, "blog.test", &format!("time.sleep(12); {FINE}"));
    blog.push().succeeds().says("http://blog.test/ was not answered within 10 seconds").says("is live");
}

#[test]
fn sockets_are_for_nginx_s_group_whatever_else_runs() {
    needs!(nginx, namespaces);
    // The nginx of another server is no reason to open a socket to everybody.
    let server = TestServer::builder().with_nginx().as_user(Account::PrimaryGroup).start();
    let _other = TestServer::with_nginx();
    server.app_from("hello-wsgi", "blog").served_as("blog.test").push().succeeds();
    let metadata = fs::metadata(server.root().join("nginx/blog.sock")).unwrap();
    let group = nix::unistd::Group::from_name("www-data").unwrap().unwrap().gid.as_raw();
    assert_eq!((metadata.mode() & 0o777, metadata.gid()), (0o660, group));
}

#[test]
fn an_app_without_a_name_is_said_to_be_for_this_machine_alone() {
    let server = TestServer::new();
    let text = "until it has a name: `config:set blog NGINX_SERVER_NAME=…`";
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds().ends_saying(2, &format!("It is only reachable from this machine {text}"));
    add_settings(&blog, "BIND_ADDRESS=0.0.0.0\n");
    blog.push().succeeds().never_says("alone");
    let files = server.app("site").file("Procfile", "static: public\n").file("public/index.html", "x");
    files.push().succeeds().ends_saying(2, "Its files are not served until it has a name");
}
