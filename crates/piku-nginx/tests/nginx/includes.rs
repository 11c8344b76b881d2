//! Directives that people write, in a real nginx.

use std::cell::RefCell;

use piku_nginx::{IncludedFile, Includes, Place, Site, origin};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::passing::echo;
use crate::running::{Machine, machine};

const OF_SERVER: &str = r#"client_max_body_size 100m; proxy_read_timeout 600s; server_tokens off; gzip off; gzip_types text/css;
keepalive_timeout 5;
add_header X-Frame-Options "DENY" always;
error_page 502 504 /502.html; error_page 404 =200 /x;
if ($host = www.a.test) { return 301 https://a.test$request_uri; }
if ($http_user_agent ~* "(bad|worse)bot") { return 403; }
rewrite ^/old/(.*)$ /new/$1 permanent; rewrite ^/a/(.+)$ /b/$1?x=$arg_x last;
set $mobile "${http_user_agent}x";
location = /favicon.ico { access_log off; log_not_found off; expires max; return 204; }
location ~* \.(?<ext>png|jpe?g)$ { expires 30d; add_header X-Ext $ext; }
location /events { proxy_buffering off; proxy_set_header X-Mobile $mobile; proxy_set_header Host other.test; }
location /admin { allow 192.0.2.0/24; allow 2001:db8::1; deny all; auth_basic "Closed"; }
location @own { return 503 "later"; }
limit_req_zone $binary_remote_addr zone=login:1m rate=1r/m; limit_conn_zone $binary_remote_addr zone=all:1m;
location /login { limit_req zone=login; limit_req_status 429; limit_conn all 5; limit_conn_status 429; }
location /api { limit_except GET POST { deny all; } sub_filter 'a' '$host'; types { text/x-a a; } }
location /files { try_files $uri $uri/index.html =404; }
"#;

const OF_LOCATION: &str = "proxy_send_timeout 9s; proxy_set_header X-Own yes; add_header X-Here there;\nlimit_except GET { deny all; }\n";

fn with(machine: &Machine, server: &str, location: &str) -> Site {
    let file = |name, text, place| IncludedFile { name, text, place };
    let files = [file("extra.conf", server, Place::Server), file("app.conf", location, Place::Location)];
    let mut site = machine.site("blog", echo());
    site.tls = Some(machine.certificate());
    site.includes = Includes::parse(&files, &site.namespace).unwrap();
    site
}

#[test]
fn what_people_write_has_its_effect_and_the_site_says_nothing_twice() {
    let Some(mut machine) = machine() else { return };
    let site = with(&machine, OF_SERVER, OF_LOCATION);
    machine.add(&site);
    let mut other = with(&machine, OF_SERVER, OF_LOCATION);
    other.name = "other".parse().unwrap();
    other.server_names = vec!["other.example.org".parse().unwrap()];
    machine.add(&other);
    machine.start();
    let get = |path: &str| machine.get("blog.example.org", path).unwrap();
    let home = get("/");
    assert_eq!((home.status, home.header("X-Here"), home.header("X-By")), (200, Some("there"), Some("Shop")));
    assert!(home.body.to_lowercase().contains("x-own: yes"), "{}", home.body);
    assert_eq!(get("/old/x").header("Location").map(|at| at.ends_with("/new/x")), Some(true));
    assert!(get("/a/c?x=1").body.contains("GET /b/c?x=1"), "{}", get("/a/c?x=1").body);
    let events = get("/events/1").body.to_lowercase();
    assert!(events.contains("x-mobile: x") && events.contains("host: other.test"), "{events}");
    assert_eq!(events.matches("host: ").count(), 1, "{events}");
    assert_eq!((get("/admin").status, get("/favicon.ico").status), (403, 204));
    assert_eq!((get("/login").status, get("/login").status), (200, 429));
    assert_eq!(machine.get("other.example.org", "/login").unwrap().status, 200, "a zone belongs to one site");
    let posted = machine
        .ask("POST / HTTP/1.1\r\nHost: blog.example.org\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(posted.unwrap().status, 403);
}

#[test]
fn what_nginx_has_against_a_line_is_found_in_its_file() {
    let Some(machine) = machine() else { return };
    let site = with(&machine, "gzip on;\n\nlocation /x {\n    expires sometime;\n}\n", "");
    machine.add(&site);
    let said = machine.complaints();
    let line: usize = said.lines().next().unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
    assert_eq!(origin(&site.render(), line), Some(("extra.conf", 4)), "{said}");
    assert_eq!(origin(&site.render(), 1), None);
}

/// A word as somebody might write it, with quotes and escapes.
fn raw_word() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "b", " ", "\\", "\"", "'", ";", "{", "}", "#", "\\t", "\\n", "\\\\", "\\\"", "\\'", "/", "~",
        "ä", "(", ")", "\\;", "\\ ", "=", "|", "^", "\t", "%", "*",
    ]);
    let parts = prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat());
    (prop::sample::select(vec!["", "\"", "'"]), parts)
        .prop_map(|(quote, text)| format!("{quote}{text}{quote}"))
}

#[test]
fn words_are_read_and_written_as_nginx_reads_them() {
    let Some(mut machine) = machine() else { return };
    // Words that both can read, each as the whole of an answer: as it is written, and as it is written anew.
    let words: RefCell<Vec<String>> = RefCell::default();
    let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
    let file = |text: &str| {
        let files = [IncludedFile { name: "x", text, place: Place::Server }];
        Includes::parse(&files, &"shop".parse().unwrap())
    };
    runner
        .run(&raw_word(), |word| {
            let is_read = |text: String| file(&text).is_ok();
            let is_one = is_read(format!("location = {word} {{ return 200; }}"));
            let mut words = words.borrow_mut();
            if is_one && is_read(format!("location = /0 {{ return 200 {word}; }}")) && words.len() < 300 {
                words.push(word);
            }
            Ok(())
        })
        .unwrap();
    let words = words.into_inner();
    assert!(words.len() > 100, "{}", words.len());
    let locations: String = words
        .iter()
        .enumerate()
        .map(|(at, word)| format!("location = /{at} {{ return 200 {word}; }}\n"))
        .collect();
    let site = with(&machine, &locations, "");
    machine.add(&site);
    let raw = format!(
        "server {{ listen {}:{}; server_name raw.example.org;\n{locations}}}\n",
        crate::running::ADDRESS,
        machine.http
    );
    machine.add_text("raw", &raw);
    machine.start();
    for (at, word) in words.iter().enumerate() {
        let path = format!("/{at}");
        let answer = |host: &str| machine.get(host, &path).map(|answer| (answer.status, answer.body));
        assert_eq!(answer("blog.example.org"), answer("raw.example.org"), "{word}");
    }
}

#[test]
fn what_is_no_configuration_to_nginx_is_none_here() {
    let Some(machine) = machine() else { return };
    for (number, text) in
        ["gzip on", "gzip on; }", "location /x {", "gzip 'on;", "gzip 'on'off;", ";", "{ }", "gzip }"]
            .iter()
            .enumerate()
    {
        let files = [IncludedFile { name: "x", text, place: Place::Server }];
        assert!(Includes::parse(&files, &"shop".parse().unwrap()).is_err(), "{text}");
        std::fs::write(machine.path("include"), text).unwrap();
        let mut site = machine.site("blog", echo());
        site.include = Some(machine.file_path("include"));
        machine.add(&site);
        assert!(machine.complaints().contains("[emerg]"), "{number}: {text}");
    }
}
