//! `cargo xtask bench memory`: what an idle WSGI app with a worker holds, and everything that keeps it running.
//!
//! Counted is the PSS of the emperor and all processes below it. A page of a library counts in part for each process
//! that has it, so what else runs on the machine matters: it is a server without anything but the app. Other booted
//! servers have the same files open, and would make the figures smaller.

use std::thread;
use std::time::Duration;

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::machine::Need;

use crate::{prepare, server, step};

/// The limit for everything, in bytes.
const LIMIT: u64 = 26 << 20;

/// Time between two looks, which must agree.
const LOOK: Duration = Duration::from_secs(2);
/// By how many bytes two looks may differ.
const AGREE: u64 = 64 << 10;
/// How often to look at most.
const LOOKS: usize = 15;

/// A process, and its memory in bytes.
type Row = (String, u64);

/// Measures, and prints a table.
///
/// # Errors
///
/// When something is missing, the push is refused, or the limit is exceeded.
pub(crate) fn run() -> Result<(), String> {
    prepare::prepare(prepare::For::Server)?;
    if let Some(why) = Need::Booted.missing() {
        return Err(why);
    }
    server::build_package()?;
    step::announce("measuring an idle app on a server of its own");
    let server = BootedServer::installed(Debian::Bookworm);
    server.laptop_has_site("hello-wsgi", "blog");
    let outcome = server.laptop("cd blog && git push -q piku main");
    if outcome.status != 0 {
        return Err(outcome.to_string());
    }
    let rows = at_rest(&server);
    let all: u64 = rows.iter().map(|(_, bytes)| bytes).sum();
    for (process, bytes) in &rows {
        println!("{:>8.2} MB  {process}", megabytes(*bytes));
    }
    println!("{:>8.2} MB  in all (limit {} MB)", megabytes(all), LIMIT >> 20);
    if all <= LIMIT { Ok(()) } else { Err("an idle app holds too much memory".to_owned()) }
}

/// The processes once two looks agree.
fn at_rest(server: &BootedServer) -> Vec<Row> {
    let sum = |rows: &[Row]| rows.iter().map(|(_, bytes)| bytes).sum::<u64>();
    let mut rows = look(server);
    for _ in 0..LOOKS {
        thread::sleep(LOOK);
        let before = std::mem::replace(&mut rows, look(server));
        if before.len() == rows.len() && sum(&before).abs_diff(sum(&rows)) <= AGREE {
            break;
        }
    }
    rows
}

fn look(server: &BootedServer) -> Vec<Row> {
    let emperor = server.unit_property("piku.service", "MainPID").parse().unwrap_or(0);
    let tree = server.processes().tree_of(emperor);
    tree.into_iter().map(|process| (shown(&process.command), process.memory())).collect()
}

/// A command without the folders in it.
fn shown(command: &str) -> String {
    let words: Vec<&str> =
        command.split(' ').map(|word| word.rsplit_once('/').map_or(word, |(_, name)| name)).collect();
    words.join(" ")
}

#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
