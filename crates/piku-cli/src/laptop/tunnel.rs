//! `tunnel`: a port of this machine leads to the app's own port on the server, and to nothing else there.
//!
//! Keys may not forward ports. So each connection to the local port becomes a session in which the server connects
//! standard input and output to the app.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use piku_core::AppName;

use super::connection::{Connection, Form};
use super::error::LaptopError;
use super::{exit_code, forward};
use crate::ui::{Ui, complain};

/// Listens until it is interrupted.
pub(super) fn tunnel(app: &AppName, port: u16, connection: &Connection, ui: &Ui) -> Result<i32, LaptopError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|source| LaptopError::Listen { port, source })?;
    // Before anybody connects: the server says if it can't, and the connection that all others use is made.
    let words = ["app-connect", app.as_str(), "--check"].map(str::to_owned);
    let mut check = forward::command(connection, Form::Data, &words)?;
    let status = check.stdout(Stdio::null()).status().map_err(LaptopError::start("ssh"))?;
    match exit_code::of(status) {
        0 => {}
        forward::FAILED => return Err(LaptopError::Unreached(connection.server())),
        status => return Ok(status),
    }
    let port = listener.local_addr().map_or(port, |address| address.port());
    ui.done(format_args!("http://127.0.0.1:{port}/ leads to {app}, until Ctrl-C"));
    for stream in listener.incoming().flatten() {
        let words = ["app-connect", app.as_str()].map(str::to_owned);
        let mut ssh = forward::command(connection, Form::Data, &words)?;
        let started = ends(stream).and_then(|(input, output)| {
            ssh.stdin(input).stdout(output).spawn().map_err(LaptopError::start("ssh"))
        });
        match started {
            // Ended when either side closes.
            Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
            Err(error) => complain(format_args!("error: {error}")),
        }
    }
    Ok(0)
}

/// Both directions of a connection, for a program.
fn ends(stream: TcpStream) -> Result<(Stdio, Stdio), LaptopError> {
    let other = stream.try_clone().map_err(LaptopError::start("ssh"))?;
    Ok((OwnedFd::from(stream).into(), OwnedFd::from(other).into()))
}
