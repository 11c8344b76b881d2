//! Command lines of a Procfile, for `sh -c`.

use std::borrow::Cow;

/// Characters that let a line be more than one command, or one in a shell of its own.
const SEVERAL: &[char] = &[';', '&', '|', '(', ')', '`', '\n'];

/// Words that only a shell understands: keywords and builtins of POSIX, dash, and bash that are no programs, or other
/// ones.
const OF_THE_SHELL: &[&str] = &[
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "elif",
    "else",
    "enable",
    "esac",
    "echo",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "then",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
    ".",
];

/// The same line, such that the shell becomes the command where it can: a shell that waits holds memory.
///
/// Bash does so by itself, dash doesn't.
pub(crate) fn replacing_the_shell(line: &str) -> Cow<'_, str> {
    if is_one_program(line) { Cow::Owned(format!("exec {line}")) } else { Cow::Borrowed(line) }
}

/// Whether the line starts one program and does nothing else.
fn is_one_program(line: &str) -> bool {
    let first = line.split_ascii_whitespace().next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+');
    !line.contains(SEVERAL) && !first.is_empty() && first.chars().all(plain) && !OF_THE_SHELL.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_becomes_a_program_and_stays_for_everything_else() {
        for line in [
            "python3 -u app.py",
            "./run --port $PORT --name \"$APP\"",
            "bin/work 'two words' *.txt > /dev/null # quiet",
            "/usr/bin/env A=1 node .",
        ] {
            assert_eq!(replacing_the_shell(line), format!("exec {line}"));
        }
        for line in [
            "",
            "exec sleep 5",
            "cd sub && ./run",
            "A=1 ./run",
            "$RUN fast",
            "\"my run\"",
            "! true",
            "{ ./run; }",
            "./a; ./b",
            "./a | ./b",
            "./a &",
            "echo $(date)",
            "echo `date`",
            "echo 'a\\tb'",
            ". ./env",
            "while true",
            "./a\n./b",
        ] {
            assert_eq!(replacing_the_shell(line), line);
        }
    }
}
