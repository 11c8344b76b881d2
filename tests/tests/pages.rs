//! What the program writes for others to read: completions for shells, pages for `man`; and the pages of the book.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test starts programs"
)]

use std::process::{Command, Output, Stdio};

use piku_tests::{machine, piku};

fn piku(words: &[&str]) -> String {
    let output = Command::new(piku::program()).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Gives `text` to a tool; `None` when it is not installed, which CI does not allow.
fn feed(tool: &str, words: &[&str], text: &str) -> Option<Output> {
    let Some(path) = machine::find(tool) else {
        assert!(std::env::var_os("CI").is_none(), "`{tool}` is not installed");
        eprintln!("skipped: `{tool}` is not installed");
        return None;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut command = Command::new(path);
    command.args(words).env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").stdin(Stdio::null());
    Some(command.arg(file.path()).output().unwrap())
}

#[test]
fn shells_load_their_completions() {
    let zsh_and_fish = ["zsh", "fish"].into_iter().filter(|shell| machine::find(shell).is_some());
    for shell in ["bash"].into_iter().chain(zsh_and_fish) {
        let loaded = feed(shell, &["-n"], &piku(&["completions", shell]));
        if let Some(output) = loaded {
            assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
        }
    }
}

#[test]
fn bash_completes_commands_with_a_colon() {
    let mut script = piku(&["completions", "bash"]);
    // As bash calls the function of `complete -F`: the words split at colons, the last one completed.
    script.push_str(
        r#"
offer() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    local word="${!#}" registered
    [[ $word == : ]] && word=""
    registered=$(complete -p piku)
    registered=${registered#*-F }
    "${registered%% *}" piku "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${COMPREPLY[*]}"
}
piku() { [[ $* == apps ]] && printf '*blog\n bookshop  (no release yet)\n shop\n'; }
offer piku roll
offer piku config
offer piku config : s
offer piku config : set --
offer piku rollback blog --
offer piku ps b
offer piku config : get sh
"#,
    );
    let Some(output) = feed("bash", &[], &script) else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "rollback", "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(lines[1].split(' ').any(|word| word == "config:set"), "{said}");
    assert_eq!(lines[2], "set");
    assert_eq!(lines[5..], ["blog bookshop", "shop"], "names of apps");
    assert!(lines[3].contains("--help") && lines[4].contains("--help"), "{said}");
}

#[test]
fn man_shows_every_page_without_a_warning() {
    let mut pages = vec![piku(&["man"])];
    pages.extend(piku(&["man", "--list"]).lines().map(|name| piku(&["man", name])));
    for page in pages {
        let Some(shown) = feed("groff", &["-man", "-Tutf8", "-ww", "-z"], &page) else { return };
        assert!(shown.status.success() && shown.stderr.is_empty(), "{page}\n{shown:?}");
    }
}

/// The anchor that GitHub and mdBook give a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(|c| kept(*c)).collect::<String>().trim().replace(' ', "-")
}

/// The lines of a page that are not in a block of code.
fn prose(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut outside = |line: &&str| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    };
    text.lines().filter(|line| outside(line)).collect()
}

#[test]
fn the_book_has_every_page_and_no_link_leads_nowhere() {
    let pages: Vec<(String, String)> = piku_tests::booted::manual::documents();
    let summary = &pages.iter().find(|(name, _)| name == "docs/SUMMARY.md").unwrap().1;
    for (name, _) in &pages {
        let page = name.strip_prefix("docs/").filter(|name| *name != "SUMMARY.md");
        assert!(page.is_none_or(|page| summary.contains(&format!("({page})"))), "{name} is in no chapter");
    }
    for (name, text) in &pages {
        let folder = camino::Utf8Path::new(name).parent().unwrap();
        for line in prose(text) {
            let links =
                line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
            for link in links.filter(|link| !link.contains("://")) {
                let (file, place) = link.split_once('#').unwrap_or((link, ""));
                let path = if file.is_empty() { name.into() } else { folder.join(file) };
                let path = piku::workspace().join(path);
                assert!(path.exists(), "{name}: {link}");
                let target = std::fs::read_to_string(&path).unwrap_or_default();
                let headings = prose(&target).into_iter().filter(|line| line.starts_with('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#')));
                assert!(place.is_empty() || anchors.any(|one| one == place), "{name}: {link}");
            }
        }
    }
}
