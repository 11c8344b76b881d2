//! Checks whether another user can access a file, and what prevents it.

use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::Workers;

/// A user with its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) name: String,
    pub(crate) user: u32,
    pub(crate) groups: Vec<u32>,
}

/// The kind of access to the file itself. Every folder on the path needs [`Wish::Enter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Enter a folder.
    Enter,
    /// Read a file.
    Read,
    /// Connect to a socket.
    Connect,
}

/// The first file or folder that denies access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) path: Utf8PathBuf,
    pub(crate) mode: u32,
    pub(crate) wish: Wish,
}

impl Visitor {
    /// The workers of nginx; `None` if there is no such user.
    pub(crate) fn nginx(workers: &Workers) -> Option<Self> {
        let user = nix::unistd::User::from_name(&workers.user).ok()??;
        let group = nix::unistd::Group::from_name(&workers.group).ok()??.gid;
        // nginx uses all groups of its user.
        let name = std::ffi::CString::new(workers.user.as_str()).ok()?;
        let groups = nix::unistd::getgrouplist(&name, group).unwrap_or_else(|_| vec![group]);
        let groups = groups.into_iter().map(nix::unistd::Gid::as_raw).collect();
        Some(Self { name: workers.user.clone(), user: user.uid.as_raw(), groups })
    }

    /// Finds the first obstacle on a path, following links. A file with an access control list (acl(5)) never counts as
    /// one, since its mode does not tell the whole story.
    pub(crate) fn obstacle(&self, path: &Utf8Path, wish: Wish) -> Option<Obstacle> {
        let real = path.canonicalize_utf8().ok()?;
        // A link and its target may be in different folders, and nginx passes through both.
        let folders = |path: &Utf8Path| {
            let mut folders: Vec<Utf8PathBuf> = path.ancestors().skip(1).map(Utf8Path::to_owned).collect();
            folders.reverse();
            folders
        };
        let mut steps: Vec<(Utf8PathBuf, Wish)> =
            folders(path).into_iter().chain(folders(&real)).map(|folder| (folder, Wish::Enter)).collect();
        steps.push((real, wish));
        steps.into_iter().find_map(|(path, wish)| {
            let metadata = std::fs::metadata(&path).ok()?;
            let may =
                self.may(metadata.uid(), metadata.gid(), metadata.mode(), wish) || has_access_list(&path);
            (!may).then(|| Obstacle { path, mode: metadata.mode() & 0o7777, wish })
        })
    }

    fn may(&self, owner: u32, group: u32, mode: u32, wish: Wish) -> bool {
        let bit = match wish {
            Wish::Enter => 0o1,
            Wish::Connect => 0o2,
            Wish::Read => 0o4,
        };
        let shift = match () {
            () if self.user == 0 => return true,
            () if self.user == owner => 6,
            () if self.groups.contains(&group) => 3,
            () => 0,
        };
        mode & (bit << shift) != 0
    }
}

impl Obstacle {
    /// What is denied, and the mode: "enter `/home/piku` (mode 700)".
    pub(crate) fn shown(&self) -> String {
        let verb = match self.wish {
            Wish::Enter => "enter",
            Wish::Read => "read",
            Wish::Connect => "connect to",
        };
        format!("{verb} `{}` (mode {:o})", self.path, self.mode)
    }

    /// The command with which the owner grants access. Everybody may then enter a folder, but not list it.
    pub(crate) fn way_out(&self) -> String {
        let bits = match self.wish {
            Wish::Enter => 0o111,
            Wish::Read => 0o444,
            Wish::Connect => 0o666,
        };
        format!("chmod {:o} {}", self.mode | bits, self.path)
    }
}

fn has_access_list(path: &Utf8Path) -> bool {
    rustix::fs::getxattr(path.as_std_path(), "system.posix_acl_access", &mut [0_u8; 0])
        .is_ok_and(|size| size > 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_class_of_the_visitor_decides_and_no_other() {
        let visitor = Visitor { name: "www-data".to_owned(), user: 33, groups: vec![33, 50] };
        for (owner, group, mode, wish, may) in [
            (1000, 1000, 0o711, Wish::Enter, true),
            (1000, 1000, 0o700, Wish::Enter, false),
            (1000, 33, 0o750, Wish::Enter, true),
            (1000, 50, 0o710, Wish::Enter, true),
            (1000, 33, 0o701, Wish::Enter, false),
            (33, 1000, 0o077, Wish::Enter, false),
            (1000, 33, 0o660, Wish::Connect, true),
            (1000, 33, 0o640, Wish::Connect, false),
            (1000, 1000, 0o660, Wish::Connect, false),
            (1000, 1000, 0o666, Wish::Connect, true),
            (1000, 1000, 0o644, Wish::Read, true),
            (1000, 1000, 0o640, Wish::Read, false),
        ] {
            assert_eq!(visitor.may(owner, group, mode, wish), may, "{owner} {group} {mode:o} {wish:?}");
        }
        let root = Visitor { user: 0, ..visitor };
        assert!(root.may(1000, 1000, 0, Wish::Enter));
    }

    #[test]
    fn the_first_obstacle_is_found_on_either_side_of_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap().join(name)).unwrap()
        };
        let mode = |name: &str, mode| {
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for name in ["home", "home/links", "home/run"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::write(at("home/run/file"), "").unwrap();
        symlink("../run/file", at("home/links/file")).unwrap();
        mode("", 0o755);
        let nobody = Visitor { name: "nobody".to_owned(), user: u32::MAX - 1, groups: vec![u32::MAX - 1] };
        let find = || nobody.obstacle(&at("home/links/file"), Wish::Read).map(|found| found.shown());

        mode("home/run/file", 0o640);
        assert_eq!(find(), Some(format!("read `{}` (mode 640)", at("home/run/file"))));
        mode("home/run", 0o700);
        assert_eq!(find(), Some(format!("enter `{}` (mode 700)", at("home/run"))));
        mode("home", 0o750);
        assert_eq!(find(), Some(format!("enter `{}` (mode 750)", at("home"))));
        let found = nobody.obstacle(&at("home/links/file"), Wish::Read).unwrap();
        assert_eq!(found.way_out(), format!("chmod 751 {}", at("home")));
        for (name, open) in [("home", 0o711), ("home/run", 0o711), ("home/run/file", 0o644)] {
            mode(name, open);
        }
        assert_eq!(find(), None);
    }
}
