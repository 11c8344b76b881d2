//! `cargo xtask server`: a whole Debian with the present piku installed, to look around in.

use std::time::Instant;

use piku_tests::booted::{self, BootedServer, Debian};
use piku_tests::machine::Need;

use crate::{dist, prepare, step};

/// Boots a server, opens a root shell in it, and removes it when the shell ends.
///
/// # Errors
///
/// When something is missing that booting needs.
pub(crate) fn run(debian: Debian) -> Result<(), String> {
    prepare::prepare(prepare::For::Server)?;
    if let Some(why) = Need::Booted.missing() {
        return Err(why);
    }
    build_package()?;
    let package = booted::package();
    step::announce(&format!("booting {debian}"));
    if let Some(package) = &package {
        println!("    with {package}");
    } else {
        println!("    without piku: target/dist holds no package");
    }
    let begin = Instant::now();
    let installed = package.is_some();
    let server = if installed { BootedServer::installed(debian) } else { BootedServer::boot(debian) };
    println!(
        "    done in {:.1} s, {:.1} s of it for the boot",
        begin.elapsed().as_secs_f64(),
        server.booted_in().as_secs_f64()
    );

    let init = server.init_id();
    step::announce("a shell of root's; leave it and the server is gone");
    println!("    its files        {}", server.files());
    println!("    another shell    nsenter --target {init} --all bash");
    println!("    a request        nsenter --target {init} --net curl -H 'Host: NAME' http://127.0.0.1/");
    println!(
        "    in it, the user  `laptop` has a key that piku knows: su - laptop, then git push piku@my.server:NAME"
    );
    println!("    no network: packages come from apt's cache, wheels from /opt/wheels");
    // Any exit status of the shell is fine.
    let ended = server.shell().status();
    ended.map_err(|error| format!("no shell could be started in the server: {error}"))?;
    drop(server);
    println!("    the server is gone");
    Ok(())
}

/// Makes the package of the present source, as `cargo xtask dist` does.
pub(crate) fn build_package() -> Result<(), String> {
    dist::run(&dist::DistOptions::default())
}
