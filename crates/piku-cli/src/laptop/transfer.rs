//! `download` and `upload`: a file of the app's folder or data, bounded by the server.

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use piku_core::AppName;

use super::connection::{Connection, Form};
use super::error::LaptopError;
use super::{exit_code, forward};
use crate::ui::Ui;

/// What to copy here.
pub(super) struct Download<'a> {
    pub(super) app: &'a AppName,
    pub(super) file: &'a str,
    pub(super) to: Option<&'a Utf8Path>,
    pub(super) data: bool,
    pub(super) force: bool,
}

/// Copies a file of the app here. It gets its name when it is complete.
pub(super) fn download(asked: &Download<'_>, connection: &Connection, ui: &Ui) -> Result<i32, LaptopError> {
    let words = words("app-read", asked.app, asked.file, asked.data);
    let mut ssh = forward::command(connection, Form::Data, &words)?;
    ssh.stdin(Stdio::null());
    if asked.to.is_some_and(|to| to == "-") {
        return ended(exit_code::of(ssh.status().map_err(LaptopError::start("ssh"))?), connection);
    }
    let path = place(asked.file, asked.to);
    if !asked.force && path.symlink_metadata().is_ok() {
        return Err(LaptopError::Exists(path));
    }
    let part = Utf8PathBuf::from(format!("{path}.part"));
    let failed = |source| LaptopError::File { action: "write", path: part.to_string(), source };
    let file = OpenOptions::new().write(true).create_new(true).open(&part).map_err(failed)?;
    let status = ssh.stdout(file).status().map_err(LaptopError::start("ssh"));
    let outcome = status.and_then(|status| ended(exit_code::of(status), connection));
    if !matches!(outcome, Ok(0)) {
        drop(std::fs::remove_file(&part));
        return outcome;
    }
    let size = part.metadata().map_or(0, |found| found.len());
    std::fs::rename(&part, &path).map_err(|source| LaptopError::File {
        action: "write",
        path: path.to_string(),
        source,
    })?;
    ui.done(format_args!("Downloaded {path} ({size} bytes)"));
    Ok(0)
}

/// Copies a file of this machine to the app. The server says what it wrote.
pub(super) fn upload(
    app: &AppName,
    file: &Utf8Path,
    to: Option<&str>,
    data: bool,
    connection: &Connection,
) -> Result<i32, LaptopError> {
    let failed = |source| LaptopError::File { action: "read", path: file.to_string(), source };
    let opened = File::open(file).map_err(failed)?;
    let found = opened.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(LaptopError::NotAFile(file.to_owned()));
    }
    let path = to.map_or_else(|| there(file), str::to_owned);
    let mut words = words("app-write", app, &path, data);
    words.extend(["--bytes".to_owned(), found.len().to_string()]);
    let mut ssh = forward::command(connection, Form::Data, &words)?;
    let status = ssh.stdin(opened).status().map_err(LaptopError::start("ssh"))?;
    ended(exit_code::of(status), connection)
}

fn words(command: &str, app: &AppName, path: &str, data: bool) -> Vec<String> {
    let mut words = vec![command.to_owned(), app.to_string()];
    words.extend(data.then(|| "--data".to_owned()));
    // A path may begin with `-`, and so may not stand where an option could.
    words.push(if path.starts_with('-') { format!("./{path}") } else { path.to_owned() });
    words
}

fn ended(status: i32, connection: &Connection) -> Result<i32, LaptopError> {
    if status == forward::FAILED { Err(LaptopError::Unreached(connection.server())) } else { Ok(status) }
}

/// Where a downloaded file goes: as told, into the folder that is told, or into the current one.
fn place(file: &str, to: Option<&Utf8Path>) -> Utf8PathBuf {
    let name = Utf8Path::new(file).file_name().unwrap_or("download");
    match to {
        Some(to) if to.is_dir() => to.join(name),
        Some(to) => to.to_owned(),
        None => Utf8PathBuf::from(name),
    }
}

/// Where an uploaded file goes: to the same path as here, if that is below the current folder.
fn there(file: &Utf8Path) -> String {
    let climbs = file.components().any(|part| matches!(part, camino::Utf8Component::ParentDir));
    if file.is_absolute() || climbs {
        return file.file_name().unwrap_or_default().to_owned();
    }
    file.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_path_there_and_its_name_here() {
        assert_eq!(there("static/logo.png".into()), "static/logo.png");
        assert_eq!(there("../logo.png".into()), "logo.png");
        assert_eq!(there("/home/ada/logo.png".into()), "logo.png");
        assert_eq!(place("uploads/a.png", None), "a.png");
        assert_eq!(place("uploads/a.png", Some("b.png".into())), "b.png");
        assert_eq!(place("uploads/a.png", Some("/tmp".into())), "/tmp/a.png");
    }
}
