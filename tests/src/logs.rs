//! The server logs that a failed test prints.

use std::fs;

use camino::Utf8Path;

const LINES: usize = 30;

/// Prints the last lines of all logs of the server with this home.
pub(crate) fn show(home: &Utf8Path) {
    let root = home.join(".piku");
    let mut logs = vec![
        home.join("sshd.log"),
        home.join("emperor.log"),
        root.join("uwsgi/uwsgi.log"),
        home.join("nginx/error.log"),
    ];
    let apps = root.join("logs").read_dir_utf8().into_iter().flatten().flatten();
    let files = apps.into_iter().filter_map(|app| app.path().read_dir_utf8().ok()).flatten().flatten();
    let files = files.filter(|file| !file.file_name().starts_with('.'));
    logs.extend(files.map(|file| file.into_path()));
    for log in logs {
        let Ok(bytes) = fs::read(&log) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        eprintln!("--- the end of {log}");
        lines[lines.len().saturating_sub(LINES)..].iter().for_each(|line| eprintln!("{line}"));
    }
}
