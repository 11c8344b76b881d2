//! The user that a server runs as.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use camino::Utf8Path;
use nix::unistd::Group;

use crate::machine;

/// The group of nginx's workers on Debian and its like.
pub const NGINX_GROUP: &str = "www-data";

/// The name of a server's ordinary user, and of that user's own group.
const NAME: &str = "piku";

/// The user that a server runs as, and its membership in nginx's group.
///
/// The users exist only in the server's [`Namespace`](crate::namespace::Namespace); nothing is added to the machine.
/// Each ordinary user has a uid, the same for every server, so that the next server of that user can reuse what one
/// has downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// An ordinary user whose primary group is nginx's.
    PrimaryGroup,
    /// An ordinary user with a group of its own, and nginx's as a supplementary group.
    SupplementaryGroup,
    /// An ordinary user who is not in nginx's group.
    NoGroup,
    /// root.
    Root,
    /// The user who runs the tests, on the machine itself: only root can make other users.
    Tester,
}

impl Account {
    /// The ordinary users.
    const ORDINARY: [Self; 3] = [Self::PrimaryGroup, Self::SupplementaryGroup, Self::NoGroup];

    /// The user for the servers of the running test, an ordinary one chosen by the test's name: always the same for a
    /// test.
    ///
    /// Without a name, the users take turns.
    #[must_use]
    pub fn of_this_test() -> Self {
        static TURN: AtomicU64 = AtomicU64::new(0);
        if !machine::has_namespaces() {
            return Self::Tester;
        }
        let number = match std::thread::current().name() {
            Some(name) if name != "main" => {
                // A hasher without random keys gives the same number in every run.
                let mut hasher = DefaultHasher::new();
                name.hash(&mut hasher);
                hasher.finish()
            }
            _ => TURN.fetch_add(1, Ordering::Relaxed),
        };
        Self::ORDINARY[usize::try_from(number % 3).expect("a number below three fits")]
    }

    /// This user, or [`Tester`](Self::Tester) if users can't be made.
    #[must_use]
    pub(crate) fn or_tester(self) -> Self {
        if machine::has_namespaces() { self } else { Self::Tester }
    }

    /// The user's name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::PrimaryGroup | Self::SupplementaryGroup | Self::NoGroup => NAME.to_owned(),
            Self::Root => "root".to_owned(),
            Self::Tester => machine::user(),
        }
    }

    /// The name of the user's cache folder.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::PrimaryGroup => "primary-group",
            Self::SupplementaryGroup => "supplementary-group",
            Self::NoGroup => "no-group",
            Self::Root => "root",
            Self::Tester => "tester",
        }
    }

    /// The uid and gid, if they differ from the tester's.
    pub(crate) fn ids(self) -> Option<(u32, u32)> {
        let own = self.own_number()?;
        Some((own, if self == Self::PrimaryGroup { nginx_group() } else { own }))
    }

    /// Above the ids that Debian gives to people, below those that it reserves.
    fn own_number(self) -> Option<u32> {
        match self {
            Self::PrimaryGroup => Some(47_101),
            Self::SupplementaryGroup => Some(47_102),
            Self::NoGroup => Some(47_103),
            Self::Root | Self::Tester => None,
        }
    }

    /// `/etc/passwd`: the machine's users, and this one with its home.
    pub(crate) fn passwd(self, home: &Utf8Path) -> String {
        let (user, group) = self.ids().unwrap_or((0, 0));
        let line = format!("{}:*:{user}:{group}::{home}:/bin/sh\n", self.name());
        line + &others("/etc/passwd", &self.name())
    }

    /// `/etc/group`: the machine's groups, this user's own, and this user's memberships.
    pub(crate) fn group(self) -> String {
        let Some(number) = self.own_number() else { return others("/etc/group", "") };
        let mut text = format!("{NAME}:x:{number}:\n");
        for line in others("/etc/group", NAME).lines() {
            let joins = self == Self::SupplementaryGroup && line.starts_with(&format!("{NGINX_GROUP}:"));
            let comma = if !joins || line.ends_with(':') { "" } else { "," };
            text += &format!("{line}{comma}{}\n", if joins { NAME } else { "" });
        }
        text
    }
}

/// The lines of such a file without that of `name`.
fn others(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file} can't be read: {error}"));
    let about = |line: &&str| line.split(':').next() == Some(name);
    text.lines().filter(|line| !about(line)).map(|line| format!("{line}\n")).collect()
}

fn nginx_group() -> u32 {
    let group = Group::from_name(NGINX_GROUP).ok().flatten();
    group.unwrap_or_else(|| panic!("this machine has no group `{NGINX_GROUP}`")).gid.as_raw()
}
