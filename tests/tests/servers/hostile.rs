//! What an app can do to those who administer its server: nothing.

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::{eventually, needs};

const ROOT: &str = "/home/piku/.piku";

/// Types a line into the terminal of whoever runs it (`TIOCSTI`, ioctl_tty(2)).
const TYPES: &str = "\
import fcntl, os, termios
try:
    terminal = os.open('/dev/tty', os.O_RDWR)
    for letter in 'touch /root/typed\\n':
        fcntl.ioctl(terminal, termios.TIOCSTI, letter)
except OSError as error:
    print('no terminal:', error.strerror)
";

#[test]
fn an_app_can_t_harm_those_who_administer_its_server() {
    needs!(booted, package);
    let server = BootedServer::installed(Debian::Bookworm);
    server.laptop_has_app("hello-wsgi", "blog");
    server.write("/home/laptop/blog/evil.py", TYPES);
    server.write("/home/laptop/blog/ENV", "NGINX_SERVER_NAME=blog.example.org\n");
    server
        .laptop("cd blog && echo 'release: python3 evil.py' >> Procfile && git add . && git commit -qm evil")
        .succeeds();
    server.laptop("cd blog && git push -q piku main").succeeds().says("no terminal");

    // What was typed would be the next line that root's shell reads.
    let next_line = "$1\nIFS= read -r -t 1 line\necho \"typed: [$line]\"\n".to_owned();
    let commands =
        ["piku deploy blog", "piku deploy blog > /tmp/said", "piku run blog python3 evil.py < /dev/null"];
    for command in commands {
        server.write("/root/attacked.sh", &next_line.replace("$1", command));
        // Nothing comes in, and the end of it does not come before what was typed.
        let said = server.root("sleep 3 | script --quiet --return --command 'bash attacked.sh' /dev/null");
        said.succeeds().says("typed: []");
    }

    // Nothing that the app puts where piku keeps its own is opened by root.
    let as_piku = |line: &str| server.root(&format!("runuser -u piku -- sh -c '{line}'")).succeeds();
    let run = format!("{ROOT}/nginx/server/run");
    as_piku(&format!("mkdir /tmp/trap && mkfifo /tmp/trap/nginx.pid && ln -sfn /tmp/trap {run}"));
    server.root("timeout 30 piku setup --system").succeeds();
    as_piku(&format!("ln -sfn /run/piku-nginx {run}"));

    // A folder without which nginx does not start is named, and made again.
    server.root(&format!("rm -r {ROOT}/cache && systemctl restart piku-nginx || true")).succeeds();
    server.root("piku doctor").ends_with(1).says("cache");
    server.root("piku setup --system").succeeds();
    eventually("the site answers again", || {
        server.try_get("blog.example.org", "/").ok().filter(|answer| answer.status == 200)
    });

    // A record that somebody else could have written is none.
    server.root("chmod 777 /var/lib/piku").succeeds();
    server.root("piku setup --system --undo").is_refused().says("is not a piku server");
    server.root("chmod 755 /var/lib/piku && piku doctor").succeeds();
}
