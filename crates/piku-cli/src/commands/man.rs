//! `man`: the manual pages, made from the command line and the catalog of settings.

use std::process::ExitCode;

use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use piku_core::settings::{KEYS, Key, Scope};

use crate::args;
use crate::error::CliError;
use crate::examples;
use crate::session::Session;

/// The first paragraphs of piku(1).
const DESCRIPTION: [&str; 3] = [
    "A push to the repository `piku@server:app` makes a release from the commit: it is checked out, built, started next \
     to the running release, and checked before it goes live. A push that fails changes nothing and says why. uWSGI \
     runs the processes of an app, behind nginx if the app has a host name.",
    "Run commands on the server, where root acts as the user piku, or over ssh as `ssh piku@server command`.",
    "An app is a repository with a Procfile, one process per line: `name: command`. Its settings are in the file ENV; \
     `piku config:set` overrides them.",
];

const FILES: [(&str, &str); 9] = [
    ("~/.piku", "The root folder. The home of the user piku is /home/piku."),
    ("~/.piku/apps/APP", "A link to the tree of the live release."),
    ("~/.piku/repos/APP", "The bare repository that receives pushes."),
    ("~/.piku/envs/APP/ENV", "Settings of `piku config:set`, one per line; readable only by the owner."),
    ("~/.piku/data/APP", "The data of the app, `$DATA_ROOT`. piku never deletes it."),
    ("~/.piku/logs/APP", "The output of processes; limited in size."),
    ("~/.piku/nginx", "Sites, with their sockets and certificates."),
    ("~/.piku/uwsgi", "The configuration and log of the emperor."),
    ("~/.ssh/authorized_keys", "The keys that may push and run commands; written by `piku setup:ssh`."),
];

const EXIT_STATUS: [(&str, &str); 3] =
    [("0", "Success."), ("1", "The operation failed."), ("2", "The command line is invalid.")];

const SEE_ALSO: &str = "git-push(1), ssh(1), systemctl(1), nginx(8), uwsgi-core(8)";

pub(super) fn man(command: Option<&str>, session: &Session) -> Result<ExitCode, CliError> {
    session.ui.data(format_args!("{}", page(command)?.trim_end()));
    Ok(ExitCode::SUCCESS)
}

/// Lists all pages, for packagers.
pub(super) fn list(session: &Session) -> Result<ExitCode, CliError> {
    session.ui.data(format_args!("{}", pages().join("\n")));
    Ok(ExitCode::SUCCESS)
}

/// The commands that have a page of their own.
fn pages() -> Vec<String> {
    args::offered().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// The page of one command, or of all of piku.
fn page(command: Option<&str>) -> Result<String, CliError> {
    let mut piku = args::offered()
        .disable_help_subcommand(true)
        .subcommand_value_name("command")
        .subcommand_help_heading("COMMANDS");
    piku.build();
    let Some(name) = command else { return written(|page| whole(&dressed(Man::new(piku)), page)) };
    let found =
        piku.find_subcommand(name).ok_or_else(|| CliError::Usage(format!("piku has no command `{name}`")))?;
    let man = dressed(Man::new(found.clone().disable_version_flag(true)));
    written(|page| {
        man.render(page)?;
        section(page, "EXAMPLES", |roff| {
            for example in examples::of(name) {
                roff.control("EX", []).text([roman(*example)]).control("EE", []);
            }
        })?;
        section(page, "SEE ALSO", |roff| {
            roff.text(inlines("piku(1)"));
        })
    })
}

/// piku(1).
fn whole(man: &Man, page: &mut Vec<u8>) -> std::io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    section(page, "DESCRIPTION", |roff| {
        for paragraph in DESCRIPTION {
            roff.control("PP", []).text(inlines(paragraph));
        }
    })?;
    man.render_subcommands_section(page)?;
    man.render_options_section(page)?;
    let keys = |chosen: fn(Scope) -> bool| {
        KEYS.iter().filter(move |key| chosen(key.scope)).map(|key| (key.name.to_owned(), meaning(key)))
    };
    let entries = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(term, text)| ((*term).to_owned(), (*text).to_owned())).collect()
    };
    terms(page, "SETTINGS OF AN APP", keys(|scope| scope != Scope::Host))?;
    terms(page, "FILES", entries(&FILES))?;
    let color = ("NO_COLOR".to_owned(), "Where it is set, nothing is printed in color.".to_owned());
    terms(page, "ENVIRONMENT", keys(|scope| scope == Scope::Host).chain([color]))?;
    let run = ("other".to_owned(), "`piku run` ends with the status of its command.".to_owned());
    terms(page, "EXIT STATUS", entries(&EXIT_STATUS).into_iter().chain([run]))?;
    section(page, "SEE ALSO", |roff| {
        roff.text(inlines(SEE_ALSO));
    })
}

/// Sets the header and the footer of a page.
fn dressed(man: Man) -> Man {
    // An empty date would be left out, and the next field would take its place.
    man.date(" ").source(concat!("piku ", env!("CARGO_PKG_VERSION"))).manual("Piku Manual")
}

/// Describes what a setting takes and does.
fn meaning(key: &Key) -> String {
    let default = key.default_text().map_or_else(String::new, |text| format!(" Default: `{text}`."));
    format!("{} Takes {}.{default}", key.meaning, key.value)
}

/// Writes a section of terms, each with its meaning.
fn terms(
    page: &mut Vec<u8>,
    title: &str,
    entries: impl IntoIterator<Item = (String, String)>,
) -> std::io::Result<()> {
    section(page, title, |roff| {
        for (term, text) in entries {
            roff.control("TP", []).text([bold(term)]).text(inlines(&text));
        }
    })
}

fn section(page: &mut Vec<u8>, title: &str, fill: impl FnOnce(&mut Roff)) -> std::io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    fill(&mut roff);
    roff.to_writer(page)
}

/// Splits text with code between backticks, as in Markdown.
fn inlines(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

/// Collects what `write` writes. Writing to memory never fails.
fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<String, CliError> {
    let mut page = Vec::new();
    write(&mut page).map_err(|source| CliError::Input { name: "the manual page".to_owned(), source })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_piku_has_the_sections_that_a_reader_looks_for() {
        let page = page(None).unwrap();
        let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let wanted = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "COMMANDS",
            "OPTIONS",
            "\"SETTINGS OF AN APP\"",
            "FILES",
            "ENVIRONMENT",
            "\"EXIT STATUS\"",
            "\"SEE ALSO\"",
        ];
        assert_eq!(sections, wanted);
    }

    #[test]
    fn every_command_of_the_help_has_a_page_and_a_hidden_one_has_none() {
        assert!(pages().contains(&"config:set".to_owned()));
        for name in pages() {
            let page = page(Some(&name)).unwrap();
            assert!(page.contains(".SH NAME"), "{name}: {page}");
        }
        assert!(matches!(page(Some("git-hook")), Err(CliError::Usage(_))));
    }
}
