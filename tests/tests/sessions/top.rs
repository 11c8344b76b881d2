//! What apps use and how their sites are asked, once and on a screen.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use piku_tests::{JsonPage, TestServer, eventually, needs, piku};

/// What leaves the screen that a program had for itself, and shows the cursor again.
const LEAVES: &str = "\u{1b}[?1049l";
const SHOWS_CURSOR: &str = "\u{1b}[?25h";

/// A command on a terminal of 80 columns and 24 rows.
struct Terminal {
    child: Child,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    /// Starts a command line of a shell.
    fn start(mut command: Command, line: &str) -> Self {
        let line = format!("stty cols 80 rows 24; {line}");
        command
            .args(["--quiet", "--flush", "--return", "--command", &line, "/dev/null"])
            .env("TERM", "xterm");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let all = Arc::clone(&shown);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                all.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, shown }
    }

    /// Waits until all of these were written to it.
    fn await_words(&self, words: &[&str]) {
        eventually(&format!("{words:?} are shown"), || {
            let shown = self.shown.lock().unwrap();
            words.iter().all(|word| shown.contains(word)).then_some(())
        });
    }

    fn forget(&self) {
        self.shown.lock().unwrap().clear();
    }

    fn press(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for its end: the terminal is as it was, and all that it showed after that is returned.
    fn end(mut self) -> (Option<i32>, String) {
        let status = eventually("the command ends", || self.child.try_wait().unwrap());
        let rest = eventually("the screen is left", || {
            let shown = self.shown.lock().unwrap();
            shown.rsplit_once(LEAVES).map(|(screen, rest)| {
                assert!(screen.contains(SHOWS_CURSOR), "the cursor is shown again");
                rest.to_owned()
            })
        });
        (status.code(), rest)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn processes_and_requests_are_shown_once_as_json_and_on_a_screen() {
    needs!(nginx);
    let server = TestServer::with_nginx();
    let blog = server.app_from("hello-wsgi", "blog").served_as("blog.test").file("public/a.txt", "a\n");
    blog.write("ENV", blog.read("ENV") + "NGINX_STATIC_PATHS=/files:public\n");
    blog.push().succeeds();
    for path in ["/", "/", "/files/no.txt", "/", "/"] {
        drop(server.get("blog.test", path));
    }

    let seen = eventually("all requests are counted", || {
        let seen = server.ssh(["top", "blog", "--json"]).succeeds().json();
        let minutes = seen["apps"][0]["traffic"]["minutes"].as_array().unwrap().clone();
        let sum = |what: &str| minutes.iter().filter_map(|minute| minute[what].as_u64()).sum::<u64>();
        // The deploy asks for a page too.
        (sum("requests") >= 5 && sum("refused") >= 1 && sum("failed") == 0).then_some(seen)
    });
    JsonPage::read().describes("top", &seen);
    let processes = seen["apps"][0]["processes"].as_array().unwrap();
    let names: Vec<_> = processes.iter().map(|one| one["process"].as_str().unwrap()).collect();
    assert_eq!(names, ["worker.1", "wsgi.1"]);
    for one in processes {
        assert_eq!((&one["state"], &one["restarts"]), (&"running".into(), &0.into()), "{one}");
        assert!(one["memory"].as_u64() > Some(1_000_000) && one["cpu"].is_number(), "{one}");
    }
    assert!(seen["machine"]["memory"].as_u64() > seen["machine"]["available"].as_u64());

    let once = server.ssh(["top"]).succeeds();
    assert!(once.stderr.is_empty() && !once.stdout.contains('\u{1b}'), "no terminal: {once}");
    for head in ["APP   PROCESS   STATE    ", "SITE  REQ/S  2 MIN  4XX  5XX  "] {
        assert!(once.stdout.contains(head), "{once}");
    }
    let one = server.ssh(["top", "blog", "--once"]).succeeds();
    assert!(one.stdout.contains("MINUTE  REQUESTS  4XX  5XX  "), "{one}");
    server.ssh(["top", "nobody", "--json"]).ends_with(1).says("no app `nobody`");

    // Over ssh with a terminal; the app is opened, left again, and the screen left by a key.
    let client = server.sshd().client();
    let options: Vec<String> = client[1..].iter().map(|word| format!("'{word}'")).collect();
    let line = format!("exec {} -t {} top", client[0], options.join(" "));
    let mut screen = Terminal::start(Command::new("script"), &line);
    screen.await_words(&["piku top", "blog", "worker.1", "SITE"]);
    // Only what changes on the screen is written, so these words have no letter in common with what was in their place.
    screen.press("\r");
    screen.await_words(&["REQUESTS"]);
    screen.forget();
    screen.press("\u{1b}");
    screen.await_words(&["REQ/S"]);
    screen.press("q");
    assert_eq!(screen.end().0, Some(0));

    // On the server itself; a signal leaves the screen too.
    let program = piku::program();
    let line = format!("echo pid $$ .; exec {program} top blog");
    let screen = Terminal::start(server.command("script"), &line);
    screen.await_words(&["pid ", "worker.1"]);
    let shown = screen.shown.lock().unwrap().clone();
    let pid = shown.split_once("pid ").unwrap().1.split_once(' ').unwrap().0.to_owned();
    assert!(server.command("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(screen.end().0, Some(128 + 15));
}
