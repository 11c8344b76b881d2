//! Whether a port has connections, from the kernel's table of sockets (`/proc/net/tcp`, proc(5)).

use procfs::net::TcpState;

/// Whether this port has a connection, including half-closed ones on which the client waits for an answer.
pub(crate) fn has_connections(port: u16) -> bool {
    let open = [TcpState::Established, TcpState::CloseWait];
    // A machine without IPv6 has no table of it.
    let mut table = [procfs::net::tcp(), procfs::net::tcp6()].into_iter().flatten().flatten();
    table.any(|entry| entry.local_address.port() == port && open.contains(&entry.state))
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_counts_until_its_answer_was_given() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        assert!(!has_connections(port));
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(has_connections(port));
        client.shutdown(Shutdown::Write).unwrap();
        assert!(has_connections(port));
        drop((server, client));
        assert!(!has_connections(port));
    }
}
