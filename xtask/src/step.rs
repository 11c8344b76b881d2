//! Runs commands as steps with a heading.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use piku_tests::piku::workspace;

/// A cargo command in the workspace.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(words).current_dir(workspace());
    // Variables that `cargo run` sets for this program would rerun build scripts that depend on them.
    for (name, _) in std::env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
        });
        if told {
            command.env_remove(&name);
        }
    }
    command
}

/// Prints a heading.
pub(crate) fn announce(what: &str) {
    println!("\n==> {what}");
}

/// Runs a command under a heading, with its output on this terminal; returns whether it succeeded.
pub(crate) fn run(what: &str, command: &mut Command) -> bool {
    announce(what);
    let begin = Instant::now();
    let done = command.status().is_ok_and(|status| status.success());
    println!("    {} in {:.1} s", if done { "done" } else { "FAILED" }, begin.elapsed().as_secs_f64());
    done
}

/// Like [`run`], and passes each line of stdout to `look` too.
pub(crate) fn watch(what: &str, command: &mut Command, mut look: impl FnMut(&str)) -> bool {
    announce(what);
    let begin = Instant::now();
    let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else { return false };
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|stdout| BufReader::new(stdout).split(b'\n'))
        .map_while(Result::ok)
    {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        look(&line);
    }
    let done = child.wait().is_ok_and(|status| status.success());
    println!("    {} in {:.1} s", if done { "done" } else { "FAILED" }, begin.elapsed().as_secs_f64());
    done
}
