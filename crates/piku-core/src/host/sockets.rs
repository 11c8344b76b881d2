//! Finds out who listens on a TCP port, from the kernel's socket table (`/proc/net/tcp`, proc(5)).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use camino::Utf8Path;
use procfs::net::{TcpNetEntry, TcpState, UnixState};
use procfs::process::{FDTarget, Process};

use super::emperor;
use super::processes::ProcessTree;
use crate::root::Root;

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// Nobody.
    Nobody,
    /// A vassal of the emperor, with its file name.
    Vassal(String),
    /// Another program, with its process id if known.
    Stranger(Option<i32>),
}

/// Who already listens on a socket that would conflict with `address`.
pub(crate) fn listener(root: &Root, address: SocketAddr) -> Listener {
    let sockets = listening(address);
    if sockets.is_empty() {
        return Listener::Nobody;
    }
    let stats = emperor::ask(&root.emperor_stats()).unwrap_or_default();
    let tree = ProcessTree::read();
    for vassal in stats.vassals {
        if holder(&sockets, &with_below(&tree, vassal.pid)) == Holder::One {
            return Listener::Vassal(vassal.id);
        }
    }
    let all = procfs::process::all_processes().into_iter().flatten().flatten();
    let stranger = all.map(|process| process.pid).find(|pid| holder(&sockets, &[*pid]) == Holder::One);
    Listener::Stranger(stranger)
}

/// Whether `ancestor` or one of its descendants listens on `address`.
///
/// Returns true if a process can't be examined, since the socket may be its own.
pub(crate) fn is_held_below(address: SocketAddr, ancestor: i32) -> bool {
    let sockets = listening(address);
    !sockets.is_empty()
        && holder(&sockets, &with_below(&ProcessTree::read_below(ancestor), ancestor)) != Holder::None
}

/// The addresses of this port on which `ancestor` or one of its descendants listens. Leaves out processes that can't be
/// examined.
pub(crate) fn bound_below(port: u16, ancestor: i32) -> Vec<IpAddr> {
    let listens = |entry: &TcpNetEntry| entry.state == TcpState::Listen && entry.local_address.port() == port;
    let sockets: Vec<TcpNetEntry> = table().filter(listens).collect();
    if sockets.is_empty() {
        return Vec::new();
    }
    let processes = with_below(&ProcessTree::read_below(ancestor), ancestor);
    let own = |entry: &&TcpNetEntry| holder(&[entry.inode].into(), &processes) == Holder::One;
    sockets.iter().filter(own).map(|entry| entry.local_address.ip().to_canonical()).collect()
}

/// Whether a connection to one of these processes or their descendants is open: over TCP to a port on which they listen,
/// or to the unix socket that they bound to `socket`.
pub(crate) fn has_connections(ancestors: &[i32], socket: &Utf8Path) -> bool {
    let tree = ProcessTree::read();
    let all: Vec<i32> = ancestors.iter().flat_map(|ancestor| with_below(&tree, *ancestor)).collect();
    let tcp: Vec<TcpNetEntry> = table().collect();
    let own = |entry: &&TcpNetEntry| {
        entry.state == TcpState::Listen && holder(&[entry.inode].into(), &all) == Holder::One
    };
    let ports: BTreeSet<u16> = tcp.iter().filter(own).map(|entry| entry.local_address.port()).collect();
    let is_open = |state: &TcpState| matches!(state, TcpState::Established | TcpState::CloseWait);
    if tcp.iter().any(|entry| is_open(&entry.state) && ports.contains(&entry.local_address.port())) {
        return true;
    }
    let unix = procfs::net::unix().into_iter().flatten();
    unix.filter(|entry| entry.state == UnixState::CONNECTED)
        .any(|entry| entry.path.as_deref() == Some(socket.as_std_path()))
}

/// The address that this machine uses in its network; `None` without a network. Nothing is sent.
pub(crate) fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documentation (RFC 5737): it has the same route as any other on the internet.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

fn with_below(tree: &ProcessTree, ancestor: i32) -> Vec<i32> {
    let mut all = tree.below(ancestor);
    all.push(ancestor);
    all
}

/// The inodes of listening sockets that conflict with `address`.
fn listening(address: SocketAddr) -> BTreeSet<u64> {
    let listens = table().filter(|entry| entry.state == TcpState::Listen);
    listens.filter(|entry| meet(entry.local_address, address)).map(|entry| entry.inode).collect()
}

/// The tables for IPv4 and IPv6. A machine without IPv6 has only one.
fn table() -> impl Iterator<Item = TcpNetEntry> {
    [procfs::net::tcp(), procfs::net::tcp6()].into_iter().flatten().flatten()
}

/// Whether two listening sockets conflict: same port, and the same address or a wildcard.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let (here, there) = (one.ip().to_canonical(), other.ip().to_canonical());
    // `::` includes IPv4 (ipv6(7)); `0.0.0.0` does not include IPv6.
    let all = |ip: IpAddr, of: IpAddr| ip.is_unspecified() && (ip.is_ipv6() || of.is_ipv4());
    one.port() == other.port() && (here == there || all(here, there) || all(there, here))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    None,
    /// Possibly one that can't be examined.
    Perhaps,
    One,
}

/// Whether one of the processes holds one of the sockets.
fn holder(sockets: &BTreeSet<u64>, pids: &[i32]) -> Holder {
    let mut found = Holder::None;
    for process in pids.iter().filter_map(|pid| Process::new(*pid).ok()) {
        let Ok(open) = process.fd() else {
            found = Holder::Perhaps;
            continue;
        };
        for file in open.flatten() {
            if matches!(file.target, FDTarget::Socket(inode) if sockets.contains(&inode)) {
                return Holder::One;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_is_seen_and_known_by_its_process() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(is_held_below(address, me));
        assert_eq!(bound_below(address.port(), me), [address.ip()]);
        let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = everywhere.local_addr().unwrap().port();
        assert_eq!(bound_below(port, me), [IpAddr::V4(Ipv4Addr::UNSPECIFIED)]);
        let root = Root::new("/nowhere");
        assert_eq!(listener(&root, address), Listener::Stranger(Some(me)));
        let has = || has_connections(&[me], "/nowhere/blog.sock".into());
        assert!(!has());
        let client = std::net::TcpStream::connect(address).unwrap();
        assert!(has(), "a connection that nobody has accepted yet counts");
        drop(client);
        drop(server);
        assert_eq!(listener(&root, address), Listener::Nobody);
    }

    #[test]
    fn all_addresses_meet_each_of_them() {
        let meets = |one: &str, other: &str| meet(one.parse().unwrap(), other.parse().unwrap());
        for (one, other, wanted) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
            ("0.0.0.0:80", "127.0.0.2:80", true),
            ("[::]:80", "127.0.0.2:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
        ] {
            assert_eq!((meets(one, other), meets(other, one)), (wanted, wanted), "{one} {other}");
        }
    }
}
