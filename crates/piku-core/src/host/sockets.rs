//! Who listens on a TCP port, by the kernel's table of sockets (`/proc/net/tcp`, proc(5)).

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
    /// A vassal of the emperor, by the name of its file.
    Vassal(String),
    /// Any other program, with its name where that may be known.
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

/// Whether the socket at `address` is that of `ancestor` or a process below it.
///
/// Where the system does not let us look into a process, the answer is yes: it may well be.
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

/// The sockets that listen where `address` is, by inode.
fn listening(address: SocketAddr) -> BTreeSet<u64> {
    let listens = table().filter(|entry| entry.state == TcpState::Listen);
    listens.filter(|entry| meet(entry.local_address, address)).map(|entry| entry.inode).collect()
}

/// A machine without IPv6 has no table of it.
fn table() -> impl Iterator<Item = TcpNetEntry> {
    [procfs::net::tcp(), procfs::net::tcp6()].into_iter().flatten().flatten()
}

/// Whether two sockets can't both listen: same port, and same address or all addresses.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let (here, there) = (one.ip().to_canonical(), other.ip().to_canonical());
    // `::` takes IPv4 as well (ipv6(7)), `0.0.0.0` takes nothing of IPv6.
    let all = |ip: IpAddr, of: IpAddr| ip.is_unspecified() && (ip.is_ipv6() || of.is_ipv4());
    one.port() == other.port() && (here == there || all(here, there) || all(there, here))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    None,
    /// One of the processes that we may not look into, if any.
    Perhaps,
    One,
}

/// Whether one of the processes has one of the sockets.
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
