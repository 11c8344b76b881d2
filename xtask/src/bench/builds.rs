//! `cargo xtask bench builds`: the first push of each kind of app, and the second, with another README.

use std::time::Instant;

use camino::Utf8Path;
use piku_tests::machine::{self, Need};
use piku_tests::{App, TestServer};

use crate::{prepare, program, step};

/// The limit for the second push of an app as people publish it, in seconds.
const SECOND: f64 = 1.0;

/// A folder of `tests/apps`, what it needs, and the tool it gets.
struct Kind {
    folder: &'static str,
    needs: &'static [Need],
    tool: Option<&'static str>,
}

/// A small app for each tool.
const KINDS: &[Kind] = &[
    Kind { folder: "hello-wsgi", needs: &[], tool: None },
    Kind { folder: "hello-flask", needs: &[Need::Pypi], tool: None },
    Kind { folder: "uv", needs: &[Need::Pypi, Need::Uv], tool: Some("uv") },
    Kind { folder: "poetry", needs: &[Need::Pypi, Need::Poetry], tool: Some("poetry") },
    Kind { folder: "django", needs: &[Need::Pypi], tool: None },
    Kind { folder: "fastapi", needs: &[Need::Pypi], tool: None },
    Kind { folder: "express", needs: &[Need::Node, Need::Npm], tool: None },
    Kind { folder: "pnpm", needs: &[Need::Node, Need::Npm, Need::Pnpm], tool: Some("pnpm") },
    Kind { folder: "go", needs: &[Need::Go], tool: None },
    Kind { folder: "rust", needs: &[Need::Crates], tool: None },
    Kind { folder: "sinatra", needs: &[Need::Ruby], tool: None },
    Kind { folder: "bundler", needs: &[Need::Bundler], tool: None },
    Kind { folder: "rack", needs: &[Need::Rack], tool: None },
    Kind { folder: "gradle", needs: &[Need::Gradle], tool: None },
    Kind { folder: "clojure", needs: &[Need::Leiningen], tool: None },
    Kind { folder: "jwsgi", needs: &[Need::Jwsgi], tool: None },
    Kind { folder: "php", needs: &[Need::Php], tool: None },
    Kind { folder: "composer", needs: &[Need::Php, Need::Composer], tool: None },
    Kind { folder: "static", needs: &[Need::Nginx], tool: None },
];

/// An app as people publish it, behind nginx.
struct Published {
    kind: Kind,
    /// The Procfile that it is given, if it is published without one.
    procfile: Option<&'static str>,
    /// Whether it is compiled, which takes its time; the limit is not for it.
    compiled: bool,
}

const fn published(
    folder: &'static str,
    needs: &'static [Need],
    tool: Option<&'static str>,
    procfile: Option<&'static str>,
) -> Published {
    Published { kind: Kind { folder, needs, tool }, procfile, compiled: false }
}

const fn compiled(app: Published) -> Published {
    Published { compiled: true, ..app }
}

const PUBLISHED: &[Published] = &[
    published("django-guestbook", &[Need::Nginx, Need::Pypi], None, None),
    published("django-gallery", &[Need::Nginx, Need::Pypi], None, Some("wsgi: gallery.wsgi:application\n")),
    published("flask-notes", &[Need::Nginx, Need::Pypi], None, None),
    published("fastapi-todo", &[Need::Nginx, Need::Pypi, Need::Uv], Some("uv"), None),
    published("tornado-dashboard", &[Need::Nginx, Need::Pypi], None, None),
    published(
        "express-board",
        &[Need::Nginx, Need::Node, Need::Npm, Need::Yarn],
        Some("yarn"),
        Some("web: yarn start\n"),
    ),
    compiled(published(
        "vite-landing",
        &[Need::Nginx, Need::Node, Need::Npm, Need::Pnpm],
        Some("pnpm"),
        Some("static: dist\n"),
    )),
    published("php-wiki", &[Need::Nginx, Need::Php], None, Some("php: .\n")),
    published("sinatra-votes", &[Need::Nginx, Need::Ruby], None, None),
    compiled(published("rust-shoutbox", &[Need::Nginx, Need::Crates], None, None)),
];

const CERTIFICATES: &str = "UV_SYSTEM_CERTS=true\nSSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n\
                            REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt\n";

/// Measures the apps with these names, or all, and prints a table.
///
/// # Errors
///
/// When a requirement is missing, a push is refused, or the limit is exceeded.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    prepare::prepare(prepare::For::Tests)?;
    prepare::tools();
    program::release()?;
    step::announce("measuring");
    println!("{:<18} {:>10} {:>10}", "app", "first", "second");
    let wanted = |kind: &Kind| names.is_empty() || names.iter().any(|name| name == kind.folder);
    for kind in KINDS.iter().filter(|kind| wanted(kind)) {
        measure(kind, None)?;
    }
    println!("\nas people publish them, behind nginx (limit of the second push {SECOND} s, compilers aside)");
    let mut slow = Vec::new();
    for app in PUBLISHED.iter().filter(|app| wanted(&app.kind)) {
        let second = measure(&app.kind, app.procfile)?;
        if second.is_some_and(|second| second > SECOND) && !app.compiled {
            slow.push(app.kind.folder);
        }
    }
    if slow.is_empty() { Ok(()) } else { Err(format!("the second push takes too long: {}", slow.join(", "))) }
}

/// Pushes an app twice, and prints and returns how long the second push took; `None` if the app can't run here.
fn measure(kind: &Kind, procfile: Option<&str>) -> Result<Option<f64>, String> {
    if let Some(why) = kind.needs.iter().find_map(|need| need.missing()) {
        println!("{:<18} skipped: {why}", kind.folder);
        return Ok(None);
    }
    // A server for each app, so that none finds what another has downloaded.
    let behind = kind.needs.contains(&Need::Nginx);
    let server = if behind { TestServer::with_nginx() } else { TestServer::new() };
    lend(&server, kind);
    let mut app = server.app_from(kind.folder, "app");
    if let Some(text) = procfile {
        app = app.file("Procfile", text);
    }
    // These tools bring their own certificates; behind a proxy, they need the machine's.
    if kind.tool.is_some() {
        app = app.file("ENV", CERTIFICATES);
    }
    if behind {
        app = app.served_as("app.test");
    }
    let first = seconds(&app)?;
    app.write("README.md", "a change that touches no package\n");
    let second = seconds(&app)?;
    println!("{:<18} {first:>8.2} s {second:>8.2} s", kind.folder);
    Ok(Some(second))
}

fn lend(server: &TestServer, kind: &Kind) {
    if let Some((name, program)) = kind.tool.and_then(|name| Some((name, machine::tool(name)?))) {
        server.lend(name, &program);
    }
    if kind.needs.contains(&Need::Crates)
        && let Some(compiler) = Utf8Path::new(env!("CARGO")).parent()
    {
        for tool in ["cargo", "rustc"] {
            server.lend(tool, &compiler.join(tool));
        }
    }
}

fn seconds(app: &App<'_>) -> Result<f64, String> {
    let begin = Instant::now();
    let outcome = app.push();
    if outcome.status == 0 { Ok(begin.elapsed().as_secs_f64()) } else { Err(outcome.to_string()) }
}
