//! Apps that live on a server while something happens to it.

use camino::Utf8Path;
use piku_tests::Outcome;
use piku_tests::booted::BootedServer;
use piku_tests::eventually_within;
use std::time::Duration;

/// A site. `/slow` takes half a minute, and leaves a file when it has begun.
const APP: &str = r#"import os, time

VERSION = 1

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        open(os.environ["DATA_ROOT"] + "/slow", "w").close()
        time.sleep(30)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"version {VERSION}\n".encode()]
"#;

const STUBBORN: &str = r#"import signal, time
for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(name, signal.SIG_IGN)
while True:
    time.sleep(1)
"#;

/// How long an app may take to answer after a boot.
pub(crate) const BACK: Duration = Duration::from_secs(20);

/// Commits these files as the app `name` on the laptop; the first time with a remote `piku`.
pub(crate) fn commit(server: &BootedServer, name: &str, files: &[(&str, &str)]) {
    server.laptop(&format!("test -d {name} || git init -q {name}")).succeeds();
    for (path, text) in files {
        let line = format!("cd {name} && cat > {path}");
        server.laptop_with_input(&line, text.as_bytes()).succeeds();
    }
    let remote = format!("(git remote | grep -q piku || git remote add piku piku@my.server:{name})");
    server.laptop(&format!("cd {name} && {remote} && git add -A && git commit -q -m change")).succeeds();
}

/// Pushes what is committed.
pub(crate) fn push(server: &BootedServer, name: &str) -> Outcome {
    server.laptop(&format!("cd {name} && git push piku main"))
}

/// The source of [`blog`] with another version, which takes some seconds to be imported.
pub(crate) fn blog_source(version: u32, import: u32) -> String {
    let source = APP.replace("VERSION = 1", &format!("VERSION = {version}"));
    source.replacen("import os, time", &format!("import os, time\ntime.sleep({import})"), 1)
}

/// A live WSGI app, `blog.example`, with a worker.
pub(crate) fn blog(server: &BootedServer) {
    blog_with(server, "exec sleep 999999");
}

/// As [`blog`], with a worker that ignores every signal it can.
pub(crate) fn stubborn_blog(server: &BootedServer) {
    commit(server, "blog", &[("stubborn.py", STUBBORN)]);
    blog_with(server, "python3 -u stubborn.py");
}

fn blog_with(server: &BootedServer, worker: &str) {
    let procfile = format!("wsgi: app:app\nworker: {worker}\n");
    let files =
        [("Procfile", procfile.as_str()), ("app.py", APP), ("ENV", "NGINX_SERVER_NAME=blog.example\n")];
    commit(server, "blog", &files);
    push(server, "blog").succeeds();
}

/// A live app that serves HTTP itself: `shop.example`.
pub(crate) fn shop(server: &BootedServer) {
    let source = std::fs::read_to_string(piku_tests::piku::apps().join("hello-web/app.py")).unwrap();
    let files = [
        ("Procfile", "web: python3 -u app.py\n"),
        ("app.py", &source),
        ("ENV", "NGINX_SERVER_NAME=shop.example\n"),
    ];
    commit(server, "shop", &files);
    push(server, "shop").succeeds();
}

/// An app that somebody has stopped.
pub(crate) fn quiet(server: &BootedServer) {
    commit(server, "quiet", &[("Procfile", "worker: exec sleep 1000000\n")]);
    push(server, "quiet").succeeds();
    server.root("piku stop quiet").succeeds();
}

/// Waits until `blog` answers with this version and `shop` with its first.
pub(crate) fn answer(server: &BootedServer, version: u32) {
    let body = |host: &str| Some(server.try_get(host, "/").ok().filter(|it| it.status == 200)?.body);
    eventually_within(BACK, "both apps answer", || {
        let blog = body("blog.example")? == format!("version {version}\n");
        (blog && body("shop.example")? == "Hello from version 1\n").then_some(())
    });
}

/// Requires that `quiet` has no process, and that the others have.
pub(crate) fn quiet_stays_stopped(server: &BootedServer) {
    server.root("! pgrep -u piku -f 'sleep 1000000'").succeeds();
    let apps = server.root("piku apps").succeeds().stdout;
    assert!(apps.contains("*blog") && apps.contains("*shop") && !apps.contains("*quiet"), "{apps}");
}

/// Requires that systemd has seen nothing of piku fail, or start it twice.
pub(crate) fn nothing_failed(server: &BootedServer) {
    for unit in ["piku.service", "piku-nginx.service"] {
        for (property, value) in [("NRestarts", "0"), ("Result", "success"), ("ActiveState", "active")] {
            assert_eq!(server.unit_property(unit, property), value, "{property} of {unit}");
        }
    }
    let failed = server.root("systemctl list-units --failed --plain --no-legend 'piku*'").succeeds();
    assert_eq!(failed.stdout, "");
}

/// The names of the files in a folder of the server's root.
pub(crate) fn names(server: &BootedServer, folder: &str) -> Vec<String> {
    let folder = server.files().join(Utf8Path::new("home/piku/.piku")).join(folder);
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_owned()).collect();
    names.sort();
    names
}
