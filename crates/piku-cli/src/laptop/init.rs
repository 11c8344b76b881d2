//! `init`: prepares a folder for its first push. What is there stays as it is.

use std::io::{BufRead, IsTerminal, Write};

use camino::Utf8Path;
use piku_core::AppName;

use super::address::Address;
use super::connection::{Calling, Connection};
use super::end::{REMOTE, Signs};
use super::error::LaptopError;
use super::work_tree::{self, Configuration};
use crate::ui::Ui;

/// The user of a server that `setup --system` and the package make.
const USER: &str = "piku";

/// The first lines of ENV.
const ENV: &str = "\
# Settings of this app, as KEY=value, one per line. Keep secrets out of git: `piku config:set KEY=-`.
# NGINX_SERVER_NAME=blog.example.org
";

/// What is to be done, of which the user decides only the server.
pub(super) struct Init<'a> {
    pub(super) folder: &'a Utf8Path,
    /// The server of the command line.
    pub(super) server: Option<&'a str>,
    pub(super) signs: &'a Signs,
    pub(super) calling: &'a Calling,
    /// The name of the user here, who is not meant at the other end unless ssh's configuration says so.
    pub(super) user: &'a str,
}

/// Writes what is missing, and adds the remote.
pub(super) fn init(init: &Init<'_>, ui: &Ui) -> Result<(), LaptopError> {
    let name = init.signs.chosen.remote.as_deref().unwrap_or(REMOTE);
    let known = if work_tree::is_here() { Configuration::read().remote(name) } else { None };
    let remote = match &known {
        Some(_) if init.server.is_some() => return Err(LaptopError::HasRemote(name.to_owned())),
        Some(_) => None,
        None => init.address()?,
    };
    if !work_tree::is_here() {
        if work_tree::run(&["init", "--quiet"])? != 0 {
            return Err(LaptopError::Git("init"));
        }
        ui.done(format_args!("Made a git repository"));
    }
    init.write_files(ui)?;
    if let Some((address, app)) = &remote {
        let url = address.url(app);
        if work_tree::run(&["remote", "add", "--", name, &url])? != 0 {
            return Err(LaptopError::Git("remote add"));
        }
        ui.done(format_args!("Added the remote `{name}`: {url}"));
    }
    match known.or_else(|| remote.map(|(address, app)| address.url(&app))) {
        Some(url) => {
            ui.done(format_args!(
                "Next: commit, and `piku deploy` pushes to {url}; `piku check` looks at it before"
            ));
        }
        None => ui.done(format_args!("Next: `piku init piku@my.server` adds the server")),
    }
    Ok(())
}

impl Init<'_> {
    /// The server and the app there: as given, as the environment has them, or as a person types it.
    fn address(&self) -> Result<Option<(Address, AppName)>, LaptopError> {
        let given = self.server.map(str::to_owned).or_else(|| self.signs.server.clone());
        let Some(server) = given.or_else(asked) else { return Ok(None) };
        let mut address = Address::of_server(&server)
            .map_err(|source| LaptopError::Address { what: format!("`{server}`"), source })?;
        let chosen = self.signs.chosen.app.as_ref().or(self.signs.app.as_ref());
        let folder = || name_of(self.folder.file_name().unwrap_or_default());
        let app = match (chosen, address.app()) {
            (Some(name), _) => name.parse(),
            (None, Some(own)) => own,
            (None, None) => folder().parse(),
        };
        let app = app.map_err(|source| LaptopError::App { what: "the name".to_owned(), source })?;
        if !address.destination.contains('@') {
            let connection = Connection::new(&address, self.calling, &Configuration::default());
            if connection.user().is_none_or(|user| user == self.user) {
                address.destination = format!("{USER}@{}", address.destination);
            }
        }
        Ok(Some((address, app)))
    }

    /// Writes Procfile and ENV, if they are not there.
    fn write_files(&self, ui: &Ui) -> Result<(), LaptopError> {
        let beginning = piku_core::beginning(self.folder);
        match (&beginning.misnamed, &beginning.procfile, &beginning.what) {
            _ if self.has("Procfile") => ui.done(format_args!("Procfile is there already")),
            (Some(name), ..) => ui.done(format_args!(
                "No Procfile, but a file `{name}`: rename it, if it is meant"
            )),
            (None, Some(text), Some(what)) => {
                self.write("Procfile", text)?;
                ui.done(format_args!("Wrote Procfile, for {what}:"));
                text.lines().for_each(|line| ui.done(format_args!("  {line}")));
            }
            _ => ui.done(format_args!(
                "Nothing here says how the app is started: write a Procfile, with a line such as `web: python app.py`"
            )),
        }
        if self.has("ENV") {
            ui.done(format_args!("ENV is there already"));
        } else {
            self.write("ENV", ENV)?;
            ui.done(format_args!("Wrote ENV, for settings that belong into git"));
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).symlink_metadata().is_ok()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), LaptopError> {
        let path = self.folder.join(name);
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| LaptopError::File {
            action: "write",
            path: path.into_string(),
            source,
        })
    }
}

/// Asks a person for the server; `None` without one, and for an empty answer.
fn asked() -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    drop(write!(std::io::stderr(), "Address of the server, such as piku@my.server: "));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

/// The name of an app, from that of a folder: each letter that is not allowed becomes `-`.
fn name_of(folder: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name: String = folder.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    name.trim_matches(['-', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_folder_becomes_the_name_of_an_app() {
        for (folder, wanted) in [("blog", "blog"), ("My blog!", "My-blog"), (".dot", "dot"), ("a.b", "a-b")] {
            assert_eq!(name_of(folder), wanted);
            assert!(wanted.parse::<AppName>().is_ok());
        }
    }
}
