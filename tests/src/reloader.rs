//! Reloads nginx when a site changes, like the path unit of a server.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

/// How long a change may go unnoticed.
const PAUSE: Duration = Duration::from_millis(10);

/// Watches a folder and reloads nginx whenever a site in it changes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Reloader {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reloader {
    pub(crate) fn start(folder: &Utf8Path, reload: impl Fn() + Send + 'static) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (stop, folder, mut before) = (Arc::clone(&ends), folder.to_owned(), sites(folder));
        let watch = move || {
            while !stop.load(Ordering::Relaxed) {
                let now = sites(&folder);
                if now != before {
                    reload();
                    before = now;
                }
                thread::sleep(PAUSE);
            }
        };
        Self { ends, thread: Some(thread::spawn(watch)) }
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Identifies a state of the sites: name, inode, time, and size of each file.
fn sites(folder: &Utf8Path) -> BTreeSet<(Utf8PathBuf, u64, i64, i64, u64)> {
    let files = folder.read_dir_utf8().into_iter().flatten().flatten();
    let files = files.filter(|file| file.path().extension() == Some("conf"));
    files
        .filter_map(|file| {
            let facts = fs::metadata(file.path()).ok()?;
            Some((file.into_path(), facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.size()))
        })
        .collect()
}
