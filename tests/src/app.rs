//! An app in the work tree of the user who pushes.

use std::fs;
use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{Git, Outcome, Session, TestServer, http};

/// A git work tree on branch `main` whose remote `piku` is an app of a [`TestServer`].
#[derive(Debug)]
pub struct App<'server> {
    server: &'server TestServer,
    name: String,
    git: Git,
    host: Option<String>,
}

/// A push in the background.
#[derive(Debug)]
pub struct Push<'server> {
    server: &'server TestServer,
    session: Session,
}

impl<'server> App<'server> {
    pub(crate) fn new(server: &'server TestServer, name: &str) -> Self {
        Self::at(server, name, &server.sshd().url(name), server.sshd().git_ssh_command())
    }

    /// A work tree whose remote is a plain bare repository without piku, to measure a push without it.
    pub(crate) fn plain(server: &'server TestServer, name: &str) -> Self {
        let repository = server.home().join("plain").join(name);
        let ssh = server.sshd().plain_git_ssh_command(server.home());
        let app = Self::at(server, name, &server.sshd().url(repository.as_str()), ssh);
        server.git(["init", "--quiet", "--bare", repository.as_str()]);
        app
    }

    fn at(server: &'server TestServer, name: &str, url: &str, ssh: String) -> Self {
        let folder = server.scratch("tree");
        fs::create_dir_all(&folder).expect("a folder can be made in the server's home");
        let git = Git::new(folder, ssh);
        git.run(["init", "--quiet"]);
        git.run(["remote", "add", "piku", url]);
        Self { server, name: name.to_owned(), git, host: None }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    /// Adds six hundred small files: so many that piku reuses the tree of an old release instead of writing a new one.
    #[must_use]
    pub fn with_many_files(self) -> Self {
        for number in 0..600 {
            self.write(&format!("many/{number}.txt"), format!("{number}\n"));
        }
        self
    }

    /// Adds every file of a folder.
    #[must_use]
    pub fn with_files_of(self, folder: &Utf8Path) -> Self {
        copy(folder, self.git.folder());
        self
    }

    /// Sets the host name of the app in nginx, by a line in its `ENV` file.
    #[must_use]
    pub fn served_as(mut self, host: &str) -> Self {
        self.host = host.split_whitespace().next().map(str::to_owned);
        let (before, address) = (self.read("ENV"), self.server.address());
        let lines = format!("NGINX_SERVER_NAME={host}\nNGINX_IPV4_ADDRESS={address}\nDISABLE_IPV6=true\n");
        self.file("ENV", before + &lines)
    }

    /// Writes a file, which the next [`push`](Self::push) commits.
    ///
    /// # Panics
    ///
    /// When it can't be written.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.git.folder().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .expect("a folder can be made in the tree");
        fs::write(path, content).expect("a file can be written in the tree");
    }

    /// Makes one of the small apps report another version.
    ///
    /// # Panics
    ///
    /// When it has no `app.py` with a version.
    pub fn set_version(&self, version: u32) {
        let text = self.read("app.py");
        let line = text.lines().find(|line| line.starts_with("VERSION = ")).expect("app.py has a version");
        self.write("app.py", text.replace(line, &format!("VERSION = {version}")));
    }

    /// Removes a file.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.git.folder().join(path)).expect("the file to remove is in the tree");
    }

    /// The text of a file; empty if there is none.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.git.folder().join(path)).unwrap_or_default()
    }

    /// The app's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Git in the work tree, for everything except plain pushes.
    #[must_use]
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// Commits what has changed and pushes the current branch.
    #[must_use]
    pub fn push(&self) -> Outcome {
        self.commit_changes();
        self.push_with(["HEAD"])
    }

    /// Runs `git push piku` with these arguments, without a commit.
    #[must_use]
    pub fn push_with<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Outcome {
        self.server.outcome(&mut self.git.command(push(words)), b"")
    }

    /// Like [`push`](Self::push), in the background.
    ///
    /// # Panics
    ///
    /// When git can't be started.
    #[must_use]
    pub fn push_in_background(&self) -> Push<'server> {
        // By name: the work tree may be on another branch before git reads it.
        let branch = self.git.output(["symbolic-ref", "--short", "HEAD"]).stdout;
        let branch = String::from_utf8_lossy(&branch).trim().to_owned();
        self.commit_changes();
        let session = Session::start(&mut self.git.command(push([branch])), self.server.scratch("push"));
        Push { server: self.server, session }
    }

    /// Like [`push`](Self::push), with live output on this terminal; returns whether it succeeded.
    ///
    /// # Panics
    ///
    /// When git can't be started.
    #[must_use]
    pub fn push_before_your_eyes(&self) -> bool {
        self.commit_changes();
        self.git.command(push(["HEAD"])).status().expect("git starts").success()
    }

    fn commit_changes(&self) {
        if self.git.is_dirty() {
            self.git.commit("Change the app");
        }
    }

    /// The commit of a branch or another ref on the server; `None` if there is no such ref.
    #[must_use]
    pub fn on_server(&self, name: &str) -> Option<String> {
        let repository = self.server.root().join("repos").join(&self.name);
        let asked = self.server.git(["-C", repository.as_str(), "rev-parse", "--verify", "--quiet", name]);
        (asked.status == 0).then(|| asked.stdout.trim().to_owned())
    }

    /// Requests a path from the app: through nginx if it has a host name there, otherwise on its own port.
    ///
    /// # Panics
    ///
    /// When there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn get(&self, path: &str) -> http::Response {
        self.try_get(path).unwrap_or_else(|error| panic!("`{}` does not answer {path}: {error}", self.name))
    }

    /// Like [`get`](Self::get), without a panic.
    ///
    /// # Errors
    ///
    /// When there is no complete answer.
    #[track_caller]
    pub fn try_get(&self, path: &str) -> std::io::Result<http::Response> {
        let (address, host) = self.address();
        http::get(address, &host, path)
    }

    /// Where the live release answers, and for which host.
    ///
    /// # Panics
    ///
    /// When it has neither a host nor a port.
    #[track_caller]
    #[must_use]
    pub fn address(&self) -> (SocketAddr, String) {
        match &self.host {
            Some(host) => (SocketAddr::from((self.server.address(), 80)), host.clone()),
            None => (SocketAddr::from(([127, 0, 0, 1], self.port())), "localhost".to_owned()),
        }
    }

    /// The port on which the live release answers.
    ///
    /// # Panics
    ///
    /// When it has none.
    #[track_caller]
    #[must_use]
    pub fn port(&self) -> u16 {
        let settings = self.server.live_settings(&self.name);
        let port = settings.get("PORT").and_then(|port| port.parse().ok());
        port.unwrap_or_else(|| panic!("the live settings of `{}` have no PORT: {settings:?}", self.name))
    }

    /// Clones the app from the server, beside this work tree.
    #[must_use]
    pub fn cloned(&self) -> Utf8PathBuf {
        let clone = self.server.scratch("clone");
        self.git.run(["clone", "--quiet", &self.server.sshd().url(&self.name), clone.as_str()]);
        clone
    }
}

impl Push<'_> {
    /// The output of git so far.
    #[must_use]
    pub fn output(&self) -> String {
        self.session.output()
    }

    /// Sends a signal, `STOP` or `CONT`, to git and its ssh.
    ///
    /// # Panics
    ///
    /// When they have ended.
    pub fn signal(&self, signal: &str) {
        self.session.signal(signal);
    }

    /// Ends git with a signal, `TERM` or `KILL`.
    pub fn end_with(mut self, signal: &str) {
        self.session.end_with(signal);
    }

    /// Waits for the end.
    #[must_use]
    pub fn wait(mut self) -> Outcome {
        let status = self.session.wait();
        let output =
            std::process::Output { status, stdout: Vec::new(), stderr: self.session.output().into_bytes() };
        Outcome::new(&output, self.server.home(), &[])
    }
}

fn push<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut line = vec!["push".to_owned(), "piku".to_owned()];
    line.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
    line
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    let entries = from.read_dir_utf8().unwrap_or_else(|error| panic!("{from} can't be read: {error}"));
    for entry in entries.flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::create_dir_all(&target).expect("a folder can be made in the tree");
            copy(entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a file can be copied into the tree");
        }
    }
}
