//! The file from which nginx knows the users of a site: readable by nginx, and by as few others as possible.

use super::{HostError, Surroundings, facts, files};
use crate::app::AppName;
use crate::gate::users::Users;
use crate::root::Root;

/// Who reads the file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reader {
    /// The user of piku, or root.
    Own,
    /// The group of nginx's workers.
    Group(u32),
}

/// The users of an app.
pub(crate) fn read(root: &Root, app: &AppName) -> Result<Users, HostError> {
    Ok(Users::parse(&files::read_text(&root.users(app))?.unwrap_or_default()))
}

/// Writes the users of an app. nginx reads the file for each request, so it needs no reload.
pub(crate) fn write(
    root: &Root,
    surroundings: &Surroundings,
    app: &AppName,
    users: &Users,
) -> Result<(), HostError> {
    let path = root.users(app);
    let reader = reader(root, surroundings)?;
    // Opened to its readers before it has its name: no request meanwhile finds a file that nginx can't read.
    let new = path.with_file_name(format!(".piku-{}-{app}.users", std::process::id()));
    files::write(&new, users.to_string().as_bytes(), 0o600)?;
    if let Reader::Group(group) = reader {
        std::os::unix::fs::chown(&new, None, Some(group))
            .map_err(HostError::file("set the group of", &new))?;
        files::set_mode(&new, 0o640)?;
    }
    files::rename(&new, &path)
}

/// Makes sure that there is a file that nginx can read, even without users: nobody gets in then.
pub(crate) fn ensure(root: &Root, surroundings: &Surroundings, app: &AppName) -> Result<Users, HostError> {
    let users = read(root, app)?;
    write(root, surroundings, app, &users)?;
    Ok(users)
}

fn reader(root: &Root, surroundings: &Surroundings) -> Result<Reader, HostError> {
    if root.own_nginx_conf().is_file() {
        return Ok(Reader::Own);
    }
    let workers = facts::known_nginx(surroundings, &root.build_cache().join(facts::NGINX))?.workers;
    let unknown = || HostError::NotInGroup { group: workers.group.clone() };
    let user = nix::unistd::User::from_name(&workers.user).ok().flatten().ok_or_else(unknown)?;
    let group = nix::unistd::Group::from_name(&workers.group).ok().flatten().ok_or_else(unknown)?;
    let own = rustix::process::geteuid();
    if user.uid.is_root() || user.uid.as_raw() == own.as_raw() {
        return Ok(Reader::Own);
    }
    let groups = rustix::process::getgroups().unwrap_or_default();
    let mut ours = groups.into_iter().chain([rustix::process::getegid()]).map(|group| group.as_raw());
    let group = group.gid.as_raw();
    if own.is_root() || ours.any(|one| one == group) { Ok(Reader::Group(group)) } else { Err(unknown()) }
}
