//! `cargo xtask demo`: from an empty home folder to an app that answers.

use piku_tests::machine::Need;
use piku_tests::{TestServer, http};

use crate::{prepare, program, step};

const HOST: &str = "hello.test";

/// Runs the demonstration.
///
/// # Errors
///
/// When a requirement is missing, the push is refused, or the app does not answer.
pub(crate) fn run(stay: bool) -> Result<(), String> {
    prepare::prepare(prepare::For::Demo)?;
    program::debug()?;

    let without_nginx = Need::Nginx.missing();
    step::announce("starting an sshd, a uWSGI emperor, and nginx in a home folder of their own");
    let server = TestServer::builder();
    let server = if without_nginx.is_none() { server.with_nginx() } else { server };
    let server = server.start();
    println!("    piku's files are in {}", server.root());
    if let Some(why) = &without_nginx {
        println!("    without nginx ({why}): the app is asked on its own port");
    }

    let from = match Need::Pypi.missing() {
        None => "hello-flask",
        Some(why) => {
            println!("    without Flask ({why}): an app that requires nothing");
            "hello-wsgi"
        }
    };
    let app = server.app_from(from, "hello");
    let app = if without_nginx.is_none() { app.served_as(HOST) } else { app };

    step::announce(&format!("the app, tests/apps/{from}"));
    println!("{}", app.read("Procfile").trim_end());
    step::announce(&format!("git push {} main", server.sshd().url("hello")));
    if !app.push_before_your_eyes() {
        return Err("the push was refused".to_owned());
    }

    let (url, curl) = match without_nginx {
        None => (format!("http://{HOST}/"), format!("curl -H 'Host: {HOST}' http://{}/", server.address())),
        Some(_) => {
            (format!("http://127.0.0.1:{}/", app.port()), format!("curl http://127.0.0.1:{}/", app.port()))
        }
    };
    for words in [["apps", ""], ["ps", "hello"], ["releases", "hello"]] {
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        step::announce(&format!("ssh piku@server {}", words.join(" ")));
        print!("{}", server.ssh(&words).stdout);
    }
    step::announce(&curl);
    let answer = app.try_get("/").map_err(|error| format!("{url} does not answer: {error}"))?;
    show(&answer);
    if answer.status != 200 {
        return Err(format!("{url} answered {}", answer.status));
    }

    step::announce("look around");
    println!("    ls {}/*", server.root());
    println!("    {} logs hello", server.sshd().client().join(" "));
    println!(
        "    GIT_SSH_COMMAND='{}' git clone '{}'",
        server.sshd().git_ssh_command(),
        server.sshd().url("hello")
    );
    if stay {
        println!("\nPress Enter to stop everything and remove it.");
        drop(std::io::stdin().read_line(&mut String::new()));
    } else {
        println!("    with `cargo xtask demo --stay`: what is above is now stopped and removed");
    }
    Ok(())
}

fn show(answer: &http::Response) {
    println!("HTTP {}", answer.status);
    for (name, value) in &answer.headers {
        println!("{name}: {value}");
    }
    println!("\n{}", answer.body.trim_end());
}
