//! A root as the original piku (piku.py) leaves it, with its emperor, built from its documented layout.

use std::fmt::Write;
use std::fs;
use std::process::Stdio;

use camino::Utf8PathBuf;
use rustix::process::Signal;

use crate::child::Process;
use crate::sshd::{free_port, public_key};
use crate::{App, TestServer, eventually, machine, piku};

/// The emperor of the original piku, which runs the vassals of a root that it left.
#[derive(Debug)]
pub struct LegacyEmperor(Process);

impl LegacyEmperor {
    /// Ends it, and with it every vassal, as its unit does, which sends SIGQUIT.
    ///
    /// # Panics
    ///
    /// When one does not end.
    pub fn stop(&mut self, server: &TestServer) {
        let id = self.0.id();
        let all = server.processes().tree_of(id);
        all.iter().for_each(|process| process.send(Signal::QUIT));
        eventually("the original piku's emperor and all it runs have ended", || {
            let left = server.processes();
            (!all.iter().any(|process| left.iter().any(|one| one.id == process.id))).then_some(())
        });
        self.0.stop();
    }
}

impl Drop for LegacyEmperor {
    fn drop(&mut self) {
        // SIGTERM would reload it.
        self.0.send(Signal::QUIT);
    }
}

/// An app that the original piku runs.
#[derive(Clone, Copy, Debug)]
pub struct LegacyApp<'a> {
    /// The work tree, whose commit is deployed.
    pub app: &'a App<'a>,
    /// The name of its site; without one, no site.
    pub host: Option<&'a str>,
    /// What `config:set` has stored.
    pub settings: &'a str,
    /// Its kinds with their commands and counts.
    pub kinds: &'a [(&'a str, &'a str, u32)],
}

impl TestServer {
    /// Replaces piku's root by one of the original piku with these apps, puts our program in the place of `piku.py`,
    /// and gives the key a line that calls it. Starts its emperor, which runs the apps.
    ///
    /// # Panics
    ///
    /// When the root can't be made.
    #[must_use]
    pub fn with_legacy_root(&self, apps: &[LegacyApp<'_>]) -> LegacyEmperor {
        let root = self.root();
        fs::remove_dir_all(&root).expect("the server has a root");
        for folder in [
            "acme",
            "apps",
            "cache",
            "data",
            "envs",
            "logs",
            "nginx",
            "plugins",
            "repos",
            "uwsgi",
            "uwsgi-available",
            "uwsgi-enabled",
        ] {
            fs::create_dir_all(root.join(folder)).expect("a folder can be made in the home");
        }
        let emperor = format!(
            "[uwsgi]\nchdir = {root}/uwsgi\nemperor = {root}/uwsgi-enabled\nlog-maxsize = 1048576\n\
             logto = {root}/uwsgi/uwsgi.log\nlog-backupname = {root}/uwsgi/uwsgi.old.log\n\
             socket = {root}/uwsgi/uwsgi.sock\nenable-threads = true\nthreads = 4\n"
        );
        fs::write(root.join("uwsgi/uwsgi.ini"), emperor).expect("a file can be written in the root");
        apps.iter().for_each(|app| self.make_legacy(app));
        let key = fs::read_to_string(public_key()).expect("there is a key");
        let program = self.home().join("piku.py");
        std::os::unix::fs::symlink(piku::program(), &program).expect("a link can be made in the home");
        let line = format!(
            "command=\"FINGERPRINT=SHA256:as-the-original-wrote-it NAME=default {program} \
             $SSH_ORIGINAL_COMMAND\",no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding {key}"
        );
        fs::write(self.home().join(".ssh/authorized_keys"), line).expect("the key has a line");
        self.namespace().own(&root);
        let mut command = self.command(machine::require("uwsgi").as_str());
        command.args(["--ini", root.join("uwsgi/uwsgi.ini").as_str()]);
        // Nothing of ours is known to it.
        command.env_remove("PIKU_ROOT").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = self.namespace().start_process("the emperor of the original piku", &mut command);
        let masters =
            |app: &LegacyApp<'_>| app.kinds.iter().map(|(.., count)| *count as usize).sum::<usize>();
        let wanted: usize = apps.iter().map(masters).sum();
        eventually("the vassals of the original piku run", || {
            let all = self.processes();
            let masters = all.iter().filter(|process| process.command.ends_with(":uWSGI master")).count();
            (masters == wanted).then_some(())
        });
        LegacyEmperor(process)
    }

    fn make_legacy(&self, legacy: &LegacyApp<'_>) {
        let (root, name) = (self.root(), legacy.app.name());
        let at = |path: &str| -> Utf8PathBuf { root.join(path.replace("<app>", name)) };
        legacy.app.git().commit("Deployed by the original piku");
        legacy.app.git().run(["clone", "--quiet", "--bare", ".", at("repos/<app>").as_str()]);
        legacy.app.git().run(["clone", "--quiet", at("repos/<app>").as_str(), at("apps/<app>").as_str()]);
        let hook = format!(
            "#!/usr/bin/env bash\nset -e; set -o pipefail;\ncat | PIKU_ROOT=\"{root}\" {}/piku.py git-hook {name}\n",
            self.home()
        );
        write(&at("repos/<app>/hooks/post-receive"), &hook, 0o755);
        for folder in ["data/<app>", "envs/<app>/bin", "logs/<app>"] {
            fs::create_dir_all(at(folder)).expect("a folder can be made in the root");
        }
        let port = free_port();
        let mut live: Vec<String> = vec![
            format!("APP={name}"),
            format!("LOG_ROOT={}", at("logs/<app>")),
            format!("DATA_ROOT={}", at("data/<app>")),
            format!("HOME={}", self.home()),
            format!("PATH={}:{}", at("envs/<app>/bin"), machine::SEARCH_PATH),
            format!("PWD={}", at("apps/<app>")),
            format!("VIRTUAL_ENV={}", at("envs/<app>")),
            "BIND_ADDRESS=127.0.0.1".to_owned(),
            format!("PORT={port}"),
        ];
        live.extend(legacy.settings.lines().chain(legacy.app.read("ENV").lines()).map(str::to_owned));
        write(&at("envs/<app>/ENV"), legacy.settings, 0o644);
        write(&at("envs/<app>/LIVE_ENV"), &(live.join("\n") + "\n"), 0o644);
        let mut scaling = String::new();
        let mut upstream = format!("127.0.0.1:{port}");
        let mut passed = format!("proxy_pass http://{name};");
        for (kind, command, count) in legacy.kinds {
            writeln!(scaling, "{kind}:{count}").expect("text grows");
            let socket = at("nginx/<app>.sock");
            let how = match (*kind, legacy.host) {
                ("wsgi", Some(_)) => {
                    // 664 on a server, where its user is in the group of nginx.
                    upstream = format!("unix:{socket}");
                    passed = format!("include /etc/nginx/uwsgi_params; uwsgi_pass {name};");
                    format!(
                        "module = {command}\nthreads = 4\nplugin = python3\nsocket = {socket}\nchmod-socket = 666\n"
                    )
                }
                ("wsgi", None) => {
                    format!(
                        "module = {command}\nthreads = 4\nplugin = python3\nhttp-socket = 127.0.0.1:{port}\n"
                    )
                }
                _ => format!("attach-daemon = {command}\n"),
            };
            for index in 1..=*count {
                let log = at(&format!("logs/<app>/{kind}.{index}.log"));
                let mut text = format!(
                    "[uwsgi]\nchdir = {}\nmaster = true\nproject = {name}\nmax-requests = 1024\nlisten = 16\n\
                     processes = 1\nprocname-prefix = {name}:{kind}:\nenable-threads = true\n\
                     log-x-forwarded-for = false\nlog-maxsize = 1048576\nlogfile-chmod = 640\nlogto = {log}\n\
                     log-backupname = {log}.old\n{how}",
                    at("apps/<app>")
                );
                live.iter().for_each(|line| writeln!(text, "env = {line}").expect("text grows"));
                for folder in ["uwsgi-available", "uwsgi-enabled"] {
                    write(&at(&format!("{folder}/<app>_{kind}.{index}.ini")), &text, 0o644);
                }
            }
        }
        write(&at("envs/<app>/SCALING"), &scaling, 0o644);
        if let Some(host) = legacy.host {
            let site = format!(
                "upstream {name} {{ server {upstream}; }}\n\
                 server {{ listen {}:80; server_name {host}; location / {{ {passed} }} }}\n",
                self.address()
            );
            write(&at("nginx/<app>.conf"), &site, 0o644);
        }
    }
}

fn write(path: &camino::Utf8Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a file has a mode");
}
