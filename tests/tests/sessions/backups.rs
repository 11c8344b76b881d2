//! `backup`, `restore`, and `apps:clone`: an app as one file, and back.

use std::process::{Command, Stdio};

use piku_tests::{TestServer, eventually, http, machine, needs, piku};

/// Writes pairs of numbers whose sum is always zero into a database with a write-ahead log, and old ones away.
const WRITER: &str = r#"
import itertools, os, sqlite3, time
db = sqlite3.connect(os.path.join(os.environ["DATA_ROOT"], "app.db"), timeout=30)
db.execute("pragma journal_mode=wal")
db.execute("pragma synchronous=off")
db.execute("create table if not exists pairs (number int, filling blob)")
for number in itertools.count(1):
    with db:
        db.execute("insert into pairs values (?, ?)", (number, os.urandom(3000)))
        db.execute("delete from pairs where abs(number) < ?", (number - 50,))
        db.execute("insert into pairs values (?, ?)", (-number, os.urandom(3000)))
    time.sleep(0.02)
"#;

/// Tells whether a database is whole.
const CHECK: &str = r#"
import sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?immutable=1", uri=True)
assert db.execute("pragma integrity_check").fetchone() == ("ok",)
assert db.execute("select sum(number), count(*) > 0 from pairs").fetchone() == (0, 1)
"#;

fn backup(server: &TestServer, app: &str) -> (Vec<u8>, String) {
    let mut command = server.command(piku::program().as_str());
    let output = command.args(["backup", app]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (output.stdout, said)
}

fn answer(server: &TestServer, app: &str) -> String {
    let port: u16 = server.live_settings(app)["PORT"].parse().unwrap();
    http::get(([127, 0, 0, 1], port).into(), "localhost", "/").unwrap().body
}

#[test]
fn an_app_comes_back_whole_under_its_own_name_and_another() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test");
    let blog = blog.file("Procfile", "wsgi: app:app\nwriter: python3 writer.py\n");
    let blog = blog.file("writer.py", WRITER);
    blog.push().succeeds();
    let first = blog.on_server("main");
    server.ssh(["config:set", "blog", "SECRET=a  b\nc "]).succeeds();
    server.ssh(["ps:scale", "blog", "writer=2"]).succeeds();
    let data = server.root().join("data/blog");
    let make = "cd $DATA_ROOT && mkdir -m 750 uploads && echo one > uploads/x && ln -s uploads/x near \
                && ln -s $DATA_ROOT/uploads/x whole && ln -s /etc/passwd out";
    server.piku(["run", "blog", "--", "sh", "-c", make]).succeeds();
    eventually("the writer writes", || data.join("app.db-wal").exists().then_some(()));

    let (stream, said) = backup(&server, "blog");
    assert!(said.contains("the link `out` leads out of the app's data and is left out"), "{said}");
    assert!(said.contains("a SQLite database among them"), "{said}");
    server
        .ssh_with_input("restore blog", &stream)
        .is_refused()
        .says("an app `blog` already")
        .says("--replace");
    // What is cut off, damaged, or no backup changes nothing.
    let mut flipped = stream.clone();
    flipped[stream.len() / 2] ^= 0x55;
    for odd in [&stream[..stream.len() - 5], &stream[..stream.len() / 3], &flipped, b"hello\n", b""] {
        server.ssh_with_input("restore copy", odd).is_refused().says("nothing was changed");
        server.ssh_with_input("restore blog --replace", odd).is_refused().says("nothing was changed");
    }
    assert_eq!(server.names_in("repos"), ["blog"]);
    assert!(server.names_in("data").iter().all(|name| name == "blog"), "{:?}", server.names_in("data"));

    // Under another name, beside the first.
    let restored = server.ssh_with_input("restore copy", &stream).succeeds();
    restored.says("`blog.test` belongs to `blog`").says("Restored copy from the backup of blog");
    assert_eq!(answer(&server, "copy"), "Hello from version 1\n");
    assert_eq!(server.piku(["config:get", "copy", "SECRET"]).succeeds().stdout, "a  b\nc \n");
    assert!(server.text("envs/copy/SCALING").contains("writer:2"));
    let copied = server.root().join("data/copy");
    assert_eq!(std::fs::read_to_string(copied.join("near")).unwrap(), "one\n");
    assert_eq!(copied.join("whole").read_link_utf8().unwrap(), "uploads/x");
    assert!(!copied.join("out").is_symlink());
    server.piku(["stop", "copy"]).succeeds();
    let python = machine::require("python3");
    let whole = Command::new(&python).args(["-c", CHECK, copied.join("app.db").as_str()]).output().unwrap();
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));

    // Another copy without a file in between.
    server
        .ssh(["apps:clone", "blog", "twin"])
        .succeeds()
        .says("belongs to `blog`")
        .says("twin is a clone of blog");
    assert_eq!(answer(&server, "twin"), "Hello from version 1\n");
    assert!(!server.root().join("data/twin/uploads").exists());
    server.ssh(["apps:clone", "blog", "twin"]).is_refused().says("`twin`");
    server.ssh(["apps:clone", "blog", "full", "--data"]).succeeds();
    assert_eq!(server.text("data/full/near"), "one\n");
    server.ssh(["releases", "full"]).succeeds().says("clone of blog");

    // In its own place: what was there is kept aside.
    server.piku(["run", "blog", "--", "sh", "-c", "echo two > $DATA_ROOT/uploads/x"]).succeeds();
    blog.set_version(2);
    blog.push().succeeds();
    server.ssh(["lock", "blog"]).succeeds();
    server.ssh_with_input("restore blog --replace", &stream).is_refused().says("`blog` is locked");
    server.ssh(["unlock", "blog"]).succeeds();
    let restored = server.ssh_with_input("restore blog --replace", &stream).succeeds();
    restored.says("The data that blog had before is in ");
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 1\n");
    assert_eq!(server.text("data/blog/uploads/x"), "one\n");
    let aside = server.names_in("data").into_iter().find(|name| name.starts_with("blog@")).unwrap();
    assert_eq!(server.text(&format!("data/{aside}/uploads/x")), "two\n");
    assert_eq!(blog.on_server("main"), first, "the branch is the one of the backup");

    // A deploy that fails leaves everything as it was.
    blog.write("Procfile", "wsgi: app:app\nrelease: test -e $DATA_ROOT/uploads/x\n");
    blog.set_version(3);
    blog.push().succeeds();
    let (other, _) = backup(&server, "blog");
    server.piku(["run", "blog", "--", "sh", "-c", "rm $DATA_ROOT/uploads/x"]).succeeds();
    let (without, _) = backup(&server, "blog");
    server.ssh_with_input("restore blog --replace", &without).is_refused();
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 3\n");
    server.ssh_with_input("restore new", &without).is_refused();
    assert!(
        !server.names_in("repos").contains(&"new".to_owned()) && !server.root().join("data/new").exists()
    );
    assert_eq!(server.names_in("data").iter().filter(|name| name.starts_with("blog@")).count(), 1);

    // And after all is gone.
    server.ssh(["destroy", "blog", "--force"]).succeeds();
    server.ssh_with_input("restore blog", &other).succeeds().says("http://blog.test");
    assert_eq!(server.get("blog.test", "/").body, "Hello from version 3\n");
    assert_eq!(server.text("data/blog/uploads/x"), "one\n");
    assert_eq!(server.names_in("restoring"), [""; 0]);
}
