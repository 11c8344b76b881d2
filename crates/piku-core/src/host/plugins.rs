//! Plugins: looks for their files, and runs them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use piku_launch::Status;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::{HostError, Surroundings, files, launch, logs, wait};
use crate::app::AppName;
use crate::cancel::Cancel;
use crate::plugins::{Candidate, Look, Notice, Seen, is_name, refusal};
use crate::root::Root;

/// How long a plugin may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// How much of the output of a plugin is kept, in bytes.
const OUTPUT: usize = 64 * 1024;
/// How often to see whether a plugin has ended or is not wanted any more.
const GLANCE: Duration = Duration::from_millis(50);
/// The size at which the log of plugins makes room, in bytes. One older log is kept.
const LOG: u64 = 256 * 1024;

/// The names of all plugins: of the folders in `plugins/`, dot files aside.
pub(crate) fn names(root: &Root) -> Vec<String> {
    let names = files::names(&root.plugins()).unwrap_or_default();
    names.into_iter().filter(|name| !name.starts_with('.')).collect()
}

/// The files of a plugin.
pub(crate) fn files_of(root: &Root, plugin: &str) -> Vec<String> {
    files::names(&root.plugins().join(plugin)).unwrap_or_default().into_iter().collect()
}

/// A file of a plugin, if there is one of this name.
pub(crate) fn find(root: &Root, plugin: &str, file: &str) -> Option<Candidate> {
    let folder = root.plugins().join(plugin);
    let path = folder.join(file);
    let way: Option<Vec<Seen>> =
        [root.path(), &root.plugins(), &folder, &path].into_iter().map(look).collect();
    Some(Candidate { plugin: plugin.to_owned(), file: file.to_owned(), way: way? })
}

/// The plugins that have a file of this name and may run it.
pub(crate) fn ready(root: &Root, file: &str) -> Vec<Candidate> {
    let all = names(root).into_iter().filter(|name| is_name(name));
    let found = all.filter_map(|name| find(root, &name, file));
    found.filter(|candidate| refusal(candidate, me()).is_none()).collect()
}

/// The user that plugins run as.
pub(crate) fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn look(path: &Utf8Path) -> Option<Seen> {
    let about = path.symlink_metadata().ok()?;
    let kind = about.file_type();
    let look = if kind.is_dir() {
        Look::Folder
    } else if kind.is_file() {
        Look::File
    } else if kind.is_symlink() {
        Look::Link
    } else {
        Look::Other
    };
    let mode = about.permissions().mode() & 0o7777;
    Some(Seen { path: path.to_owned(), look, owner: about.uid(), mode })
}

/// The whole environment of a plugin.
pub(crate) fn environment(
    root: &Root,
    surroundings: &Surroundings,
    app: Option<&AppName>,
) -> BTreeMap<String, String> {
    let own = [
        ("HOME", surroundings.home.to_string()),
        ("USER", surroundings.user.clone()),
        ("PATH", surroundings.search_path()),
        ("PIKU_ROOT", root.path().to_string()),
    ];
    let app = app.map(|app| ("APP", app.to_string()));
    own.into_iter().chain(app).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Has the plugins told of an event, by a process that nobody waits for. Does nothing if none wants to hear of it.
pub(crate) fn announce(root: &Root, surroundings: &Surroundings, notice: &Notice) -> Result<(), HostError> {
    let Some(event) = notice.event else { return Ok(()) };
    if ready(root, &event.file()).is_empty() {
        return Ok(());
    }
    let log = root.plugins_log();
    if logs::length(&log) > LOG {
        files::rename(&log, &logs::older(&log))?;
    }
    let words = [surroundings.program.as_str(), "notify"];
    launch::start_apart(&words, &environment(root, surroundings, None), &log, &notice.line())
}

/// How a plugin ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself.
    With(Status),
    /// It took too long, and was killed.
    Late,
    /// It was killed because nobody wants to know any more.
    Cancelled,
}

/// Runs a plugin with a notice on its standard input, and kills it and what it started after [`LIMIT`]. Returns what it
/// wrote, too.
pub(crate) fn run(
    candidate: &Candidate,
    env: &BTreeMap<String, String>,
    notice: &Notice,
    cancel: &Cancel,
) -> Result<(Ended, Vec<String>), HostError> {
    run_within(candidate, env, notice, cancel, LIMIT)
}

fn run_within(
    candidate: &Candidate,
    env: &BTreeMap<String, String>,
    notice: &Notice,
    cancel: &Cancel,
    limit: Duration,
) -> Result<(Ended, Vec<String>), HostError> {
    let path = candidate.path();
    let failed = || {
        let program = path.to_string();
        move |source| HostError::Start { program, source }
    };
    let folder = path.parent().unwrap_or(Utf8Path::new("/"));
    let (mut output, input) = std::io::pipe().map_err(failed())?;
    let mut command = Command::new(path);
    command.current_dir(folder).env_clear().envs(env).process_group(0);
    command.stdin(Stdio::piped()).stdout(input.try_clone().map_err(failed())?).stderr(input);
    let mut child = command.spawn().map_err(failed())?;
    drop(command);
    // It fits into the pipe. A plugin that reads nothing closes it.
    drop(child.stdin.take().map(|mut stdin| stdin.write_all(notice.line().as_bytes())));
    let end = Instant::now() + limit;
    let mut bytes = Vec::new();
    let ended = loop {
        take(&mut output, GLANCE, &mut bytes);
        if let Some(status) = child.try_wait().map_err(failed())? {
            break Ended::With(status.into());
        }
        if cancel.is_cancelled() {
            break Ended::Cancelled;
        }
        if Instant::now() >= end {
            break Ended::Late;
        }
    };
    kill(&mut child);
    while take(&mut output, Duration::ZERO, &mut bytes) {}
    Ok((ended, String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()))
}

/// Kills a plugin and everything in its process group, which it may have left behind.
fn kill(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Ignore the error if the group is gone.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    drop(child.wait());
}

/// Reads what is written within `patience`, and keeps the beginning. Whether there may be more.
fn take(output: &mut std::io::PipeReader, patience: Duration, bytes: &mut Vec<u8>) -> bool {
    let time = Timespec::try_from(patience).unwrap_or_default();
    let mut asked = [PollFd::new(&*output, PollFlags::IN)];
    if !matches!(poll(&mut asked, Some(&time)), Ok(1..)) {
        return false;
    }
    let mut chunk = [0; 8192];
    match output.read(&mut chunk) {
        Ok(count @ 1..) => {
            let room = OUTPUT.saturating_sub(bytes.len());
            bytes.extend_from_slice(&chunk[..count.min(room)]);
            true
        }
        // All ends are closed: it will end soon.
        _ => {
            wait::pause(patience);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::Occasion;

    fn plugin(root: &Root, file: &str, script: &str) -> Candidate {
        let folder = root.plugins().join("test");
        files::make_folder(&root.plugins(), 0o700).unwrap();
        files::make_folder(&folder, 0o700).unwrap();
        files::write(&folder.join(file), format!("#!/bin/sh\n{script}\n").as_bytes(), 0o700).unwrap();
        find(root, "test", file).unwrap()
    }

    fn notice() -> Notice {
        let notice = Notice::new(wait::now(), &"blog".parse().unwrap(), "1ee8373", "push of main");
        notice.says(Some(Occasion::Failed), "no $(id) `id`")
    }

    #[test]
    fn a_plugin_reads_a_notice_in_a_clean_environment_and_its_end_is_that_of_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let root = Root::new(&home);
        files::set_mode(&home, 0o700).unwrap();
        let env = environment(&root, &Surroundings::of_tests(&home), Some(&"blog".parse().unwrap()));
        let run = |script: &str, limit: u64| {
            let candidate = plugin(&root, "on-failed", script);
            run_within(&candidate, &env, &notice(), &Cancel::default(), Duration::from_millis(limit)).unwrap()
        };
        let (ended, output) = run("cat; env | cut -d= -f1 | sort | tr '\\n' ' '; pwd >&2; exit 3", 60_000);
        assert!(matches!(ended, Ended::With(Status::Code(3))), "{ended:?}");
        assert_eq!(serde_json::from_str::<Notice>(&output[0]).unwrap().message, "no $(id) `id`");
        assert!(output[1].contains("APP HOME ") && output[1].contains("PIKU_ROOT"), "{output:?}");

        let begin = Instant::now();
        let (ended, output) = run("sleep 600 & echo started; wait", 3_000);
        assert!(matches!(ended, Ended::Late), "{ended:?}");
        assert_eq!(output, ["started"]);
        let (ended, _) = run("sleep 600 & exit 0", 60_000);
        assert!(matches!(ended, Ended::With(Status::Code(0))), "what it leaves behind is not waited for");
        let (ended, output) = run("yes | head -c 300000", 60_000);
        assert!(matches!(ended, Ended::With(Status::Code(0))) && output.len() * 2 <= OUTPUT, "{ended:?}");
        assert!(begin.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_plugin_that_others_may_write_to_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let root = Root::new(&home);
        files::set_mode(&home, 0o711).unwrap();
        let candidate = plugin(&root, "on-build", "exit 0");
        assert_eq!(ready(&root, "on-build"), [candidate]);
        assert_eq!(ready(&root, "on-deployed"), []);
        for path in [root.path().to_owned(), root.plugins(), root.plugins().join("test/on-build")] {
            let mode = files::mode(&path).unwrap();
            files::set_mode(&path, mode | 0o020).unwrap();
            assert_eq!(ready(&root, "on-build"), [], "{path}");
            files::set_mode(&path, mode).unwrap();
        }
        let moved = root.plugins().join("test/program");
        files::rename(&root.plugins().join("test/on-build"), &moved).unwrap();
        std::os::unix::fs::symlink(&moved, root.plugins().join("test/on-build")).unwrap();
        assert_eq!(ready(&root, "on-build"), [], "a link");
    }
}
