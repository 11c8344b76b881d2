//! Finds out who listens on a TCP port, from the kernel's socket table (`/proc/net/tcp`, proc(5)).

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};

use super::processes::ProcessTree;
use super::{emperor, processes};
use crate::root::Root;

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// Nobody.
    Nobody,
    /// A vassal of the emperor, with its file name.
    Vassal(String),
    /// Another program, with its name if known.
    Stranger(Option<String>),
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
    Listener::Stranger(stranger.map(processes::name))
}

/// Whether `ancestor` or one of its descendants listens on `address`.
///
/// Returns true if a process can't be examined, since the socket may be its own.
pub(crate) fn is_held_below(address: SocketAddr, ancestor: i32) -> bool {
    let sockets = listening(address);
    !sockets.is_empty()
        && holder(&sockets, &with_below(&ProcessTree::read_below(ancestor), ancestor)) != Holder::None
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
        let root = Root::new("/nowhere");
        assert!(
            matches!(listener(&root, address), Listener::Stranger(Some(name)) if name.contains(&me.to_string()))
        );
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
