//! `doctor` at the laptop: the remote, the way to the server, and piku at its end; then the server's own doctor.

use std::io::IsTerminal;
use std::process::{ExitCode, Stdio};

use serde::Serialize;

use super::connection::{Connection, Form};
use super::end::{End, Far};
use super::error::LaptopError;
use super::trial::{Found, found};
use super::{exit_code, forward};
use crate::ui::Ui;

/// What was found at this end, as the server's doctor has it.
#[derive(Debug, Serialize)]
struct Finding {
    level: &'static str,
    about: &'static str,
    what: String,
    fix: Option<String>,
}

impl Finding {
    fn ok(about: &'static str, what: String) -> Self {
        Self { level: "ok", about, what, fix: None }
    }

    fn error(about: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: "error", about, what: what.into(), fix: Some(fix.into()) }
    }
}

/// Checks both ends.
pub(super) fn doctor(
    decided: Result<End, LaptopError>,
    connect: impl Fn(&Far) -> Connection,
    json: bool,
    ui: &Ui,
) -> Result<ExitCode, LaptopError> {
    let far = match decided {
        Ok(End::Far(far)) => far,
        Ok(End::Here | End::Nowhere) => {
            return Ok(tell(&[unreachable(&LaptopError::NoServer)], None, json, ui));
        }
        Err(error) => return Ok(tell(&[unreachable(&error)], None, json, ui)),
    };
    let named = far.remote.as_ref().map_or("PIKU_SERVER".to_owned(), |name| format!("the remote `{name}`"));
    let remote = Finding::ok("remote", format!("{named} is {}", far.shown()));
    let connection = connect(&far);
    let at_end = ask(&connection)?;
    let ours = env!("CARGO_PKG_VERSION");
    let way = match at_end {
        Found::Piku(version) if version == ours => Finding::ok(
            "ssh",
            format!("{} is reached, and piku {version} answers, as here", far.address.server()),
        ),
        Found::Piku(version) => Finding {
            level: "warning",
            about: "ssh",
            what: format!("{} is reached, and has piku {version}; here is {ours}", far.address.server()),
            fix: Some("install the newer one at the other end too".to_owned()),
        },
        other => return Ok(tell(&[remote, missing(&other, &far)], None, json, ui)),
    };
    if !json {
        show(&[remote, way], ui);
        let status = forward::forward(&connection, &["doctor".to_owned()], None)?;
        return Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)));
    }
    let words = ["doctor".to_owned(), "--json".to_owned()];
    let output = forward::command(&connection, Form::Data, &words)?.stderr(Stdio::inherit()).output();
    let output = output.map_err(LaptopError::start("ssh"))?;
    let theirs: Option<Vec<serde_json::Value>> = serde_json::from_slice(&output.stdout).ok();
    Ok(tell(&[remote, way], Some(theirs.unwrap_or_default()), json, ui))
}

/// Asks the other end for its version, on a connection of its own.
fn ask(connection: &Connection) -> Result<Found, LaptopError> {
    let may_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let form = if may_ask { Form::TrialAsking } else { Form::Trial };
    let output = connection.command(form, "version").stdin(Stdio::null()).output();
    let output = output.map_err(LaptopError::start("ssh"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(found(exit_code::of(output.status), &text(&output.stdout), &text(&output.stderr)))
}

fn unreachable(error: &LaptopError) -> Finding {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Finding::error("remote", format!("{error}{cause}"), error.help().unwrap_or_default())
}

/// What is wrong with the other end, and what to do.
fn missing(found: &Found, far: &Far) -> Finding {
    let destination = &far.address.destination;
    let (user, host) =
        destination.rsplit_once('@').map_or(("", destination.as_str()), |(user, host)| (user, host));
    let port = far.address.port.map(|port| format!("-p {port} ")).unwrap_or_default();
    let add_key = format!("`ssh {port}root@{host} piku setup:ssh - < ~/.ssh/id_ed25519.pub`");
    let error = |what: String, fix: String| Finding::error("ssh", what, fix);
    match found {
        Found::Shell | Found::GitAlone(_) if !user.is_empty() && user != "piku" => error(
            format!(
                "`{user}` at {host} is not the user of piku, so git says \"does not appear to be a git repository\""
            ),
            format!(
                "`git remote set-url {} {}`",
                far.remote.as_deref().unwrap_or("piku"),
                right_address(far, host)
            ),
        ),
        Found::Shell => error(
            "your key opens a shell there, not piku, so git says \"does not appear to be a git repository\""
                .to_owned(),
            format!(
                "on the server, remove the line of your key from ~/.ssh/authorized_keys of that user; then {add_key}"
            ),
        ),
        Found::GitAlone(said) => error(
            format!("your key reaches git there, not piku: {said}"),
            format!("on the server, remove the line of your key from ~/.ssh/authorized_keys; then {add_key}"),
        ),
        Found::Refused(why) => error(
            format!("piku answers there, and refuses this key: {why}"),
            "whoever administers the server may add the key: `piku keys` lists them there".to_owned(),
        ),
        Found::Legacy => error(
            "the original piku answers there, in Python".to_owned(),
            "install this piku on the server, or use `ssh` and the words of the original".to_owned(),
        ),
        Found::Denied => error(
            format!("{host} takes none of your keys"),
            format!("{add_key} adds one; `ssh -v {port}{destination}` shows which were tried"),
        ),
        Found::NoHost => error(
            format!("there is no host `{host}`"),
            "correct the name in the remote (`git remote -v`), or in ~/.ssh/config".to_owned(),
        ),
        Found::NoAnswer(said) => error(
            format!("nobody answers: {said}"),
            "check that the machine runs, the port in the remote, and any firewall".to_owned(),
        ),
        Found::NewHostKey => error(
            format!("{host} is not known to ssh yet, and there is no terminal to ask on"),
            format!("`ssh {port}{destination}`, and compare the fingerprint"),
        ),
        Found::OtherHostKey => error(
            format!(
                "{host} shows another host key than it did before: it was installed anew, or is not that machine"
            ),
            format!("if you know why, `ssh-keygen -R {host}`"),
        ),
        Found::Piku(_) => Finding::ok("ssh", String::new()),
        Found::Other(said) => error(
            format!("something other than piku answers there: {said}"),
            format!("`ssh -v {port}{destination} version` shows more"),
        ),
    }
}

fn right_address(far: &Far, host: &str) -> String {
    let app = far.app.as_ref().map_or("APP", |app| app.as_str());
    match far.address.port {
        Some(port) => format!("ssh://piku@{host}:{port}/{app}"),
        None => format!("piku@{host}:{app}"),
    }
}

/// Prints what was found here, and as JSON also what was found there.
fn tell(own: &[Finding], theirs: Option<Vec<serde_json::Value>>, json: bool, ui: &Ui) -> ExitCode {
    let theirs = theirs.unwrap_or_default();
    let is_error = own.iter().any(|finding| finding.level == "error")
        || theirs.iter().any(|finding| finding["level"] == "error");
    if json {
        let own =
            crate::json::Versioned::all(own).into_iter().map(serde_json::to_value).filter_map(Result::ok);
        let all: Vec<serde_json::Value> = own.chain(theirs).collect();
        crate::json::print(&all, ui);
    } else {
        show(own, ui);
    }
    ExitCode::from(u8::from(is_error))
}

fn show(findings: &[Finding], ui: &Ui) {
    for found in findings {
        ui.line(format_args!("{:<8} {}: {}", found.level, found.about, found.what));
        if let Some(fix) = &found.fix {
            ui.line(format_args!("         fix: {fix}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(found: &Found, address: &str) -> String {
        let far = Far {
            address: address.parse().unwrap(),
            app: Some("blog".parse().unwrap()),
            remote: Some("piku".into()),
        };
        let finding = missing(found, &far);
        format!("{}\n  fix: {}\n", finding.what, finding.fix.unwrap_or_default())
    }

    #[test]
    fn the_most_frequent_failures_are_explained_with_the_command_that_mends_them() {
        let all = [
            told(&Found::Shell, "piku@box:blog"),
            told(&Found::Shell, "root@box:blog"),
            told(&Found::GitAlone("fatal: unrecognized command 'version'".into()), "ssh://git@box:2222/blog"),
            told(&Found::Denied, "ssh://piku@box:2222/blog"),
            told(&Found::NewHostKey, "box:blog"),
        ];
        insta::assert_snapshot!(all.concat(), @r#"
        your key opens a shell there, not piku, so git says "does not appear to be a git repository"
          fix: on the server, remove the line of your key from ~/.ssh/authorized_keys of that user; then `ssh root@box piku setup:ssh - < ~/.ssh/id_ed25519.pub`
        `root` at box is not the user of piku, so git says "does not appear to be a git repository"
          fix: `git remote set-url piku piku@box:blog`
        `git` at box is not the user of piku, so git says "does not appear to be a git repository"
          fix: `git remote set-url piku ssh://piku@box:2222/blog`
        box takes none of your keys
          fix: `ssh -p 2222 root@box piku setup:ssh - < ~/.ssh/id_ed25519.pub` adds one; `ssh -v -p 2222 piku@box` shows which were tried
        box is not known to ssh yet, and there is no terminal to ask on
          fix: `ssh box`, and compare the fingerprint
        "#);
    }
}
