//! `logs`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use piku_core::{LogLine, LogQuery};

use crate::args::Logs;
use crate::control_characters::without_sequences;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::moment::Moment;
use crate::session::Session;

/// How many lines to show if nobody says how many, or since when.
const LINES: usize = 100;

pub(super) fn logs(args: &Logs, session: &Session) -> Result<ExitCode, CliError> {
    let zone = if args.utc { TimeZone::UTC } else { TimeZone::system() };
    let now = Zoned::now().with_time_zone(zone.clone());
    let moment = |moment: &Option<Moment>| {
        let far = |error: jiff::Error| CliError::Usage(error.to_string());
        moment.as_ref().map(|moment| moment.at(&now).map_err(far)).transpose()
    };
    let matches =
        |line: &str| args.grep.as_ref().is_some_and(|pattern| pattern.is_match(&without_sequences(line)));
    let mut query = LogQuery::default();
    query.names.clone_from(&args.names);
    query.since = moment(&args.since)?;
    query.until = moment(&args.until)?;
    query.last = args.lines.or_else(|| query.since.is_none().then_some(LINES));
    query.matching = args.grep.is_some().then_some(&matches);
    query.all = args.all;
    query.follow = !args.no_follow && query.until.is_none();

    let follows = query.follow;
    let mut reader = session.piku.logs(&args.app, query)?;
    let mut heard = |line: LogLine| {
        let is_read = if session.json {
            json::print_line(&Versioned::new(&line), &session.ui)
        } else {
            print(&line, &zone, session)
        };
        if is_read { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let ControlFlow::Continue(count) = reader.past(&mut heard) else { return Ok(ExitCode::SUCCESS) };
    let shows_any = args.lines != Some(0) && !session.json;
    if count == 0 && shows_any {
        let what = match args.names.as_slice() {
            _ if args.grep.is_some() || args.since.is_some() || args.until.is_some() => {
                "No such lines".to_owned()
            }
            [] => format!("{} has not written anything yet", args.app),
            names => format!("`{}` has not written anything yet", names.join("`, `")),
        };
        session.ui.done(format_args!("{what}"));
    }
    if follows {
        reader.follow(&mut heard, &|| session.ui.is_read())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(line: &LogLine, zone: &TimeZone, session: &Session) -> bool {
    let time = line.time.map_or_else(|| "-".to_owned(), |time| shown(time, zone));
    let name = session.ui.name(&line.process);
    session.ui.data(format_args!("{time} {name} | {}", without_sequences(&line.line)))
}

/// Formats as RFC 3339, which `--since` reads.
fn shown(time: Timestamp, zone: &TimeZone) -> String {
    if *zone == TimeZone::UTC {
        return time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    }
    time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_word_with_its_zone() {
        let time = Timestamp::from_millisecond(1_795_683_601_020).unwrap();
        assert_eq!(shown(time, &TimeZone::UTC), "2026-11-26T09:00:01.020Z");
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(shown(time, &zone), "2026-11-26T10:00:01.020+01:00");
        assert!(matches!(shown(time, &zone).parse(), Ok(Moment::At(read)) if read == time));
    }
}
