//! A real nginx on a loopback address of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;

use rustix::process::Signal;

use crate::account::{Account, NGINX_GROUP};
use crate::child::Process;
use crate::namespace::Namespace;
use crate::reloader::Reloader;
use crate::{eventually, machine};

/// An nginx that includes the sites of one server's piku, on ports 80 and 443 of `127.x.y.z`.
#[derive(Debug)]
pub struct Nginx {
    // Dropped before the process that it signals.
    reloader: Option<Reloader>,
    process: Arc<Mutex<Process>>,
    address: Ipv4Addr,
}

impl Nginx {
    /// Writes its configuration and starts it.
    ///
    /// # Panics
    ///
    /// When nginx is missing or doesn't start.
    #[must_use]
    pub(crate) fn start(home: &Utf8Path, piku: &Utf8Path, address: Ipv4Addr, namespace: &Namespace) -> Self {
        let folder = home.join("nginx");
        fs::create_dir_all(&folder).expect("a folder can be made in a new home");
        let user = if machine::is_root() { format!("user {NGINX_GROUP};") } else { String::new() };
        let text = format!(
            "{user}\n\
             daemon off;\n\
             worker_processes 1;\n\
             pid {folder}/nginx.pid;\n\
             error_log {folder}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{\n\
             include /etc/nginx/mime.types;\n\
             default_type application/octet-stream;\n\
             access_log off;\n\
             client_body_temp_path {folder}/body;\n\
             proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/fastcgi;\n\
             uwsgi_temp_path {folder}/uwsgi;\n\
             scgi_temp_path {folder}/scgi;\n\
             server_names_hash_bucket_size 128;\n\
             include {piku}/nginx/*.conf;\n\
             # Up before there is any site, and out of the sites' way.\n\
             server {{ listen {address}:8079; return 204; }}\n\
             }}\n"
        );
        fs::write(folder.join("nginx.conf"), text).expect("nginx's configuration can be written");
        let mut command = namespace.command_of_root(machine::require("nginx").as_str());
        command.args([
            "-p",
            folder.as_str(),
            "-c",
            folder.join("nginx.conf").as_str(),
            "-e",
            folder.join("error.log").as_str(),
        ]);
        command
            .env_clear()
            .env("PATH", machine::SEARCH_PATH)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = namespace.start_process("nginx", &mut command);
        eventually("nginx listens", || {
            let log = folder.join("error.log");
            assert!(
                process.ended().is_none(),
                "nginx ended at once: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            TcpStream::connect((address, 8079)).ok()
        });
        let process = Arc::new(Mutex::new(process));
        let master = Arc::clone(&process);
        let reload = move || master.lock().unwrap_or_else(PoisonError::into_inner).send(Signal::HUP);
        let watched = Self::reload_command(home, namespace.account()).is_none();
        let reloader = watched.then(|| {
            // This tells piku, as on a server, who reloads nginx.
            let (units, sites) = (folder.join("units"), piku.join("nginx"));
            fs::create_dir_all(&units)
                .and_then(|()| {
                    fs::write(units.join("piku-nginx.path"), format!("[Path]\nPathChanged={sites}\n"))
                })
                .expect("a unit can be written");
            namespace.show_instead("/etc/systemd/system", &units);
            Reloader::start(&sites, reload)
        });
        Self { reloader, process, address }
    }

    /// The command line that reloads it, for users who may run it. An ordinary user may not signal root's nginx, and
    /// waits until the watcher of the sites has done it.
    pub(crate) fn reload_command(home: &Utf8Path, account: Account) -> Option<String> {
        if account.ids().is_some() {
            return None;
        }
        let folder = home.join("nginx");
        let nginx = machine::require("nginx");
        Some(format!("{nginx} -p {folder} -c {folder}/nginx.conf -e {folder}/error.log -s reload"))
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.reloader = None;
        self.process.lock().unwrap_or_else(PoisonError::into_inner).stop();
    }
}

/// A loopback address that no other server uses.
pub(crate) fn free_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    loop {
        let last = NEXT.fetch_add(1, Ordering::Relaxed) % 254 + 1;
        let address = Ipv4Addr::new(127, high.max(1), low, u8::try_from(last).unwrap_or(1));
        if TcpListener::bind((address, 8079)).is_ok() {
            return address;
        }
    }
}
