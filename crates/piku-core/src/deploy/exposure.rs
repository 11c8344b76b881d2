//! Finds `web` processes that other machines reach without nginx.

use std::net::SocketAddr;

use super::plan::{Process, Work};
use crate::event::{Report, warn};
use crate::host::{emperor, sockets};
use crate::release::Release;
use crate::root::Root;
use crate::settings::Options;

/// Everything, as servers are told to listen there; a Procfile that says it needs only another word.
const EVERYWHERE: &str = "0.0.0.0";
/// What tells common servers where to listen.
const OPTIONS: [(&str, &str); 7] = [
    ("gunicorn", "--bind $BIND_ADDRESS:$PORT"),
    ("hypercorn", "--bind $BIND_ADDRESS:$PORT"),
    ("uvicorn", "--host $BIND_ADDRESS --port $PORT"),
    ("daphne", "-b $BIND_ADDRESS -p $PORT"),
    ("streamlit", "--server.address $BIND_ADDRESS --server.port $PORT"),
    ("rackup", "-o $BIND_ADDRESS -p $PORT"),
    ("puma", "-b tcp://$BIND_ADDRESS:$PORT"),
];
/// Commands that start programs of Node.js.
const NODE: [&str; 5] = ["node", "npm", "npx", "pnpm", "yarn"];

/// Where `web` processes listen for other machines: at all addresses, or at one that is not of this machine alone.
pub(crate) fn exposed<'a>(root: &Root, processes: &[&'a Process]) -> Vec<(&'a Process, SocketAddr)> {
    let web = processes.iter().filter_map(|process| match process.work {
        Work::Web { address, .. } => Some((*process, address.port())),
        _ => None,
    });
    let web: Vec<(&Process, u16)> = web.collect();
    if web.is_empty() {
        return Vec::new();
    }
    let stats = emperor::ask(&root.emperor_stats()).unwrap_or_default();
    let mut found = Vec::new();
    for (process, port) in web {
        let Some(vassal) = stats.vassal(&process.name.to_string()) else { continue };
        let addresses = sockets::bound_below(port, vassal.pid).into_iter();
        let open = addresses.filter(|ip| !ip.is_loopback()).map(|ip| (process, SocketAddr::new(ip, port)));
        found.extend(open);
    }
    found
}

/// What the record of a release says of them. The port is another at each release.
pub(crate) fn noted(exposed: &[(&Process, SocketAddr)]) -> Vec<String> {
    let mut all: Vec<String> =
        exposed.iter().map(|(process, address)| format!("{} {}", process.name.kind, address.ip())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Warns of the first such process of an app with a site, unless the live release was warned of for the same.
pub(crate) fn warn_of(
    root: &Root,
    options: &Options,
    processes: &[&Process],
    live: Option<&Release>,
    report: &mut Report<'_>,
) {
    let known = live.map_or(&[][..], |live| &live.exposed);
    let is_new = |one: &(&Process, SocketAddr)| noted(&[*one]).iter().any(|one| !known.contains(one));
    let Some((process, address)) = exposed(root, processes).into_iter().find(is_new) else { return };
    let message = format!(
        "{} listens on {address}, where other machines reach it without nginx: HTTPS and rules about who may connect \
         do not apply there",
        process.shown()
    );
    let bind = options.bind_address.trim_matches(['[', ']']);
    let help = match bind.parse() {
        Ok(ip) if !std::net::IpAddr::is_loopback(&ip) => {
            format!("remove the setting BIND_ADDRESS={bind}; nginx asks the app at 127.0.0.1")
        }
        _ => match &process.work {
            Work::Web { command, .. } => advice(command, bind),
            _ => return,
        },
    };
    warn(report, message, Some(&help));
}

/// How to make a command listen on the address that it is given.
fn advice(command: &str, bind: &str) -> String {
    if command.contains(EVERYWHERE) {
        return format!("write `$BIND_ADDRESS` instead of `{EVERYWHERE}` in the Procfile");
    }
    let words: Vec<&str> = command.split(|c: char| c.is_whitespace() || matches!(c, '/' | ';')).collect();
    if let Some((_, option)) = OPTIONS.into_iter().find(|(server, _)| words.contains(server)) {
        return format!("add `{option}` to its command in the Procfile");
    }
    if NODE.iter().any(|name| words.contains(name)) {
        return format!(
            "make it listen on $BIND_ADDRESS ({bind}): `server.listen(process.env.PORT, process.env.BIND_ADDRESS)`"
        );
    }
    format!("make it listen on $BIND_ADDRESS ({bind}) and $PORT")
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn the_help_fits_the_command() {
        let of = |command| advice(command, "127.0.0.1");
        assert_eq!(
            of("flask db upgrade; gunicorn app:app"),
            "add `--bind $BIND_ADDRESS:$PORT` to its command in the Procfile"
        );
        assert_eq!(
            of("uvicorn app:app --host 0.0.0.0 --port $PORT"),
            "write `$BIND_ADDRESS` instead of `0.0.0.0` in the Procfile"
        );
        assert!(of("yarn start").ends_with("`server.listen(process.env.PORT, process.env.BIND_ADDRESS)`"));
        assert_eq!(of("./target/release/shop"), "make it listen on $BIND_ADDRESS (127.0.0.1) and $PORT");
    }
}
