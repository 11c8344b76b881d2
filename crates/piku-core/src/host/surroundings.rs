//! What piku knows about the process it runs in.

use camino::{Utf8Path, Utf8PathBuf};

/// The folders of system programs.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What piku knows about the process it runs in. The embedding program reads it once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Surroundings {
    /// The home folder of the user that apps run as.
    pub home: Utf8PathBuf,
    /// The name of that user.
    pub user: String,
    /// Folders with programs, as in `PATH`. The usual system folders are appended.
    pub path: String,
    /// The `piku` program, which hooks call. The launcher, `piku-launch`, is in the same folder.
    pub program: Utf8PathBuf,
    /// The command line that reloads nginx. Without one, `PIKU_NGINX_RELOAD` of the server's settings is used; without
    /// that either, something else must reload it.
    pub nginx_reload: Option<String>,
    /// The maximum number of processes of one kind. Without one, `PIKU_MAX_PROCESSES` of the server's settings, or 64.
    pub max_processes: Option<u32>,
}

impl Surroundings {
    /// Apps run as `user`, whose folder is `home`; `program` is an executable `piku` of the same version as this crate.
    ///
    /// Programs are looked for in the usual folders, and the server's settings decide the rest.
    #[must_use]
    pub fn new(
        user: impl Into<String>,
        home: impl Into<Utf8PathBuf>,
        program: impl Into<Utf8PathBuf>,
    ) -> Self {
        Self {
            home: home.into(),
            user: user.into(),
            path: String::new(),
            program: program.into(),
            nginx_reload: None,
            max_processes: None,
        }
    }

    /// Looks for programs in these folders first, which are divided by colons as in `PATH`.
    #[must_use]
    pub fn with_path(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Sets the command line that makes nginx read its configuration anew.
    #[must_use]
    pub fn with_nginx_reload(self, command: impl Into<String>) -> Self {
        Self { nginx_reload: Some(command.into()), ..self }
    }

    /// Sets the most processes of one kind.
    #[must_use]
    pub fn with_max_processes(self, most: u32) -> Self {
        Self { max_processes: Some(most), ..self }
    }

    /// Surroundings with git and cp, but without piku.
    #[cfg(test)]
    pub(crate) fn of_tests(home: &camino::Utf8Path) -> Self {
        Self::new("piku", home, "/nowhere/piku").with_path("/usr/local/bin:/usr/bin:/bin")
    }

    /// The program that the emperor starts for each vassal, and uWSGI for each daemon: beside [`Self::program`].
    #[must_use]
    pub fn launcher(&self) -> Utf8PathBuf {
        self.program.with_file_name(piku_launch::LAUNCHER)
    }

    /// Folders to look for programs in: those given, the user's own, then the system's. The folder that git puts first
    /// in the `PATH` of its hooks is left out, so that a push gives the same as any other command.
    #[must_use]
    pub fn search_path(&self) -> String {
        let own = [".local/bin", ".cargo/bin", ".bun/bin", ".deno/bin"];
        let own = own.map(|folder| format!("{}/{folder}", self.home));
        let system = SYSTEM_PATH.split(':').chain(["/usr/local/go/bin"]);
        let mut folders: Vec<&str> = Vec::new();
        let of_git = |folder: &str| Utf8Path::new(folder).file_name() == Some("git-core");
        let given = self.path.split(':').filter(|folder| folder.starts_with('/') && !of_git(folder));
        for folder in given.chain(own.iter().map(String::as_str)).chain(system) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders.join(":")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_of_git_finds_the_same_programs_as_any_other_command() {
        let found =
            |path: &str| Surroundings::new("piku", "/home/piku", "piku").with_path(path).search_path();
        for folder in ["/usr/lib/git-core", "/usr/libexec/git-core/", "/opt/git/libexec/git-core"] {
            assert_eq!(found(&format!("{folder}:/opt/node/bin:/usr/bin")), found("/opt/node/bin:/usr/bin"));
        }
        assert!(
            found("/opt/node/bin:.:relative:/usr/bin")
                .starts_with("/opt/node/bin:/usr/bin:/home/piku/.local/bin:")
        );
    }
}
