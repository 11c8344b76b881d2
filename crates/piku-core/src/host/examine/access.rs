//! Whether nginx may go where piku's sockets and sites are.

use crate::host::facts::Nginx;
use crate::host::reach::{Obstacle, Visitor, Wish};
use crate::host::socket_access::SocketAccess;
use crate::root::Root;

/// What the machine's nginx meets on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// Whom its workers run as.
    pub(crate) user: String,
    /// Their group.
    pub(crate) group: String,
    /// The first folder that they can't go through.
    pub(crate) obstacle: Option<Obstacle>,
    /// Whether sockets have to be open to everybody for them to get there.
    pub(crate) open_sockets: bool,
}

/// Looks at the way to the sockets; an nginx of our own meets nothing.
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
