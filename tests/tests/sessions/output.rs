//! What programs print: all of it reaches the log, in order, however much it is and however fast it comes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use piku_tests::processes::Running;
use piku_tests::{TestServer, eventually, eventually_within, machine, needs};

/// How many lines make a burst.
const LINES: usize = 20_000;

/// The length of a line that is longer than any buffer on its way.
const LONG: usize = 300_000;

/// Prints a burst, then says how that went, and stays.
const PYTHON: &str = "import os, sys, time\n\
    for n in range(20000): print('entry %d ' % n + 'z' * 60, flush=len(sys.argv) > 2)\n\
    sys.stdout.flush()\n\
    open(os.environ['DATA_ROOT'] + '/' + sys.argv[1], 'w').write('done')\n\
    time.sleep(1000)\n";
const NODE: &str = "for (let n = 0; n < 20000; n++) console.log(`entry ${n} ` + 'z'.repeat(60));\n\
    require('fs').writeFileSync(process.env.DATA_ROOT + '/node', 'done');\n\
    setTimeout(() => {}, 1e6);\n";
const RUBY: &str = "$stdout.sync = true\n20000.times { |n| puts \"entry #{n} #{'z' * 60}\" }\n\
    File.write(ENV['DATA_ROOT'] + '/ruby', 'done')\nsleep\n";
const SHELL: &str = "seq -f 'entry %.0f zzzzzz' 0 19999 && printf done > $DATA_ROOT/shell; exec sleep 1000\n";
const GO: &str = "package main\nimport (\"fmt\"; \"os\"; \"strings\"; \"time\")\n\
    func main() {\n\
    for n := 0; n < 20000; n++ { if _, err := fmt.Printf(\"entry %d %s\\n\", n, strings.Repeat(\"z\", 60)); err != nil { panic(err) } }\n\
    os.WriteFile(os.Getenv(\"DATA_ROOT\")+\"/go\", []byte(\"done\"), 0o644)\n\
    time.Sleep(1000 * time.Second)\n}\n";

/// Answers after so many flushed lines, or after one long line.
const WSGI: &str = "import sys\n\
    def app(environ, start_response):\n\
    \x20   query = environ['QUERY_STRING']\n\
    \x20   if query == 'long': print('x' * 300000, flush=True)\n\
    \x20   else:\n\
    \x20       for n in range(int(query or 0)): print('entry %d ' % n + 'z' * 60, file=sys.stderr if n % 2 else sys.stdout, flush=True)\n\
    \x20   start_response('200 OK', [('Content-Type', 'text/plain')])\n\
    \x20   return [b'fine']\n";

/// The numbers of the entries in a log.
fn entries(server: &TestServer, log: &str) -> Vec<usize> {
    let text = server.text(log);
    text.lines().filter_map(|line| line.strip_prefix("entry ")?.split(' ').next()?.parse().ok()).collect()
}

#[track_caller]
fn all_in_order(server: &TestServer, log: &str) {
    let found = entries(server, log);
    let first = found.iter().enumerate().find(|(at, number)| at != *number);
    assert_eq!((found.len(), first), (LINES, None), "{log}");
}

/// Compiles a Go program, as its user would before the push.
fn compiled(source: &str, into: &Path) -> Vec<u8> {
    fs::write(into.join("lines.go"), source).unwrap();
    let mut go = Command::new(machine::require("go"));
    let built = go.args(["build", "-o", "lines", "lines.go"]).current_dir(into);
    let built = built.env("GO111MODULE", "off").env("HOME", into).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fs::read(into.join("lines")).unwrap()
}

#[test]
fn twenty_thousand_lines_of_a_worker_in_any_language_and_of_a_request_all_arrive_in_order() {
    needs!(go);
    let server = TestServer::new();
    let folder = tempfile::tempdir().unwrap();
    let procfile = "wsgi: app:app\nbuffered: python3 lines.py buffered\nflushed: python3 lines.py flushed 1\n\
                    unbuffered: python3 -u lines.py unbuffered\nnode: node lines.js\nruby: ruby lines.rb\n\
                    go: cp lines /tmp/$$ && chmod +x /tmp/$$ && exec /tmp/$$\nshell: sh lines.sh\n";
    let procfile = procfile.replace("/tmp/$$", "$DATA_ROOT/lines");
    let app = server.app("burst").file("Procfile", procfile).file("app.py", WSGI);
    app.write("ENV", "UWSGI_LOG_MAXSIZE=8388608\n");
    app.write("lines.py", PYTHON);
    app.write("lines.js", NODE);
    app.write("lines.rb", RUBY);
    app.write("lines.sh", SHELL);
    app.write("lines", compiled(GO, folder.path()));
    app.push().succeeds();

    let long = "x".repeat(LONG);
    assert_eq!(app.get(&format!("/?{LINES}")).body, "fine");
    assert_eq!(app.get("/?long").body, "fine");
    let log = "logs/burst/wsgi.1.log";
    eventually("the long line is there", || server.text(log).lines().any(|line| line == long).then_some(()));
    all_in_order(&server, log);
    for worker in ["buffered", "flushed", "unbuffered", "node", "ruby", "go", "shell"] {
        let said = || server.text(&format!("data/burst/{worker}"));
        eventually_within(Duration::from_secs(40), worker, || (said() == "done").then_some(()));
        let log = format!("logs/burst/{worker}.1.log");
        eventually("the last line is there", || (entries(&server, &log).len() >= LINES).then_some(()));
        all_in_order(&server, &log);
    }
    // Of uWSGI's own lines nothing is shown.
    let shown = server.ssh(["logs", "burst", "shell", "--no-follow", "-n", "2"]).succeeds();
    let shown: Vec<&str> = shown.stdout.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(shown, ["shell.1 | entry 19998 zzzzzz", "shell.1 | entry 19999 zzzzzz"]);
}

#[test]
fn requests_in_ruby_and_php_that_print_a_lot_are_answered() {
    needs!(php, rack);
    let server = TestServer::new();
    let ruby = "$stdout.sync = true\nrun ->(env) { 20000.times { |n| puts \"entry #{n} #{'z' * 60}\" }; [200, {}, ['fine']] }\n";
    let php = "<?php $out = fopen('php://stderr', 'w'); for ($n = 0; $n < 20000; $n++) fwrite($out, \"entry $n \" . str_repeat('z', 60) . \"\\n\"); echo 'fine';\n";
    let limit = "UWSGI_LOG_MAXSIZE=8388608\n";
    for (name, app, log) in [
        ("songs", server.app_from("rack", "songs").file("config.ru", ruby), "logs/songs/rwsgi.1.log"),
        (
            "wiki",
            server.app("wiki").file("Procfile", "php: .\n").file("index.php", php),
            "logs/wiki/php.1.log",
        ),
    ] {
        app.write("ENV", limit);
        app.push().succeeds();
        assert_eq!(app.get("/").body, "fine", "{name}");
        eventually("the last line is there", || (entries(&server, log).len() >= LINES).then_some(()));
        all_in_order(&server, log);
    }
}

#[test]
fn a_flood_fills_no_more_than_two_logs_and_disturbs_nobody() {
    let server = TestServer::new();
    // Half a line first: it shows before its end comes. Then as fast as a shell can, then as much at once as there is.
    let flood = "printf half; sleep 1; printf ' line\\n'; yes \"$(printf '%100s')\" | head -c 50500000; echo the end; exec sleep 1000\n";
    let beat = "import time\nwhile True:\n begin = time.time()\n print('beat %.3f' % begin, flush=True)\n time.sleep(max(0, 0.05 - time.time() + begin))\n";
    let app = server
        .app("flood")
        .file("Procfile", "flood: sh flood.sh\nbeat: python3 beat.py\n")
        .file("flood.sh", flood)
        .file("beat.py", beat)
        .file("ENV", "UWSGI_LOG_MAXSIZE=65536\n");
    app.push().succeeds();
    let log = || server.text("logs/flood/flood.1.log");
    let size =
        |name: &str| server.root().join("logs/flood").join(name).metadata().map_or(0, |file| file.len());
    let mut most = 0;
    eventually_within(Duration::from_secs(40), "the flood is over", || {
        most = most.max(size("flood.1.log")).max(size("flood.1.log.1"));
        log().ends_with("the end\n").then_some(())
    });
    assert!(most <= 65_536, "a log holds {most} bytes");
    assert!(size("flood.1.log.1") > 60_000);
    assert!(log().lines().all(|line| line.len() == 100 || line == "the end"), "a line was cut in two");
    let beats: Vec<f64> =
        server.text("logs/flood/beat.1.log").lines().map(|line| line[5..].parse().unwrap()).collect();
    let late = beats.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    assert!(beats.len() > 10 && late < 1.0, "a beat came {late} s late");

    // A log that can't be written stops nobody, and goes on once it can be.
    let file = server.root().join("logs/flood/beat.1.log");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    fs::remove_file(&file).unwrap();
    eventually("the log goes on", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        (text.lines().count() > 3).then(|| assert!(text.contains("of output are missing here"), "{text}"))
    });
}

fn find(server: &TestServer, app: &str, has: &str) -> Vec<Running> {
    server.processes_of(app).into_iter().filter(|process| process.command.contains(has)).collect()
}

fn launcher_above(server: &TestServer, process: &Running) -> Running {
    let above = server.processes().ancestors_of(process.id);
    above.into_iter().find(|process| process.command.contains("piku-launch")).unwrap()
}

#[test]
fn a_launcher_that_is_killed_takes_everything_with_it_and_all_of_it_starts_again() {
    let server = TestServer::new();
    let app = server
        .app("burst")
        .file("Procfile", "wsgi: app:app\nworker: sleep 4711 & echo started; exec sleep 4712\n")
        .file("app.py", WSGI);
    app.push().succeeds();
    let only = |has: &str| {
        let found = find(&server, "burst", has);
        (found.len() == 1).then(|| found[0].clone())
    };
    let (child, worker) = (only("sleep 4711").unwrap(), only("sleep 4712").unwrap());
    launcher_above(&server, &worker).kill();
    // Neither the worker nor what it had started runs on beside the next.
    eventually("the worker runs once", || only("sleep 4712").filter(|now| now.id != worker.id));
    eventually("its child too", || only("sleep 4711").filter(|now| now.id != child.id));

    let master = |server: &TestServer| {
        let all = find(server, "burst", "burst:wsgi: uWSGI master");
        (all.len() == 1).then(|| all[0].clone())
    };
    let before = eventually("uWSGI runs", || master(&server));
    launcher_above(&server, &before).kill();
    eventually("uWSGI runs again", || master(&server).filter(|now| now.id != before.id));
    eventually("the app answers", || {
        app.try_get("/?300").is_ok_and(|answer| answer.body == "fine").then_some(())
    });
    let found = |server: &TestServer| entries(server, "logs/burst/wsgi.1.log").contains(&299);
    eventually("its output is in the log", || found(&server).then_some(()));

    // With the emperor and all launchers gone there is nobody to start anything again, and `stop` finds what is left.
    let mut server = server;
    let child = find(&server, "burst", "sleep 4711").remove(0);
    let launcher = launcher_above(&server, &child);
    server.kill_emperor();
    launcher.kill();
    server.piku(["stop", "burst"]).succeeds();
    assert_eq!(find(&server, "burst", "sleep 47"), []);
}

#[test]
fn a_second_emperor_is_refused_however_it_is_started() {
    let mut server = TestServer::new();
    let ini = server.root().join("uwsgi/uwsgi.ini");
    let uwsgi = machine::require("uwsgi");
    let second = |server: &TestServer| {
        let mut command = server.command(uwsgi.as_str());
        let output = command.args(["--ini", ini.as_str()]).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    server.piku(["emperor"]).ends_with(1).says("error: an emperor is already running");
    let (began, said) = second(&server);
    assert!(!began && said.contains("emperor.lock is locked by another instance"), "{said}");
    // The lock ends with the emperor, however that ends.
    server.kill_emperor();
    server.start_emperor();
    server.piku(["emperor"]).ends_with(1).says("error: an emperor is already running");
}

#[test]
fn a_burst_of_the_release_command_reaches_the_person_who_pushes_in_order() {
    let server = TestServer::new();
    let app = server.app("burst").file("Procfile", "release: seq 1 20000\nworker: sleep 1000\n");
    let outcome = app.push().succeeds();
    let numbers: Vec<u32> = outcome.remote().iter().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(numbers, (1..=20_000).collect::<Vec<u32>>());
    // Who reads slowly slows the command, and misses nothing.
    app.write("notes.txt", "1");
    app.git().run(["add", "."]);
    app.git().commit("Change the app");
    let pushed = Command::new("sh")
        .args(["-c", "\"$@\" 2>&1 | { sleep 2; cat; }", "sh"])
        .args(
            std::iter::once("git".into())
                .chain(app.git().command(["push", "piku", "HEAD"]).get_args().map(ToOwned::to_owned))
                .collect::<Vec<std::ffi::OsString>>(),
        )
        .current_dir(app.git().folder())
        .envs(
            app.git()
                .command([""; 0])
                .get_envs()
                .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))),
        )
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&pushed.stdout).into_owned();
    let numbers: Vec<u32> =
        text.lines().filter_map(|line| line.strip_prefix("remote:")?.trim().parse().ok()).collect();
    assert_eq!(numbers, (1..=20_000).collect::<Vec<u32>>(), "{}", &text[..text.len().min(400)]);
}
