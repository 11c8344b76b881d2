//! Checks whether nginx can access piku's sockets and sites.

use crate::host::facts::Nginx;
use crate::host::reach::{Obstacle, Visitor, Wish};
use crate::host::socket_access::SocketAccess;
use crate::root::Root;

/// The access of the system's nginx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// The user of its workers.
    pub(crate) user: String,
    /// Their group.
    pub(crate) group: String,
    /// The first folder they can't enter.
    pub(crate) obstacle: Option<Obstacle>,
    /// Whether sockets must be open to everybody for the workers to connect.
    pub(crate) open_sockets: bool,
}

/// Checks the path to the sockets. piku's own nginx always has access.
pub(super) fn look(root: &Root, nginx: Option<&Nginx>) -> Access {
    let Some(nginx) = nginx.filter(|_| !root.own_nginx_conf().is_file()) else { return Access::default() };
    let visitor = Visitor::nginx(&nginx.workers);
    Access {
        user: nginx.workers.user.clone(),
        group: nginx.workers.group.clone(),
        obstacle: visitor.and_then(|visitor| visitor.obstacle(&root.run(), Wish::Enter)),
        open_sockets: SocketAccess::of(root, Some(&nginx.workers)) == SocketAccess::Everybody,
    }
}
