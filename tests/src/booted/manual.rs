//! A reader who follows a document: types its commands on a server and on the laptop, and writes its files.

use camino::{Utf8Path, Utf8PathBuf};

use super::{BootedServer, Debian, layer};
use crate::markdown::{Block, Person, Typed, Work};
use crate::piku;

/// Where a command records its last working folder.
const ENDED_IN: &str = "/var/tmp/ended-in";

/// Answers yes to apt, and connects as root with the laptop's key, like anyone who rents a server. Without a
/// terminal, curl would show its progress.
const BEFORE: &str = r#"
set -e
echo 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/90yes
install -D -m 600 /home/laptop/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
echo '127.0.0.1 blog.example.org' >> /etc/hosts
printf 'silent\nshow-error\n' > /home/laptop/.curlrc
"#;

/// A reader with a fresh server and a laptop.
///
/// The latest package and archive of `cargo xtask dist` are in root's home folder.
#[derive(Debug)]
pub struct Reader {
    server: BootedServer,
    root_in: Utf8PathBuf,
    laptop_in: Utf8PathBuf,
}

impl Reader {
    /// Boots a fresh server, without piku.
    ///
    /// # Panics
    ///
    /// When there is no package.
    #[must_use]
    pub fn with_server(debian: Debian) -> Self {
        let server = BootedServer::boot(debian);
        let package = layer::require_package();
        let folder = package.parent().expect("a package is in a folder");
        let made = folder.read_dir_utf8().into_iter().flatten().flatten();
        for file in made.filter(|file| file.file_name().starts_with("piku")) {
            server.push_files(file.path(), &Utf8Path::new("/root").join(file.file_name()));
        }
        server.root(BEFORE).succeeds();
        Self { server, root_in: "/root".into(), laptop_in: "/home/laptop".into() }
    }

    /// Follows the blocks of `document` in order. Goes on after a mistake, so that all are reported at once.
    ///
    /// # Panics
    ///
    /// At the end, if a command failed, or its output differs from the document.
    pub fn follow(&mut self, document: &str, blocks: &[Block]) {
        let mut mistakes = Vec::new();
        for block in blocks {
            match &block.work {
                Work::Type(commands) => {
                    let found = commands.iter().filter_map(|typed| self.type_in(typed).err());
                    mistakes.extend(found.map(|mistake| format!("{document}:{}: {mistake}", block.line)));
                }
                Work::Write { path, text } => self.write(path, text),
                Work::Read { .. } => {}
            }
        }
        assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
    }

    fn type_in(&mut self, typed: &Typed) -> Result<(), String> {
        let Typed { person, command, shown } = typed;
        let folder = match person {
            Person::Root => &mut self.root_in,
            Person::Laptop => &mut self.laptop_in,
        };
        // Output and errors together, as on a terminal.
        let line = format!(
            "exec 2>&1; export DEBIAN_FRONTEND=noninteractive; cd '{folder}' || exit; rm -f {ENDED_IN}\n{command}\n\
             status=$?; echo \"$PWD\" > {ENDED_IN}; chmod 666 {ENDED_IN}; exit $status"
        );
        let outcome = match person {
            Person::Root => self.server.root(&line),
            Person::Laptop => self.server.laptop(&line),
        };
        *folder = self.server.text(ENDED_IN).trim().into();
        self.server.root(&format!("rm -f {ENDED_IN}")).succeeds();
        if (outcome.status == 0) == typed.fails() {
            let ends = if typed.fails() { "succeeds" } else { "fails" };
            return Err(format!("`{person} {command}` {ends}:\n{outcome}"));
        }
        if typed.shows(&outcome.stdout) {
            return Ok(());
        }
        let (shown, said) = (shown.join("\n"), &outcome.stdout);
        Err(format!("`{person} {command}` is to show\n{shown}\nand shows\n{said}"))
    }

    /// A relative path is on the laptop, in its current folder.
    fn write(&self, path: &str, text: &str) {
        if path.starts_with('/') {
            return self.server.write(path, text);
        }
        let path = self.laptop_in.join(path);
        let folder = path.parent().unwrap_or(&path);
        let line = format!("mkdir -p '{folder}' && cat > '{path}'");
        self.server.laptop_with_input(&line, text.as_bytes()).succeeds();
    }
}

/// The documents whose blocks are tried: `README.md`, and everything below `docs`.
///
/// # Panics
///
/// When they can't be read.
#[must_use]
pub fn documents() -> Vec<(String, String)> {
    let workspace = piku::workspace();
    let folders = ["docs", "docs/runtimes"].map(|folder| workspace.join(folder));
    let entries =
        folders.iter().flat_map(|folder| folder.read_dir_utf8().expect("there are documents").flatten());
    let mut paths: Vec<Utf8PathBuf> = entries.map(|entry| entry.into_path()).collect();
    paths.retain(|path| path.extension() == Some("md"));
    paths.push(workspace.join("README.md"));
    paths.sort();
    let read = |path: &Utf8PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        (path.strip_prefix(&workspace).unwrap_or(path).to_string(), text)
    };
    paths.iter().map(read).collect()
}
