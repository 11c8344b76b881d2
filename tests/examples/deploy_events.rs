//! Deploys a folder and writes what happens as JSON, a line an event: `cargo run --example deploy_events -- APP FOLDER`.
//! With a third word, `try`, the new processes start and are checked, and end again.
//!
//! The last line is the result: `{"done": …}`, `{"healthy": …}`, or `{"refused": …}` and exit status 1. Ctrl-C before the release is live
//! ends the deploy, and nothing has changed.
//!
//! An emperor must be running for the same root (`piku emperor`), and `PIKU` name the `piku` program.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its environment and prints"
)]

use std::error::Error;
use std::process::ExitCode;
use std::{env, thread};

use piku_core::{Actor, AppName, Cancel, Event, Piku, Root, Surroundings};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<String> = env::args().collect();
    let (app, folder, tries) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, app, folder] => (app, folder, false),
        [_, app, folder, "try"] => (app, folder, true),
        _ => return Err("usage: deploy_events APP FOLDER [try]".into()),
    };
    let app: AppName = app.parse()?;
    let user = env::var("USER").unwrap_or_else(|_| "piku".into());
    let surroundings =
        Surroundings::new(user, env::var("HOME")?, env::var("PIKU")?).with_path(env::var("PATH")?);

    // A deploy blocks its thread for as long as a build takes; another one may end it.
    let cancel = Cancel::default();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let by_signal = cancel.clone();
    thread::spawn(move || signals.forever().for_each(|_| by_signal.cancel()));

    let piku = Piku::new(Root::new(env::var("PIKU_ROOT")?), surroundings).cancelled_by(&cancel);
    let (actor, mut report) = (Actor::named("fleet"), |event: Event<'_>| println!("{}", json!(event)));
    let result = piku.prepare_folder(&app, folder.into(), &actor, &mut report).and_then(|prepared| {
        if !tries {
            return Ok(json!({ "done": prepared.go_live(&mut report)? }));
        }
        let started = prepared.start(&mut report)?;
        let release = started.release();
        started.stop(&mut report)?;
        Ok(json!({ "healthy": release }))
    });
    match result {
        Ok(result) => println!("{result}"),
        Err(error) => {
            println!("{}", json!({ "refused": error }));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
