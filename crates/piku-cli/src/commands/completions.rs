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
    _piku "$1" "${words[last]}" "${words[last - 1]}"
    if [[ ${words[last]} == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${words[last]%:*}:"}")
    fi
}
"#;

pub(super) fn completions(shell: Shell, session: &Session) -> Result<ExitCode, CliError> {
    session.ui.data(format_args!("{}", script(shell).trim_end()));
    Ok(ExitCode::SUCCESS)
}

/// The script that a shell loads.
fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut args::offered(), "piku", &mut bytes);
    let script = String::from_utf8_lossy(&bytes).into_owned();
    if shell == Shell::Bash {
        let (functions, registration) = script.split_once("\nif [[").unwrap_or((&script, ""));
        let registration = registration.replace("complete -F _piku ", "complete -F _piku_whole_words ");
        return format!("{functions}{WHOLE_WORDS}\nif [[{registration}");
    }
    script
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
