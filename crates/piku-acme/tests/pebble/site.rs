//! A web server that answers challenges from a folder, or does not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use piku_acme::Webroot;

/// Answers requests at an address until it is dropped.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    folder: tempfile::TempDir,
    over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves a new folder at an address.
    pub(crate) fn at(address: &str, port: u16) -> Self {
        let listener = TcpListener::bind((address, port)).unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (ended, root) = (Arc::clone(&over), path(&folder));
        let serving = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let root = root.clone();
                thread::spawn(move || drop(answer(stream, &root)));
            }
        });
        Self { address, folder, over, serving: Some(serving) }
    }

    pub(crate) fn webroot(&self) -> Webroot {
        Webroot::new(path(&self.folder))
    }

    /// The answers that are placed.
    pub(crate) fn placed(&self) -> usize {
        let challenges = path(&self.folder).join(".well-known/acme-challenge");
        challenges.read_dir_utf8().map_or(0, Iterator::count)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        drop(self.serving.take().map(JoinHandle::join));
    }
}

fn path(folder: &tempfile::TempDir) -> Utf8PathBuf {
    Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap()
}

fn answer(mut stream: TcpStream, root: &Utf8Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 1024];
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&part[..read]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let asked = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let file = std::fs::read(root.join(asked)).ok();
    let status = if file.is_some() { "200 OK" } else { "404 Not Found" };
    let body = file.unwrap_or_else(|| b"nothing here".to_vec());
    write!(
        stream,
        "HTTP/1.1 {status}\r\nServer: site\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}
