//! On a server everything belongs to the user `piku`, whoever of its administrators asks.

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::needs;

const ROOT: &str = "/home/piku/.piku";

fn administrators_act_as_the_owner(debian: Debian) {
    let server = BootedServer::installed(debian);
    server.laptop_has_app("hello-wsgi", "blog");
    server.laptop("cd blog && git push -q piku main").succeeds();
    server.root("useradd --create-home --shell /bin/bash --groups sudo ada").succeeds();
    server.root("echo '%sudo ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/nopasswd").succeeds();

    for (name, ask) in [("root", ""), ("ada", "runuser -l ada -c ")] {
        // The folder that they are in is closed to the user piku.
        let run = |line: &str| {
            let line = if ask.is_empty() { line.to_owned() } else { format!("{ask}\"{line}\"") };
            server.root(&line)
        };
        run("piku apps").succeeds().says("blog");
        run("piku ps blog").succeeds().says("worker");
        assert_eq!(run("piku run blog whoami").succeeds().stdout.trim(), "piku");
        run(&format!("piku run blog touch {ROOT}/data/blog/by-{name}")).succeeds();
        run(&format!("piku config:set blog BY={name}")).succeeds();
        assert_eq!(run("piku config:get blog BY").succeeds().stdout.trim(), name);
        run("piku doctor").succeeds().never_says("error ").never_says("warning ");

        // A key in a file that only the one who asks can read.
        run("ssh-keygen -q -t ed25519 -N '' -C key -f ~/key && chmod 600 ~/key.pub && chmod 700 ~")
            .succeeds();
        let key = format!("of-{name}");
        run(&format!("sed -i s/key$/{key}/ ~/key.pub && piku setup:ssh ~/key.pub")).succeeds().says(&key);
        run("ssh -i ~/key -o StrictHostKeyChecking=accept-new piku@localhost apps").succeeds().says("blog");
        run("piku setup:ssh ~/no-such-key").is_refused().says("no-such-key");
    }
    let foreign = server.root("find /home/piku ! -user piku -o ! -group piku").succeeds().stdout;
    assert_eq!(foreign, "", "everything is piku's");
    server.root("test ! -e /root/.piku && test ! -e /home/ada/.piku").succeeds();

    // Somebody who is neither is told whose it is, and nothing is made for them.
    server.laptop("piku apps").is_refused().says("`piku`").says("sudo");
    server.laptop("piku config:set blog X=1").is_refused().says("sudo");
    server.laptop("test ! -e .piku").succeeds();

    // A root that is named is taken at its word.
    server.root("PIKU_ROOT=/root/own piku setup").succeeds().says("/root/own is ready");
    assert_eq!(server.root("stat -c %U /root/own/apps").succeeds().stdout, "root\n");
    server.root("PIKU_ROOT=/root/own piku apps").succeeds().never_says("blog");
    server.laptop("PIKU_ROOT=~/own piku setup && PIKU_ROOT=~/own piku apps").succeeds().never_says("blog");
}

#[test]
fn administrators_of_debian_12_act_as_the_owner() {
    needs!(booted, package);
    administrators_act_as_the_owner(Debian::Bookworm);
}

#[test]
fn administrators_of_debian_13_act_as_the_owner() {
    needs!(booted, package);
    administrators_act_as_the_owner(Debian::Trixie);
}
