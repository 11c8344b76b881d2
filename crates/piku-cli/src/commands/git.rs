//! The server's side of git: the two services of a repository, and the hooks.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::ExitCode;

use camino::Utf8PathBuf;
use piku_core::process::become_program;
use piku_core::{AppName, Error, RefUpdate};

use super::change::tell;
use crate::error::CliError;
use crate::session::Session;
use crate::surroundings::{ACTOR, push_options};

/// The option of a push that shows all output of build tools: `git push -o verbose`.
const VERBOSE: &str = "verbose";

pub(super) fn receive_pack(path: &str, session: &Session) -> Result<ExitCode, CliError> {
    let app = session.piku.app_at(path)?;
    let status = session.piku.receive_pack(&app, &actor(session))?;
    Ok(ExitCode::from(u8::try_from(status.code()).unwrap_or(1)))
}

pub(super) fn upload_pack(path: &str, session: &Session) -> Result<ExitCode, CliError> {
    let words = session.piku.upload_pack(&session.piku.app_at(path)?)?;
    match become_program(&words, &actor(session)).map_err(Error::from)? {}
}

pub(super) fn upload_archive(path: &str, session: &Session) -> Result<ExitCode, CliError> {
    let words = session.piku.upload_archive(&session.piku.app_at(path)?)?;
    match become_program(&words, &actor(session)).map_err(Error::from)? {}
}

/// What Git LFS asks for before it uploads or downloads files.
pub(super) fn lfs(path: &str, session: &Session) -> Result<ExitCode, CliError> {
    Err(CliError::NoLfs(session.piku.app_at(path)?))
}

/// Variables that tell the hooks whose key was used.
fn actor(session: &Session) -> BTreeMap<String, String> {
    session.actor.name.iter().map(|name| (ACTOR.to_owned(), name.clone())).collect()
}

/// The process that receives the push, the parent of all its hooks.
fn push() -> u32 {
    rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs())
}

pub(super) fn hook(
    hook: &str,
    app: &AppName,
    words: &[String],
    session: &Session,
) -> Result<ExitCode, CliError> {
    match (hook, words) {
        ("pre-receive", []) => {
            let mut lines = String::new();
            std::io::stdin()
                .read_to_string(&mut lines)
                .map_err(|source| CliError::Input { name: "standard input".to_owned(), source })?;
            let quarantine = std::env::var("GIT_QUARANTINE_PATH").ok().map(Utf8PathBuf::from);
            let report = &mut session.ui.events();
            session.piku.pre_receive(app, push(), quarantine.as_deref(), &lines, report)?;
            session.piku.keep_push_options(app, push(), &push_options())?;
        }
        ("update", [name, old, new]) => {
            let update = RefUpdate { name: name.clone(), old: old.clone(), new: new.clone() };
            let options = session.piku.push_options(app, push())?;
            let report = &mut session.ui.events_folded(!options.iter().any(|option| option == VERBOSE));
            let done = session.piku.update(app, push(), &update, &session.actor, report)?;
            if let Some(done) = done {
                tell(app, &done, session);
            }
        }
        _ => return Err(CliError::Usage(format!("there is no hook `{hook}` of that form"))),
    }
    Ok(ExitCode::SUCCESS)
}
