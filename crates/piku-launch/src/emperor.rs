//! How uWSGI's emperor and its vassal talk: one byte at a time, through a socket that the emperor leaves open.
//!
//! A launcher that is the vassal itself takes the emperor's orders as uWSGI does.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use rustix::io::{Errno, IoSliceMut};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// The variable with the number of the socket.
pub(crate) const SOCKET: &str = "UWSGI_EMPEROR_FD";

/// Tells the emperor that this vassal did its work: if it ends, it starts again at once.
const LOYAL: u8 = 17;
/// The emperor's order to start anew. All others are orders to end, sooner or later.
const RELOAD: u8 = 1;

/// What the emperor orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// To end. Also what a dead emperor orders.
    End,
    /// To start anew.
    Reload,
}

/// The vassal's end of the socket.
#[derive(Debug)]
pub(crate) struct Emperor(OwnedFd);

impl Emperor {
    /// Takes the socket with this number, which programs started from now on don't inherit.
    pub(crate) fn take(number: RawFd) -> std::io::Result<Self> {
        let socket = owned(number)?;
        nix::unistd::close(number)?;
        Ok(Self(socket))
    }

    /// The order that has arrived, if any.
    pub(crate) fn order(&self) -> Option<Order> {
        let mut byte = [0];
        match rustix::net::recv(&self.0, &mut byte, RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN | Errno::INTR) => None,
            Ok((1, _)) if byte[0] == RELOAD => Some(Order::Reload),
            Ok(_) | Err(_) => Some(Order::End),
        }
    }

    /// Tells the emperor that the vassal runs well.
    pub(crate) fn tell_loyalty(&self) {
        let _ = rustix::net::send(&self.0, &[LOYAL], rustix::net::SendFlags::NOSIGNAL);
    }
}

impl AsFd for Emperor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A descriptor of our own for an inherited number. It is sent through a socket, since the number alone can't be
/// owned without unsafe code.
fn owned(number: RawFd) -> std::io::Result<OwnedFd> {
    let (from, to) = UnixStream::pair()?;
    let rights = [number];
    sendmsg::<()>(
        from.as_raw_fd(),
        &[IoSlice::new(&[0])],
        &[ControlMessage::ScmRights(&rights)],
        MsgFlags::empty(),
        None,
    )?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(&to, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut rights) = message
            && let Some(socket) = rights.next()
        {
            return Ok(socket);
        }
    }
    Err(std::io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::IntoRawFd;

    use super::*;

    #[test]
    fn orders_arrive_through_a_socket_that_is_only_known_by_its_number() {
        let (mut emperor, vassal) = UnixStream::pair().unwrap();
        let number = vassal.into_raw_fd();
        let taken = Emperor::take(number).unwrap();
        assert!(nix::unistd::close(number).is_err(), "the number is closed");
        assert_eq!(taken.order(), None);
        emperor.write_all(&[RELOAD, 0]).unwrap();
        assert_eq!(
            [taken.order(), taken.order(), taken.order()],
            [Some(Order::Reload), Some(Order::End), None]
        );
        drop(emperor);
        assert_eq!(taken.order(), Some(Order::End));
        assert!(Emperor::take(number).is_err());
    }
}
