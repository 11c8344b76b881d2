//! Jobs that run when their schedules come round.

use std::time::Duration;

use piku_tests::{TestServer, eventually, eventually_within};

/// A minute, and what a busy machine may add to it.
const A_MINUTE: Duration = Duration::from_secs(80);

#[test]
fn a_job_runs_in_its_minute_with_its_command_unchanged_and_a_deploy_ends_it() {
    let server = TestServer::new();
    let procfile = "cron_tick: * * * * * echo \"$PROC_TYPE 100% *.txt\" *.txt; date +%s >> $DATA_ROOT/ticks; exit 3\n\
                    cron_long: */1 * * * * sleep 300 & echo $! > $DATA_ROOT/long; wait\n\
                    cron_never: 0 0 30 2 * echo never\n";
    let app = server.app("clock").file("Procfile", procfile).file("one.txt", "").file("two.txt", "");
    app.push().succeeds();
    assert_eq!(server.text("data/clock/ticks"), "", "nothing runs at once");
    assert!(server.text("uwsgi-enabled/clock_-cron.1@clock.1.1.ini").contains("piku-launch"));

    let log = || server.text("logs/clock/cron_tick.1.log");
    eventually_within(A_MINUTE, "the job has run", || log().contains("ended").then_some(()));
    let ticks = server.text("data/clock/ticks");
    let tick: u64 = ticks.lines().next().unwrap().parse().unwrap();
    assert!(tick % 60 < 20, "{tick} is at the beginning of a minute");
    let log = log();
    assert!(log.contains("cron_tick starts: echo \"$PROC_TYPE 100% *.txt\" *.txt; date +%s"), "{log}");
    assert!(log.contains("\ncron_tick 100% *.txt one.txt two.txt\n"), "{log}");
    assert!(log.contains("cron_tick ended with exit status 3 after 0 s\n"), "{log}");
    server.ssh(["logs", "clock", "cron_tick", "--no-follow"]).succeeds().says("ended with exit status 3");
    let ps = server.ssh(["ps", "clock"]).succeeds().says("running").says("next run 20");
    ps.says("last run 20").says(", ended with exit status 3 after 0 s");

    let sleeps = || server.processes_of("clock").iter().any(|process| process.command == "sleep 300");
    eventually("the long one runs", || sleeps().then_some(()));
    server.ssh(["restart", "clock"]).succeeds();
    assert!(!sleeps(), "a run of the old release outlives it");
    let log = server.text("logs/clock/cron_long.1.log");
    assert!(log.contains("cron_long ended with"), "{log}");

    server.ssh(["ps:scale", "clock", "cron_tick=0", "cron_long=0", "cron_never=0"]).succeeds();
    assert_eq!(server.names_in("uwsgi-enabled"), [""; 0]);
}
