//! `completions`: what a shell offers after `piku`.

use std::process::ExitCode;

use clap_complete::Shell;

use crate::args;
use crate::error::CliError;
use crate::session::Session;

/// Bash splits words at colons, which half of our commands contain. This joins them for clap's function, and then
/// returns to bash only what follows the last colon, as it expects.
const WHOLE_WORDS: &str = r#"
_piku_whole_words() {
    local words=() last=-1 i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if ((last > 0)) && [[ ${COMP_WORDS[i]} == :* || ${words[last]} == *: ]]; then
            words[last]+="${COMP_WORDS[i]}"
        else
            words[++last]="${COMP_WORDS[i]}"
        fi
    done
    local COMP_WORDS=("${words[@]}") COMP_CWORD=$last
    if ((last == 2)) && [[ ${words[2]} != -* && " $_piku_of_apps " == *" ${words[1]} "* ]]; then
        _piku_apps "${words[2]}"
        return
    fi
    _piku "$1" "${words[last]}" "${words[last - 1]}"
    if [[ ${words[last]} == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${words[last]%:*}:"}")
    fi
}
"#;

/// Offers the names of apps, in bash. `piku apps` prints them without a terminal in a millisecond.
const APPS_IN_BASH: &str = r#"
_piku_apps() {
    local name
    COMPREPLY=()
    while read -r name _; do
        name=${name#\*}
        [[ $name == "$1"* ]] && COMPREPLY+=("$name")
    done < <(piku apps 2>/dev/null)
}
"#;

/// The same in zsh.
const APPS_IN_ZSH: &str = r#"
_piku_apps() {
    local -a apps
    apps=(${${${(f)"$(piku apps 2>/dev/null)"}#[\* ]}%% *})
    compadd -a apps
}
"#;

/// The same in fish.
const APPS_IN_FISH: &str = r"
function __fish_piku_apps
    piku apps 2>/dev/null | string replace -r '^[* ]?(\S+).*' '$1'
end
";

pub(super) fn completions(shell: Shell, session: &Session) -> Result<ExitCode, CliError> {
    session.ui.data(format_args!("{}", script(shell).trim_end()));
    Ok(ExitCode::SUCCESS)
}

/// The script that a shell loads.
fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut args::offered(), "piku", &mut bytes);
    let script = String::from_utf8_lossy(&bytes).into_owned();
    let commands = of_apps().join(" ");
    match shell {
        Shell::Bash => {
            let (functions, registration) = script.split_once("\nif [[").unwrap_or((&script, ""));
            let registration = registration.replace("complete -F _piku ", "complete -F _piku_whole_words ");
            let apps = format!("{APPS_IN_BASH}\n_piku_of_apps='{commands}'\n");
            format!("{functions}{apps}{WHOLE_WORDS}\nif [[{registration}")
        }
        Shell::Zsh => {
            let offers = |line: &str| match line.trim_start_matches([':', '\'']).starts_with("app -- ") {
                true => line.replace(":_default'", ":_piku_apps'"),
                false => line.to_owned(),
            };
            let script: Vec<String> = script.lines().map(offers).collect();
            script.join("\n").replacen("\n_piku() {", &format!("{APPS_IN_ZSH}\n_piku() {{"), 1)
        }
        Shell::Fish => {
            let here =
                format!("__fish_piku_using_subcommand {commands}; and test (count (commandline -opc)) -eq 2");
            format!("{script}{APPS_IN_FISH}\ncomplete -c piku -n \"{here}\" -f -a \"(__fish_piku_apps)\"\n")
        }
        _ => script,
    }
}

/// The commands whose first word is the name of an app that there is.
fn of_apps() -> Vec<String> {
    let takes_app = |command: &&clap::Command| {
        let first = command.get_positionals().next();
        command.get_name() != "apps:create"
            && first.is_some_and(|first| matches!(first.get_id().as_str(), "app" | "old"))
    };
    let offered = args::offered();
    offered.get_subcommands().filter(takes_app).map(|command| command.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    use super::script;

    #[test]
    fn every_shell_is_offered_what_help_shows_and_nothing_hidden() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = script(shell);
            assert!(script.contains("rollback"), "{shell}");
            assert!(!script.contains("git-receive-pack"), "{shell}");
            let offers_apps = script.contains("piku apps 2>/dev/null");
            assert_eq!(offers_apps, matches!(shell, Shell::Bash | Shell::Zsh | Shell::Fish), "{shell}");
        }
    }

    #[test]
    fn bash_is_given_the_function_that_puts_words_together() {
        let script = script(Shell::Bash);
        let (functions, registration) = script.split_once("\n_piku_whole_words() {").unwrap();
        assert!(functions.contains("\n_piku() {") || functions.starts_with("_piku() {"));
        assert_eq!(registration.matches("complete -F _piku_whole_words ").count(), 2);
        assert!(!registration.contains("complete -F _piku "));
    }
}
