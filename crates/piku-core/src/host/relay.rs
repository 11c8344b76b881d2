//! Connects standard input and output of this process to a socket.

use std::fs::File;
use std::io::{copy, stdin, stdout};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use super::HostError;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Copies both ways until the other side closes, or this side does and the other has answered.
///
/// # Errors
/// [`HostError::Connect`] if nobody listens there.
pub fn relay(address: SocketAddr) -> Result<(), HostError> {
    let failed = || move |source| HostError::Connect { address, source };
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(failed())?;
    // Files, since the streams of the library would hold back what comes without a line end.
    let mut input = File::from(stdin().as_fd().try_clone_to_owned().map_err(failed())?);
    let mut output = File::from(stdout().as_fd().try_clone_to_owned().map_err(failed())?);
    let mut there = stream.try_clone().map_err(failed())?;
    // It ends with the process if nothing is read any more.
    std::thread::spawn(move || {
        drop(copy(&mut input, &mut there));
        drop(there.shutdown(Shutdown::Write));
    });
    // Either side may close at any time.
    drop(copy(&mut &stream, &mut output));
    Ok(())
}
