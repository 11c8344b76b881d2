//! Settings reach the app byte for byte, whatever is in them.

use piku_tests::{App, TestServer, eventually};

/// Values that something on the way might read as more than text.
const VALUES: &[(&str, &str)] = &[
    ("PLAIN", "blue"),
    ("EMPTY", ""),
    ("BLANKS", "  two  before and after  "),
    ("QUOTED", "\"double\" and 'single'"),
    ("JSON", r#"{"a": ["b", {"c": "d e"}]}"#),
    ("DOLLAR", "$HOME ${HOME} $(HOME) $PLAIN \\$PLAIN $$"),
    ("PERCENT", "%d %n %s %(socket) %(1 + 1) 100%"),
    ("SWALLOW", "ends in %"),
    ("URL", "postgres://ada:p%40ss@db/blog?x=1&y=2#frag"),
    ("AT", "@(/etc/passwd) @(exec:///bin/date)"),
    ("EQUALS", "a=b=c="),
    ("HASH", "# not a comment # nor this"),
    ("LINES", "line 1\nline 2\n\n[uwsgi]\nmodule = evil\n"),
    ("TABS", "\ttab\tand \\t\r"),
    ("BACKSLASH", "a\\b\\\\c\\"),
    ("NGINX_LOOKING", "}; server { listen 81; }"),
    ("COMMAND", "; touch /tmp/never `id` | cat"),
    ("UNICODE", "naïve ☃ 日本 🦀"),
    ("MINUS", "--help"),
];

#[track_caller]
fn environment(app: &App<'_>) -> serde_json::Value {
    serde_json::from_str(&app.get("/env").body).unwrap()
}

#[track_caller]
fn all_arrive(server: &TestServer, app: &App<'_>, when: &str) {
    let (process, run) =
        (environment(app), server.ssh(["run", app.name(), "--", "env", "-0"]).succeeds().stdout);
    for (key, value) in VALUES {
        assert_eq!(process[key], *value, "{key} in the process {when}");
        assert!(run.split('\0').any(|one| one == format!("{key}={value}")), "{key} in run {when}: {run:?}");
        assert_eq!(
            server.ssh(["config:get", app.name(), key]).succeeds().stdout,
            format!("{value}\n"),
            "{key} from config:get {when}"
        );
    }
}

#[test]
fn every_value_comes_back_and_reaches_a_wsgi_app_its_worker_and_run() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();

    let settings = VALUES.iter().map(|(key, value)| format!("{key}={value}"));
    server.ssh(["config:set".to_owned(), "blog".to_owned()].into_iter().chain(settings)).succeeds();
    all_arrive(&server, &blog, "after config:set");

    let worker: serde_json::Value = eventually("the worker has left its environment", || {
        let value: serde_json::Value = serde_json::from_str(&server.text("data/blog/worker.json")).ok()?;
        value.get("PLAIN").is_some().then_some(value)
    });
    for (key, value) in VALUES {
        assert_eq!(worker[key], *value, "{key} in the worker");
    }

    server.ssh(["config:set", "blog", "OTHER=1"]).succeeds();
    all_arrive(&server, &blog, "after another config:set");
    blog.set_version(2);
    blog.push().succeeds();
    all_arrive(&server, &blog, "after a push");

    server.ssh(["config:unset", "blog", "PLAIN"]).succeeds();
    server.ssh(["config:get", "blog", "PLAIN"]).ends_with(1);
    assert!(environment(&blog).get("PLAIN").is_none());
    assert_eq!(environment(&blog)["LINES"], VALUES.iter().find(|(key, _)| *key == "LINES").unwrap().1);
}

#[test]
fn every_value_reaches_a_web_process() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop");
    shop.push().succeeds();
    let settings = VALUES.iter().map(|(key, value)| format!("{key}={value}"));
    server.ssh(["config:set".to_owned(), "shop".to_owned()].into_iter().chain(settings)).succeeds();
    all_arrive(&server, &shop, "after config:set");
}

#[test]
fn a_value_may_come_from_standard_input() {
    let server = TestServer::builder().without_emperor().start();
    server.ssh(["apps:create", "blog"]).succeeds();
    let set = |line: &str, input: &[u8]| server.ssh_with_input(line, input);
    let value = |key: &str| server.ssh(["config:get", "blog", key]).succeeds().stdout;
    // As `echo` writes it, as `printf` does, and a text of several lines.
    let cases: [(&[u8], &str); 4] = [
        (b"it's {\"a\": \"$b\"}\n", "it's {\"a\": \"$b\"}"),
        (b"x", "x"),
        (b"-----BEGIN-----\nabc\n-----END-----\n\n", "-----BEGIN-----\nabc\n-----END-----\n"),
        (b"-\r\n", "-"),
    ];
    for (input, wanted) in cases {
        let outcome = set("config:set blog OTHER=1 SECRET=-", input).succeeds();
        assert_eq!(value("SECRET"), format!("{wanted}\n"));
        outcome.says(&format!("Read `SECRET`: {} bytes", wanted.len())).never_says("BEGIN");
    }
    set("config:set blog SECRET=-", b"").ends_with(1).says("there is no value for `SECRET`");
    set("config:set blog SECRET=-", b"\n").ends_with(1).says("`SECRET=` sets it to nothing");
    set("config:set blog SECRET=-", b"\xff").ends_with(1).says("not UTF-8");
    set("config:set blog SECRET=-", b"a\0b").ends_with(2);
    set("config:set blog SECRET=-", &[b'x'; 200_000]).ends_with(2);
    set("config:set blog SECRET=- OTHER=-", b"x").ends_with(2).says("standard input holds one value");
    assert_eq!(value("SECRET"), "-\n");
}

#[test]
fn every_setting_in_force_is_shown_with_where_it_comes_from() {
    let server = TestServer::builder().without_emperor().start();
    let text = "COLOR=blue\nSIZE=$COLOR-$APP of $PIKU_RELEASE\nBOTH=file\nUWSGI_THREADS=2\n";
    let blog = server.app_from("static", "blog").file("ENV", text);
    blog.push().succeeds();
    server.ssh(["server:set", "PIKU_KEEP_RELEASES=3", "UWSGI_THREADS=8"]).succeeds();
    server
        .ssh(["config:set", "blog", "BOTH=set", "LINES=a\nb"])
        .succeeds()
        .says("Set BOTH (3 bytes), LINES (3 bytes)");
    let config = |words: &[&str]| server.ssh(["config", "blog"].iter().chain(words)).succeeds();
    insta::assert_snapshot!(config(&[]).stdout, @r#"
    # config:set
    BOTH=set
    LINES@json="a\nb"
    # ENV
    COLOR=blue
    SIZE=blue-blog of 2
    UWSGI_THREADS=2
    # server
    PIKU_KEEP_RELEASES=3
    "#);
    // What a script reads: an object whose members are settings, and the version of its form.
    let flat = config(&["--json"]).json();
    assert_eq!(
        flat,
        serde_json::json!({
            "schema": 1, "BOTH": "set", "COLOR": "blue", "LINES": "a\nb", "PIKU_KEEP_RELEASES": "3", "SIZE": "blue-blog of 2",
            "UWSGI_THREADS": "2",
        })
    );
    let objects = config(&["--json", "--origin"]).json();
    assert_eq!(
        objects[0],
        serde_json::json!({"schema": 1, "key": "BOTH", "value": "set", "origin": "config:set"})
    );
    assert_eq!(objects[2]["origin"], "ENV");
    config(&["--defaults"])
        .says("# default\n")
        .says("\nPIKU_HEALTHCHECK_TIMEOUT=60\n")
        .never_says("PIKU_ROOT");

    let get = |key: &str| server.ssh(["config:get", "blog", key]);
    assert_eq!(get("COLOR").succeeds().says("`COLOR` is from ENV").stdout, "blue\n");
    assert_eq!(get("BOTH").succeeds().says("`BOTH` is from config:set").stdout, "set\n");
    assert_eq!(get("PIKU_KEEP_RELEASES").succeeds().says("is from server").stdout, "3\n");
    get("PIKU_HEALTHCHECK_TIMEOUT").ends_with(1).says("its default is `60`");
    get("COLUR").ends_with(1).says("did you mean `COLOR`?");
    server.ssh(["config:unset", "blog", "BOHT"]).ends_with(1).says("did you mean `BOTH`?");
}

#[test]
fn a_dotenv_file_is_imported_as_one_release_and_exported_for_others() {
    let server = TestServer::builder().without_emperor().start();
    server.app_from("static", "blog").file("ENV", "COLOR=blue\n").push().succeeds();
    let import = |app: &str, input: &[u8]| server.ssh_with_input(&format!("config:import {app}"), input);
    import("blog", b"# ours\nexport A='two words'\nB=\"one\\ntwo\" # why\nC=$A\n\nKEY='-----BEGIN\nabc\n'\n")
        .succeeds()
        .says("Set A (9 bytes), B (7 bytes), C (2 bytes), KEY (15 bytes)")
        .says("`$` in the value of `C` is kept")
        .says("Release 2 of blog is live");
    let exported = server
        .ssh(["config:export", "blog"])
        .succeeds()
        .says("--env-file` takes for a part of the value: B, KEY");
    insta::assert_snapshot!(exported.stdout, @r#"
    A=two words
    B="one\ntwo"
    C=$A
    KEY="-----BEGIN\nabc\n"
    "#);
    server.ssh(["config:export", "blog", "--all"]).succeeds().says("\nCOLOR=blue\n");
    import("shop", exported.stdout.as_bytes()).succeeds().says("`shop` is a new app");
    let settings = |app: &str| server.ssh(["config", app, "--json"]).succeeds().json();
    let (mut of_blog, of_shop) = (settings("blog"), settings("shop"));
    of_blog.as_object_mut().unwrap().remove("COLOR");
    assert_eq!(of_blog, of_shop);

    import("blog", b"A=changed\nmy s3cret words\nD=\"s3cret\n")
        .ends_with(1)
        .says("error[env::missing-equals]: standard input:2:1: this line has no `=`")
        .says("error[env::open-quote]: standard input:3:3: this quote is not closed")
        .says("there are 2 mistakes on standard input; nothing was changed")
        .never_says("s3cret");
    import("blog", b"\n# nothing\n").ends_with(1).says("there are no settings on standard input");
    assert_eq!(server.ssh(["config:get", "blog", "A"]).succeeds().stdout, "two words\n");
}

#[test]
fn what_was_typed_wrongly_is_said_once_and_with_harmless_advice() {
    let server = TestServer::builder().without_emperor().start();
    let blog = server.app_from("static", "blog").file("ENV", "NGINX_SERVERNAME=x\n");
    blog.push().succeeds().says("did you mean `NGINX_SERVER_NAME`?");
    blog.file("public/new.txt", "x").push().succeeds().never_says("NGINX_SERVERNAME");

    let set = server.ssh(["config:set", "blog", "UWSGI_PROCESES=s3cret"]).succeeds().never_says("s3cret");
    assert_eq!(set.stderr.matches("UWSGI_PROCESES` is not a setting of piku").count(), 1, "{set}");
    let set = server.ssh_raw(r#"config:set blog J={"a":1} K='{"a": 1}'"#).succeeds();
    set.says("the value of `J` looks like JSON without its quotes")
        .says("Set J (5 bytes), K (8 bytes)")
        .never_says("`K` looks")
        .never_says("PROCESES");
    let findings = server.ssh(["doctor"]);
    for key in ["NGINX_SERVERNAME", "UWSGI_PROCESES"] {
        assert_eq!(findings.stdout.matches(&format!("`{key}` is not a setting")).count(), 1, "{findings}");
    }

    server.ssh(["destory", "blog"]).ends_with(2).never_says("destroy");
    server.ssh(["config:ste", "blog"]).ends_with(2).says("'config:set'");
    server.ssh(["setup", "--system"]).ends_with(2).says("`setup` runs on the server itself only");
}

#[test]
fn the_env_file_is_expanded_and_settings_lie_over_it() {
    let server = TestServer::new();
    let text = "COLOR=blue\n  # a comment\nSIZE = large\nBOTH=$COLOR-${SIZE}\nUNKNOWN=$NOBODY\nLITERAL=\\$COLOR\nQUOTES=\"as is\"\n";
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", text);
    blog.push().succeeds();

    let env = environment(&blog);
    for (key, value) in [
        ("COLOR", "blue"),
        ("SIZE", "large"),
        ("BOTH", "blue-large"),
        ("UNKNOWN", "$NOBODY"),
        ("LITERAL", "$COLOR"),
        ("QUOTES", "\"as is\""),
    ] {
        assert_eq!(env[key], value, "{key}");
    }
    server.ssh(["config:set", "blog", "COLOR=red"]).succeeds();
    assert_eq!(environment(&blog)["COLOR"], "red");
    server.ssh(["config:unset", "blog", "COLOR"]).succeeds();
    assert_eq!(environment(&blog)["COLOR"], "blue");
}

#[test]
fn a_setting_wins_over_what_the_machine_has() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "SHELL=/bin/none", "LANG=de_DE.UTF-8", "TERM=dumb"]).succeeds();
    let run = server.ssh(["run", "blog", "--", "env", "-0"]).succeeds().stdout;
    for (key, value) in [("SHELL", "/bin/none"), ("LANG", "de_DE.UTF-8"), ("TERM", "dumb")] {
        assert_eq!(environment(&blog)[key], value);
        assert!(run.split('\0').any(|one| one == format!("{key}={value}")), "{key} in run: {run:?}");
    }
}

#[test]
fn a_setting_that_breaks_the_app_is_refused_and_not_kept() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog");
    blog.write("app.py", blog.read("app.py") + "\nassert os.environ.get('COLOR') != 'bad'\n");
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "COLOR=bad"]).ends_with(1);
    assert_eq!(blog.get("/").body, "Hello from version 1\n");
    server.ssh(["config:get", "blog", "COLOR"]).ends_with(1);
    server.ssh(["restart", "blog"]).succeeds();
}

#[test]
fn keys_and_values_that_are_none_are_refused() {
    let server = TestServer::new();
    server.app_from("hello-wsgi", "blog").push().succeeds();
    for wrong in ["9LIVES=x", "A-B=x", "A B=x", "=x", "É=x", "A\nB=x"] {
        server.ssh(["config:set", "blog", "GOOD=1", wrong]).is_refused();
    }
    // A value that piku itself reads is refused by the name of its key, not as a line of a file.
    server
        .ssh(["config:set", "blog", "GOOD=1", "UWSGI_PROCESSES=many"])
        .ends_with(1)
        .says("`UWSGI_PROCESSES`: `many` is not a whole number; nothing was changed")
        .never_says("correct what is marked");
    server.ssh(["config:get", "blog", "GOOD"]).ends_with(1);
}
