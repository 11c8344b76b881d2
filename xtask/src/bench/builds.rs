//! `cargo xtask bench builds`: the first push of each kind of app, and the second, with the same packages.

use std::time::Instant;

use camino::Utf8Path;
use piku_tests::machine::{self, Need};
use piku_tests::{App, TestServer};

use crate::{prepare, program, step};

/// A folder of `tests/apps`, what it needs, and the tool it gets.
struct Kind {
    folder: &'static str,
    needs: &'static [Need],
    tool: Option<&'static str>,
}

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

const CERTIFICATES: &str = "UV_SYSTEM_CERTS=true\nSSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n\
                            REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt\n";

/// Measures, and prints a table.
///
/// # Errors
///
/// When a requirement is missing, or a push is refused.
pub(crate) fn run() -> Result<(), String> {
    prepare::prepare(prepare::For::Tests)?;
    prepare::tools();
    program::release()?;
    step::announce("measuring");
    println!("{:<14} {:>10} {:>10}", "app", "first", "second");
    for kind in KINDS {
        if let Some(why) = kind.needs.iter().find_map(|need| need.missing()) {
            println!("{:<14} skipped: {why}", kind.folder);
            continue;
        }
        // A server for each app, so that none finds what another has downloaded.
        let behind = kind.needs.contains(&Need::Nginx);
        let server = if behind { TestServer::with_nginx() } else { TestServer::new() };
        lend(&server, kind);
        let mut app = server.app_from(kind.folder, "app");
        // These tools bring their own certificates; behind a proxy, they need the machine's.
        if kind.tool.is_some() {
            app = app.file("ENV", CERTIFICATES);
        }
        if behind {
            app = app.served_as("app.test");
        }
        let first = seconds(&app)?;
        app.write("README", "a change that touches no package\n");
        let second = seconds(&app)?;
        println!("{:<14} {first:>8.2} s {second:>8.2} s", kind.folder);
    }
    Ok(())
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
