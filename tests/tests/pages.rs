//! What the program writes for others to read: completions for shells, pages for `man`.

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
