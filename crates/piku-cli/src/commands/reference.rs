//! `reference`: every command and every setting as Markdown, for `docs/reference.md`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::CommandFactory;
use piku_core::settings::{KEYS, Scope};

use crate::args::Cli;
use crate::error::CliError;
use crate::session::Session;

pub(super) fn reference(session: &Session) -> Result<ExitCode, CliError> {
    session.ui.data(format_args!("{}", text().trim_end()));
    Ok(ExitCode::SUCCESS)
}

/// The whole page.
fn text() -> String {
    let mut page = String::from(
        "# Reference\n\nMade by `cargo xtask docs`; a test keeps it fresh.\n\n## Commands\n\n\
         Typed on the server as `piku <command>`, or over ssh as `ssh piku@server <command>`.\n\
         Exit status: 0 done; 1 the request could not be carried out; 2 the command line is wrong; `run` gives its \
         command's.\n\n| command | what |\n|---|---|\n",
    );
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let mut usage = format!("`{}", command.get_name());
        for arg in command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
        {
            usage.push(' ');
            usage.push_str(&shown(arg));
        }
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "| {}` | {about} |", usage.replace('|', "\\|"));
    }
    for (title, scopes) in [
        (
            "Settings of an app",
            &[Scope::Deploy, Scope::Build, Scope::Processes, Scope::Uwsgi, Scope::Nginx][..],
        ),
        ("The environment of piku itself", &[Scope::Host][..]),
    ] {
        let _ = write!(page, "\n## {title}\n\n| key | takes | default | what |\n|---|---|---|---|\n");
        for key in KEYS.iter().filter(|key| scopes.contains(&key.scope)) {
            let default = key.default_text().map_or_else(String::new, |text| format!("`{text}`"));
            let _ = writeln!(page, "| `{}` | {} | {default} | {} |", key.name, key.value, key.meaning);
        }
    }
    page
}

/// Formats an argument as in a usage line.
fn shown(arg: &clap::Arg) -> String {
    let name = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    let many = if arg.get_num_args().is_some_and(|count| count.max_values() > 1) { "…" } else { "" };
    let text = match (arg.get_short(), arg.get_long()) {
        (Some(short), _) => format!("-{short} {name}"),
        (None, Some(long)) if arg.get_action().takes_values() => format!("--{long} {name}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => format!("{name}{many}"),
    };
    if arg.is_required_set() { text } else { format!("[{text}]") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reference_in_the_documentation_is_fresh() {
        let page = include_str!("../../../../docs/reference.md");
        assert!(page == super::text(), "docs/reference.md is stale: run `cargo xtask docs`");
    }
}
