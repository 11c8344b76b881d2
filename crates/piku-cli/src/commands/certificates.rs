//! `certs`, `certs:add`, `certs:remove`, `certs:renew`, and the upkeep of certificates.

use std::process::ExitCode;

use piku_core::{AppName, CertificateOrigin, CertificateStatus, process};

use super::input;
use crate::error::CliError;
use crate::json::{self, Versioned};
use crate::session::Session;
use crate::table::{self, Table, text};
use crate::times::Clock;

/// The most that the names of a site take of a line.
const NAME: usize = 24;

pub(super) fn list(app: Option<&AppName>, session: &Session) -> Result<ExitCode, CliError> {
    let all = session.piku.certificates(app)?;
    if session.json {
        json::print(&Versioned::all(&all), &session.ui);
    } else if let ([one], Some(_)) = (all.as_slice(), app) {
        print_all(&described(one, &Clock::here()), session);
    } else {
        session.ui.table(&listed(&all, &Clock::here()));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn add(
    app: &AppName,
    certificate: &str,
    key: Option<&str>,
    session: &Session,
) -> Result<ExitCode, CliError> {
    let mut text = input::pem(certificate)?;
    // Standard input has both.
    if let Some(key) = key.filter(|key| *key != certificate) {
        text.push(b'\n');
        text.extend(input::pem(key)?);
    }
    let status = session.piku.add_certificate(app, &text, &session.actor, &mut session.ui.events())?;
    let until =
        status.until.map_or_else(String::new, |until| format!(", valid until {}", Clock::here().day(until)));
    let issuer = status.issuer.as_deref().unwrap_or_default();
    if status.served {
        session.ui.done(format_args!("The site of {app} has this certificate now: by {issuer}{until}"));
    } else {
        session.ui.done(format_args!("Kept for the site of {app}, which has none yet: by {issuer}{until}"));
    }
    print(&status, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn remove(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let status = session.piku.remove_certificate(app, &session.actor, &mut session.ui.events())?;
    match status.origin {
        Some(origin) => {
            session.ui.done(format_args!("Removed; the site of {app} has {} now", article(origin)))
        }
        None => session.ui.done(format_args!("Removed")),
    }
    print(&status, session);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn renew(app: &AppName, session: &Session) -> Result<ExitCode, CliError> {
    let status = session.piku.renew_certificate(app, &session.actor, &mut session.ui.events())?;
    let until =
        status.until.map_or_else(String::new, |until| format!(", valid until {}", Clock::here().day(until)));
    let issuer = status.issuer.as_deref().unwrap_or_default();
    session.ui.done(format_args!("The site of {app} has a certificate by {issuer}{until}"));
    print(&status, session);
    Ok(ExitCode::SUCCESS)
}

/// Prints, with `--json`, a certificate after a change.
fn print(status: &CertificateStatus, session: &Session) {
    if session.json {
        json::print(&Versioned::new(status), &session.ui);
    }
}

pub(super) fn upkeep(app: Option<&AppName>, apart: bool, session: &Session) -> Result<ExitCode, CliError> {
    if apart {
        process::begin_session();
    }
    match app {
        Some(app) => session.piku.order_certificates(Some(app), &mut session.ui.events())?,
        None => session.piku.upkeep(&mut session.ui.events())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn article(origin: CertificateOrigin) -> &'static str {
    match origin {
        CertificateOrigin::Own => "its own certificate",
        CertificateOrigin::Acme => "the certificate of an authority",
        _ => "a self-signed certificate",
    }
}

fn print_all(lines: &[String], session: &Session) {
    for line in lines {
        session.ui.line(format_args!("{line}"));
    }
}

/// A row for each app.
fn listed(all: &[CertificateStatus], clock: &Clock) -> Table {
    let mut listed = Table::new(&[
        text("APP"),
        text("NAMES").at_least(NAME),
        text("FROM"),
        text("UNTIL"),
        text("NEXT").at_least(8),
    ]);
    for status in all {
        let more = match status.names.len() {
            0 | 1 => String::new(),
            count => format!(" +{}", count - 1),
        };
        let first = status.names.first().map_or("", String::as_str);
        listed.row([
            status.app.to_string(),
            format!("{}{more}", table::cut(first, NAME - more.len())),
            status.origin.map_or_else(String::new, |origin| origin.to_string()),
            status.until.map_or_else(String::new, |until| clock.day(until)),
            going_on(status, clock),
        ]);
    }
    listed
}

/// What is done about a certificate, in a few words.
fn going_on(status: &CertificateStatus, clock: &Clock) -> String {
    let expired = if status.expired { "expired" } else { "" };
    let renewal = match (&status.authority, &status.failure, status.next) {
        (None, ..) => "",
        (Some(_), Some(failure), _) => failure.message.as_str(),
        (Some(_), None, None) => "being ordered",
        (Some(_), None, Some(at)) => return join(expired, &format!("renewed from {}", clock.day(at))),
    };
    join(expired, renewal)
}

fn join(one: &str, other: &str) -> String {
    [one, other].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("; ")
}

/// All about one certificate.
fn described(status: &CertificateStatus, clock: &Clock) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = |head: &'static str, text: String| rows.push((head, text));
    row("names", status.names.join(" "));
    row(
        "from",
        match (status.origin, &status.issuer) {
            (None, _) => "there is no certificate yet".to_owned(),
            (Some(CertificateOrigin::SelfSigned), _) => "self-signed, so browsers warn".to_owned(),
            (Some(CertificateOrigin::Own), issuer) => {
                format!("its own, by {}", issuer.as_deref().unwrap_or_default())
            }
            (Some(_), issuer) => issuer.clone().unwrap_or_default(),
        },
    );
    let expired = if status.expired { " (expired)" } else { "" };
    row("until", status.until.map_or_else(String::new, |until| format!("{}{expired}", clock.day(until))));
    row("not for", status.uncovered.join(" "));
    if status.origin.is_some() && !status.served {
        row("served", "no: it waits for the first release with a site".to_owned());
    }
    row("asks", status.authority.clone().unwrap_or_default());
    row("asks none", status.no_authority.clone().unwrap_or_default());
    if status.authority.is_some() {
        row("next", status.next.map_or_else(|| "now".to_owned(), |next| clock.minute(next)));
    }
    if let Some(failure) = &status.failure {
        row("failed", format!("{}: {}", clock.minute(failure.at), failure.message));
        row("help", failure.help.clone().unwrap_or_default());
    }
    table::fields(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_said_in_one_phrase() {
        assert_eq!(join("", "being ordered"), "being ordered");
        assert_eq!(join("expired", "being ordered"), "expired; being ordered");
    }
}
