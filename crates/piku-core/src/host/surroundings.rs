//! What piku knows about the process it runs in.

use camino::Utf8PathBuf;

/// The folders of system programs.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What piku knows about the process it runs in. The embedding program reads it once.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The home folder of the user that apps run as.
    pub home: Utf8PathBuf,
    /// The name of that user.
    pub user: String,
    /// Folders with programs, as in `PATH`. The usual system folders are appended.
    pub path: String,
    /// The `piku` program, which the emperor starts for each vassal and hooks call.
    pub program: Utf8PathBuf,
    /// The command line that reloads nginx. Without one, something else must reload it.
    pub nginx_reload: Option<String>,
    /// The maximum number of processes of one kind, usually 64.
    pub max_processes: u32,
}

impl Surroundings {
    /// Surroundings with git and cp, but without piku.
    #[cfg(test)]
    pub(crate) fn of_tests(home: &camino::Utf8Path) -> Self {
        Self {
            home: home.to_owned(),
            user: "piku".to_owned(),
            path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
            program: "/nowhere/piku".into(),
            nginx_reload: None,
            max_processes: 64,
        }
    }

    /// The folders to search for programs: the given ones, then the user's, then the system's.
    #[must_use]
    pub fn search_path(&self) -> String {
        let own = [".local/bin", ".cargo/bin", ".bun/bin", ".deno/bin"];
        let own = own.map(|folder| format!("{}/{folder}", self.home));
        let system = SYSTEM_PATH.split(':').chain(["/usr/local/go/bin"]);
        let mut folders: Vec<&str> = Vec::new();
        let given = self.path.split(':').filter(|folder| folder.starts_with('/'));
        for folder in given.chain(own.iter().map(String::as_str)).chain(system) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders.join(":")
    }
}
