//! `cargo xtask bench small`: pushes to a server as small as the smallest for rent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use piku_tests::Outcome;
use piku_tests::booted::{BootedServer, Debian, Limits};
use piku_tests::machine::Need;

use crate::{prepare, server, step};

/// The limit for the first push of a WSGI app with a worker.
const FIRST: Duration = Duration::from_secs(20);
/// The limit for the next push, which builds nothing.
const WARM: Duration = Duration::from_millis(1200);
/// The limit for the memory of all programs, in bytes.
const MEMORY: u64 = 160 << 20;

/// How many warm pushes are measured.
const PUSHES: usize = 5;
/// How often memory is sampled.
const LOOK: Duration = Duration::from_millis(20);

/// Measures, and prints a table.
///
/// # Errors
///
/// When something is missing, a push is refused, or a limit is exceeded.
pub(crate) fn run() -> Result<(), String> {
    prepare::prepare(prepare::For::Server)?;
    if let Some(why) = Need::Booted.missing() {
        return Err(why);
    }
    server::build_package()?;
    step::announce("measuring on a server with 256 MB and a quarter of a core");
    let server = BootedServer::installed_within(Debian::Bookworm, Limits::SMALL);
    server.laptop_has_app("hello-wsgi", "blog");
    let site = "cd blog && echo NGINX_SERVER_NAME=blog.example > ENV && git add -A && git commit -q -m site";
    done(&server.laptop(site))?;

    let before = server.memory().programs;
    let (first, most) = watched(&server, || timed(&server));
    let (first, mut warm) = (first?, Vec::new());
    for _ in 0..PUSHES {
        done(&server.laptop("cd blog && sed -i 's/^VERSION = .*/&0/' app.py && git commit -q -a -m next"))?;
        // A person takes longer than that between two pushes.
        server.await_rest();
        warm.push(timed(&server)?);
    }
    let all: Vec<String> = warm.iter().map(|push| format!("{:.2}", push.as_secs_f64())).collect();
    warm.sort();
    let warm = warm[PUSHES / 2];
    let after = server.memory();

    println!("booted in                     {:>8.2} s", server.booted_in().as_secs_f64());
    println!("first push, wsgi and worker   {:>8.2} s   (limit {} s)", first.as_secs_f64(), FIRST.as_secs());
    println!(
        "warm push, median of {PUSHES}        {:>8.2} s   (limit {} s)",
        warm.as_secs_f64(),
        WARM.as_secs_f64()
    );
    println!("                              {}", all.join(", "));
    println!("memory before, programs       {:>8} MB", before >> 20);
    println!("memory, most in a push        {:>8} MB  (limit {} MB)", most >> 20, MEMORY >> 20);
    println!("memory at rest, programs      {:>8} MB", after.programs >> 20);
    println!("memory, with the page cache   {:>8} MB  at most", after.peak >> 20);
    println!("processes refused memory      {:>8}", after.killed);

    let misses = [
        (first > FIRST, "the first push took too long"),
        (warm > WARM, "a warm push took too long"),
        (most > MEMORY, "a push needed too much memory"),
        (after.killed > 0, "a process was refused memory"),
    ];
    let misses: Vec<&str> = misses.into_iter().filter(|(missed, _)| *missed).map(|(_, what)| what).collect();
    if misses.is_empty() { Ok(()) } else { Err(misses.join("; ")) }
}

/// How long a push takes for the user. The client's git and ssh run outside the server's limits.
fn timed(server: &BootedServer) -> Result<Duration, String> {
    let begin = Instant::now();
    let outcome = server.laptop("cd blog && git push -q piku main");
    let took = begin.elapsed();
    done(&outcome).map(|()| took)
}

/// Runs `what`, and returns the peak memory of all programs meanwhile.
fn watched<T>(server: &BootedServer, what: impl FnOnce() -> T) -> (T, u64) {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(server.memory().programs);
                thread::sleep(LOOK);
            }
            most
        });
        let outcome = what();
        ended.store(true, Ordering::Relaxed);
        (outcome, watch.join().unwrap_or(0))
    })
}

fn done(outcome: &Outcome) -> Result<(), String> {
    if outcome.status == 0 { Ok(()) } else { Err(outcome.to_string()) }
}
