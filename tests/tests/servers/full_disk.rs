//! A disk that fills up, and logs that must not be what fills it.

use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use piku_tests::booted::{BootedServer, Debian};
use piku_tests::{eventually, eventually_within, needs};

use crate::residents::{self, answer, nothing_failed};

/// A small file system of its own at the server's `/home/piku`.
struct SmallHome(Utf8PathBuf);

impl SmallHome {
    /// Moves what is there onto it, with the server off for that long.
    fn mount(server: &mut BootedServer) -> Self {
        let home = server.files().join("home/piku");
        let folder = tempfile::tempdir().unwrap();
        let aside = Utf8Path::from_path(folder.path()).unwrap().join("home");
        server.power_off();
        let run =
            |words: &[&str]| assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success());
        let copy = |from: &Utf8Path, to: &Utf8Path| run(&["cp", "-a", "-T", from.as_str(), to.as_str()]);
        copy(&home, &aside);
        run(&["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", home.as_str()]);
        let this = Self(home);
        copy(&aside, &this.0);
        server.power_on();
        this
    }
}

impl Drop for SmallHome {
    fn drop(&mut self) {
        // The server may be on it still.
        drop(Command::new("umount").args(["--lazy", self.0.as_str()]).status());
    }
}

#[test]
fn live_apps_outlive_a_disk_that_is_full_at_boot_and_a_push_changes_nothing() {
    needs!(booted, package);
    let mut server = BootedServer::installed(Debian::Bookworm);
    residents::blog(&server);
    residents::shop(&server);
    let _home = SmallHome::mount(&mut server);
    answer(&server, 1);

    server
        .root("runuser -u piku -- dd if=/dev/zero of=/home/piku/filler bs=4k 2> /dev/null; true")
        .succeeds();
    server.root("runuser -u piku -- sh -c 'echo > /home/piku/no'").is_refused();
    server.reboot();
    answer(&server, 1);
    nothing_failed(&server);
    let doctor = server.root("piku doctor").stdout;
    assert!(doctor.lines().any(|line| line.contains("disk") && line.contains("only 0 MiB")), "{doctor}");

    let releases = || residents::names(&server, "releases/blog");
    let before = releases();
    residents::commit(&server, "blog", &[("app.py", &residents::blog_source(2, 0))]);
    residents::push(&server, "blog").is_refused().says("No space left on device");
    assert_eq!(releases(), before);
    answer(&server, 1);

    // Room is all it takes.
    server.root("rm /home/piku/filler").succeeds();
    residents::push(&server, "blog").succeeds();
    answer(&server, 2);
    nothing_failed(&server);
}

/// Writes 64 MB in a few seconds, as a loop gone wild does; where that is too fast for the log, again.
const NOISE: &str = r#"import os, time
for _ in range(8192):
    block = (b"x" * 127 + b"\n") * 64
    while block:
        try:
            block = block[os.write(1, block):]
        except BlockingIOError:
            time.sleep(0.001)
    # uWSGI looks at the size of a log once a second.
    time.sleep(0.001)
open("done", "w").close()
time.sleep(1000000)
"#;

#[test]
fn logs_of_a_noisy_app_and_of_piku_itself_do_not_grow_without_end() {
    needs!(booted, package);
    let server = BootedServer::installed(Debian::Bookworm);
    residents::commit(&server, "noisy", &[("Procfile", "worker: python3 noise.py\n"), ("noise.py", NOISE)]);
    residents::push(&server, "noisy").succeeds();
    eventually_within(Duration::from_secs(60), "all is written", || {
        server.files().join("home/piku/.piku/apps/noisy").exists().then_some(())?;
        server.root("test -e /home/piku/.piku/apps/noisy/done").status.eq(&0).then_some(())
    });
    let size = |what: &str| -> u64 {
        let shown = server.root(&format!("du -sb {what} | cut -f 1")).succeeds().stdout;
        shown.trim().parse().unwrap()
    };
    eventually("the log has been set aside", || {
        (size("/home/piku/.piku/logs/noisy") < 24 << 20).then_some(())
    });
    assert!(size("/home/piku/.piku/uwsgi") < 4 << 20);
    let journal = server.root("journalctl -b -u piku | wc -c").succeeds().stdout;
    assert!(
        journal.trim().parse::<u64>().unwrap() < 1 << 20,
        "output of apps is not in the journal: {journal}"
    );

    // What nginx refuses is kept until the next reload, and no longer.
    server
        .root("head -c 1000000 /dev/zero | tr '\\0' 'x' > /home/piku/.piku/nginx/server/refused.log")
        .succeeds();
    residents::shop(&server);
    assert!(size("/home/piku/.piku/nginx/server/refused.log") < 64 << 10);
}
