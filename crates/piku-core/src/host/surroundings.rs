//! What piku knows of the process that it runs in.

use camino::Utf8PathBuf;

/// The folders of the system's own programs.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What piku knows about the process it runs in, read once by whoever embeds it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The home folder of the user that apps run as.
    pub home: Utf8PathBuf,
    /// The name of that user.
    pub user: String,
    /// Folders with programs, as in `PATH`. The usual system folders are added.
    pub path: String,
    /// The `piku` program, which hooks call. The launcher, `piku-launch`, is in the same folder.
    pub program: Utf8PathBuf,
    /// A command line that makes nginx read its configuration anew; without one, somebody else does it.
    pub nginx_reload: Option<String>,
    /// The most processes of one kind (64 unless raised).
    pub max_processes: u32,
}

impl Surroundings {
    /// A machine with git and cp, and nothing of piku.
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

    /// The program that the emperor starts for each vassal, and uWSGI for each daemon: beside [`Self::program`].
    #[must_use]
    pub fn launcher(&self) -> Utf8PathBuf {
        self.program.with_file_name(piku_launch::LAUNCHER)
    }

    /// Folders to look for programs in: those given, the user's own, then the system's.
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
