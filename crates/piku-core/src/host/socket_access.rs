//! Decides who may connect to the sockets of apps that uWSGI runs.

use camino::Utf8Path;
use piku_nginx::Workers;
use piku_uwsgi::Owner;

use super::emperor;
use crate::root::Root;

/// Who may connect to the socket of an app, and thereby run code in it. As few users as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SocketAccess {
    /// Only piku's user: there is no site, or nginx runs as the same user or as root.
    Own,
    /// piku's user and the group of nginx.
    Group(Owner),
    /// Everybody on the machine: nginx runs as another user, and piku's user is not in its group.
    Everybody,
}

/// The process that creates the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Maker {
    pub(crate) user: u32,
    /// The user name, or the number if it has none.
    pub(crate) name: String,
    /// The effective and supplementary groups.
    pub(crate) groups: Vec<u32>,
}

/// The process that connects to the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) group_name: String,
}

impl SocketAccess {
    /// Decides for sockets of the emperor's vassals. `workers` are those of the system's nginx; `None` if the app has
    /// no site.
    pub(crate) fn of(root: &Root, workers: Option<&Workers>) -> Self {
        match workers {
            Some(workers) if !root.own_nginx_conf().is_file() => {
                Self::judge(&maker(&root.emperor_stats()), caller(workers).as_ref())
            }
            _ => Self::Own,
        }
    }

    /// Decides. Without a caller the user of nginx is unknown, so everybody gets access.
    pub(crate) fn judge(maker: &Maker, caller: Option<&Caller>) -> Self {
        let Some(caller) = caller else { return Self::Everybody };
        if caller.user == 0 || caller.user == maker.user {
            return Self::Own;
        }
        if maker.user != 0 && !maker.groups.contains(&caller.group) {
            return Self::Everybody;
        }
        Owner::new(&maker.name, &caller.group_name).map_or(Self::Everybody, Self::Group)
    }

    /// The mode of the socket.
    pub(crate) fn mode(&self) -> u32 {
        match self {
            Self::Own => 0o600,
            Self::Group(_) => 0o660,
            Self::Everybody => 0o666,
        }
    }

    /// The owner to set, if it differs from the maker.
    pub(crate) fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Group(owner) => Some(owner),
            Self::Own | Self::Everybody => None,
        }
    }
}

/// The user and groups of the emperor, which its vassals share; those of this process if no emperor answers.
///
/// The two may differ: a service keeps the groups it was started with, while an ssh session has the current ones.
fn maker(emperor_stats: &Utf8Path) -> Maker {
    let emperor = emperor::ask(emperor_stats).and_then(|stats| {
        let status = procfs::process::Process::new(stats.pid).ok()?.status().ok()?;
        let groups = status.groups.iter().copied();
        Some((status.euid, groups.chain([status.egid]).collect()))
    });
    let (user, groups) = emperor.unwrap_or_else(|| {
        let supplementary = rustix::process::getgroups().unwrap_or_default();
        let groups = supplementary.into_iter().chain([rustix::process::getegid()]);
        (rustix::process::geteuid().as_raw(), groups.map(|id| id.as_raw()).collect())
    });
    let name = nix::unistd::User::from_uid(user.into()).ok().flatten().map(|user| user.name);
    // uWSGI accepts a number too, for a name that is not valid in its configuration.
    let name = name.filter(|name| Owner::new(name, "0").is_ok()).unwrap_or_else(|| user.to_string());
    Maker { user, name, groups }
}

fn caller(workers: &Workers) -> Option<Caller> {
    let user = nix::unistd::User::from_name(&workers.user).ok()??.uid.as_raw();
    let group = nix::unistd::Group::from_name(&workers.group).ok()??.gid.as_raw();
    Some(Caller { user, group, group_name: workers.group.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_open_to_as_few_as_will_do() {
        let maker = |user, groups: &[u32]| Maker { user, name: "piku".to_owned(), groups: groups.to_vec() };
        let caller = |user, group| Caller { user, group, group_name: "www-data".to_owned() };
        let shown = |maker, caller: Option<Caller>| {
            let access = SocketAccess::judge(&maker, caller.as_ref());
            let owner = access.owner().map_or_else(|| "-".to_owned(), Owner::to_string);
            format!("{:o} {owner}", access.mode())
        };
        for (found, expected) in [
            (shown(maker(1000, &[1000, 33]), Some(caller(33, 33))), "660 piku:www-data"),
            (shown(maker(1000, &[33]), Some(caller(33, 33))), "660 piku:www-data"),
            (shown(maker(0, &[0]), Some(caller(33, 33))), "660 piku:www-data"),
            (shown(maker(1000, &[1000]), Some(caller(33, 33))), "666 -"),
            (shown(maker(1000, &[1000]), Some(caller(1000, 33))), "600 -"),
            (shown(maker(1000, &[1000]), Some(caller(0, 0))), "600 -"),
            (shown(maker(1000, &[1000]), None), "666 -"),
        ] {
            assert_eq!(found, expected);
        }
        let odd = Caller { group_name: "domain users".to_owned(), ..caller(33, 33) };
        assert_eq!(shown(maker(0, &[]), Some(odd)), "666 -");
    }

    #[test]
    fn an_app_without_a_site_and_an_nginx_of_our_own_need_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8Path::from_path(folder.path()).unwrap());
        let workers = Workers { user: "nobody".to_owned(), group: "nosuchgroup".to_owned() };
        assert_eq!(SocketAccess::of(&root, None), SocketAccess::Own);
        assert_eq!(SocketAccess::of(&root, Some(&workers)), SocketAccess::Everybody);
        std::fs::create_dir_all(root.own_nginx()).unwrap();
        std::fs::write(root.own_nginx_conf(), "").unwrap();
        assert_eq!(SocketAccess::of(&root, Some(&workers)), SocketAccess::Own);
    }
}
