//! An example of each command, for its help and its manual page.

/// What one may type, by command. On the laptop, `ssh piku@<server>` stands in the place of `piku`.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("apps", &["piku apps", "piku apps blog"]),
    ("apps:clone", &["piku apps:clone blog blog-next --data"]),
    ("apps:create", &["piku apps:create blog"]),
    ("apps:rename", &["piku apps:rename blog journal"]),
    ("auth", &["piku auth blog"]),
    ("auth:add", &["piku auth:add blog alice < password.txt"]),
    ("auth:remove", &["piku auth:remove blog alice"]),
    ("backup", &["piku backup blog > blog.backup"]),
    ("certs", &["piku certs", "piku certs blog"]),
    ("certs:add", &["piku certs:add blog fullchain.pem privkey.pem"]),
    ("certs:remove", &["piku certs:remove blog"]),
    ("certs:renew", &["piku certs:renew blog"]),
    ("check", &["piku check", "piku check ../blog --json"]),
    ("completions", &["piku completions bash > ~/.local/share/bash-completion/completions/piku"]),
    ("config", &["piku config blog", "piku config blog --json"]),
    ("config:export", &["piku config:export blog > blog.env"]),
    ("config:get", &["piku config:get blog DATABASE_URL"]),
    ("config:import", &["piku config:import blog < .env"]),
    ("config:live", &["piku config:live blog"]),
    ("config:set", &["piku config:set blog DEBUG=1 COLOR=blue", "piku config:set blog API_KEY=- < key.txt"]),
    ("config:unset", &["piku config:unset blog DEBUG COLOR"]),
    ("deploy", &["piku deploy blog"]),
    ("destroy", &["piku destroy blog"]),
    ("doctor", &["piku doctor"]),
    ("download", &["piku download db.sqlite3 --data"]),
    ("emperor", &["piku emperor"]),
    ("events", &["piku events blog"]),
    ("init", &["piku init piku@my.server"]),
    ("keys", &["piku keys"]),
    ("keys:add", &["piku keys:add alice ~/alice.pub", "piku keys:add ci ci.pub --allow blog"]),
    ("keys:allow", &["piku keys:allow bob blog --read-only"]),
    ("keys:remove", &["piku keys:remove bob"]),
    ("lock", &["piku lock blog until the migration is over"]),
    ("logs", &["piku logs blog", "piku logs blog worker -n 100 --no-follow"]),
    ("maintenance:off", &["piku maintenance:off blog"]),
    ("maintenance:on", &["piku maintenance:on blog --allow 192.0.2.7"]),
    ("man", &["piku man config:set | man -l -"]),
    ("open", &["piku open"]),
    ("ps", &["piku ps blog"]),
    ("ps:scale", &["piku ps:scale blog web=2 worker=0"]),
    ("releases", &["piku releases blog"]),
    ("repair", &["piku repair"]),
    ("restart", &["piku restart blog"]),
    ("restore", &["piku restore blog < blog.backup"]),
    ("rollback", &["piku rollback blog", "piku rollback blog 7"]),
    ("run", &["piku run blog -- python manage.py migrate", "piku run blog"]),
    ("server", &["piku server"]),
    ("server:set", &["piku server:set PIKU_DOMAIN=example.org"]),
    ("server:unset", &["piku server:unset PIKU_DOMAIN"]),
    ("setup", &["sudo piku setup --system", "piku setup"]),
    ("setup:ssh", &["piku setup:ssh ~/.ssh/id_ed25519.pub"]),
    ("shell", &["piku shell"]),
    ("start", &["piku start blog"]),
    ("stop", &["piku stop blog"]),
    ("top", &["piku top", "piku top blog --once"]),
    ("tunnel", &["piku tunnel 8000"]),
    ("unlock", &["piku unlock blog"]),
    ("upload", &["piku upload photos.zip --data"]),
    ("version", &["piku version"]),
];

/// The examples of a command.
pub(crate) fn of(command: &str) -> &'static [&'static str] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

/// The examples of a command as they are typed in the folder of an app: `app` tells whether the command is about one.
pub(crate) fn without_app(command: &str, app: bool) -> Vec<String> {
    let typed = |line: &&str| match line.split_once(" blog").filter(|_| app) {
        Some((before, rest)) if before.matches(' ').count() == 1 => format!("{before}{rest}"),
        _ => (*line).to_owned(),
    };
    let mut lines: Vec<String> = of(command).iter().map(typed).collect();
    lines.dedup();
    lines
}

/// A command line with an example in the help of each command. Only help needs them.
pub(crate) fn added_to(whole: clap::Command) -> clap::Command {
    whole.mut_subcommands(|command| {
        let lines: Vec<String> = of(command.get_name()).iter().map(|line| format!("  {line}")).collect();
        if lines.is_empty() { command } else { command.after_help(format!("Example:\n{}", lines.join("\n"))) }
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_command_has_an_example_which_can_be_typed() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            assert!(!of(name).is_empty(), "`{name}` has no example");
            for example in of(name) {
                let words = example.split([' ', '\n']).skip_while(|word| *word != "piku").skip(1);
                let typed = words.take_while(|word| !matches!(*word, "<" | ">" | "|"));
                let typed: Vec<OsString> = typed.map(OsString::from).collect();
                assert_eq!(typed.first().map(|word| &**word), Some(name.as_ref()), "{example}");
                Cli::read(&typed).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }

    #[test]
    fn help_ends_with_the_example() {
        let help = Cli::read(&["config:get", "--help"].map(OsString::from)).unwrap_err().to_string();
        assert!(help.ends_with("Example:\n  piku config:get blog DATABASE_URL\n"), "{help}");
    }
}
