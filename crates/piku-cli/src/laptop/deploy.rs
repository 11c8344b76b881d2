//! `deploy` at the laptop: pushes the current branch, and shows how the deploy goes.

use std::process::{Command, Stdio};

use super::connection::Connection;
use super::end::Far;
use super::error::LaptopError;
use super::{forward, work_tree};
use crate::ui::{Ui, complain};

/// The most names of files to show.
const SHOWN: usize = 5;

/// Pushes; if the server has the commit already, makes a release of it again.
pub(super) fn deploy(far: &Far, connection: &Connection, ui: &Ui) -> Result<i32, LaptopError> {
    let app = far.app.as_ref().ok_or_else(|| LaptopError::NoApp(far.address.server()))?;
    let Some(branch) = work_tree::output(&["symbolic-ref", "--quiet", "--short", "HEAD"]) else {
        return Err(LaptopError::NoBranch);
    };
    if work_tree::output(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_none() {
        return Err(LaptopError::NoCommit);
    }
    let changed = work_tree::output(&["status", "--porcelain"]).unwrap_or_default();
    if let Some(warning) = uncommitted(&changed) {
        complain(format_args!("warning: {warning}"));
        complain(format_args!("   help: commit what belongs to the app, and deploy again"));
    }
    let to = match &far.remote {
        Some(remote) if far.address.app().and_then(Result::ok).as_ref() == Some(app) => remote.clone(),
        _ => far.address.url(app),
    };
    ui.done(format_args!("Pushing {branch} to {to}"));
    let mut git = Command::new("git");
    git.args(["push", "--porcelain", "--", &to, &branch]).stdout(Stdio::piped());
    if let Some(ssh) = connection.for_git() {
        git.env("GIT_SSH_COMMAND", ssh);
    }
    let output = git.spawn().and_then(std::process::Child::wait_with_output);
    let output = output.map_err(LaptopError::start("git"))?;
    if !output.status.success() {
        // git has said why.
        return Ok(1);
    }
    if is_up_to_date(&String::from_utf8_lossy(&output.stdout)) {
        ui.done(format_args!("The server has this commit already; deploying it again"));
        return forward::forward(connection, &["deploy".to_owned(), app.to_string()], None);
    }
    Ok(0)
}

/// Names what is not committed in the output of `git status --porcelain`.
fn uncommitted(status: &str) -> Option<String> {
    let files: Vec<&str> = status.lines().filter_map(|line| line.get(3..)).collect();
    let what = match files.len() {
        0 => return None,
        1 => "1 file is".to_owned(),
        count => format!("{count} files are"),
    };
    let more = if files.len() > SHOWN { ", …" } else { "" };
    let named = files.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    Some(format!("{what} not committed, so this is not deployed: {named}{more}"))
}

/// Whether `git push --porcelain` had nothing to push.
fn is_up_to_date(output: &str) -> bool {
    let refs = output.lines().filter(|line| line.split('\t').count() == 3);
    let mut flags = refs.map(|line| line.chars().next()).peekable();
    flags.peek().is_some() && flags.all(|flag| flag == Some('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_committed_is_named() {
        assert_eq!(uncommitted(""), None);
        let one = uncommitted(" M app.py\n").unwrap();
        assert_eq!(one, "1 file is not committed, so this is not deployed: app.py");
        let many = uncommitted("?? a\n?? b\n?? c\n?? d\n?? e\n?? f\n").unwrap();
        assert!(many.starts_with("6 files are") && many.ends_with("a, b, c, d, e, …"), "{many}");
    }

    #[test]
    fn a_push_of_nothing_is_told_from_one_of_something() {
        assert!(is_up_to_date("To box:blog\n=\trefs/heads/main:refs/heads/main\t[up to date]\nDone\n"));
        assert!(!is_up_to_date("To box:blog\n \trefs/heads/main:refs/heads/main\t1..2\nDone\n"));
        assert!(!is_up_to_date("To box:blog\n*\trefs/heads/main:refs/heads/main\t[new branch]\nDone\n"));
        assert!(!is_up_to_date(""));
    }
}
