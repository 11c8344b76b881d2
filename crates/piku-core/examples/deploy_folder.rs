//! Deploys a folder and prints what happens: `cargo run --example deploy_folder -- APP FOLDER`.
//!
//! An emperor must be running for the same root (`piku emperor`), and `PIKU` name the `piku` program.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its environment and prints"
)]

use piku_core::{Actor, AppName, Event, Piku, Root, Surroundings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, app, folder] = words.as_slice() else { return Err("usage: deploy_folder APP FOLDER".into()) };
    let app: AppName = app.parse()?;
    let root = Root::new(std::env::var("PIKU_ROOT")?);
    let user = std::env::var("USER").unwrap_or_else(|_| "piku".into());
    let surroundings = Surroundings::new(user, std::env::var("HOME")?, std::env::var("PIKU")?)
        .with_path(std::env::var("PATH")?);
    let piku = Piku::new(root, surroundings);
    let done =
        piku.deploy_folder(&app, folder.as_str().into(), &Actor::default(), &mut |event| match event {
            Event::Stage(text) => println!("{text}"),
            Event::Output(line) => println!("    {line}"),
            other => println!("{other:?}"),
        })?;
    println!("release {} answers at {}", done.release, done.addresses.join(" "));
    Ok(())
}
