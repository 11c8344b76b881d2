//! Files and commands that other platforms read, and what piku has for them.

use piku_procfile::{Diagnostic, Kind, Procfile};
use piku_runtime::SourceTree;
use serde_json::Value;

/// Where Apache finds what applies to a folder.
const HTACCESS: &str = ".htaccess";

/// A line for each thing that is written for another platform and has no effect, with what has it here. Nothing for
/// what the Procfile or the settings say already.
pub(crate) fn hints(tree: &dyn SourceTree, procfile: &Procfile, has_healthcheck: bool) -> Vec<Diagnostic> {
    let has = |wanted: &dyn Fn(&Kind) -> bool| procfile.entries().iter().any(|entry| wanted(&entry.kind));
    let (has_cron, has_release) =
        (has(&|kind| matches!(kind, Kind::Cron(_))), has(&|kind| *kind == Kind::Release));
    let app: Value =
        tree.read("app.json").and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let script = |group: &str, name: &str| {
        Some(app.get("scripts")?.get(group).unwrap_or(app.get("scripts")?).get(name)?.as_str()?.to_owned())
    };
    let text = |file: &str| String::from_utf8_lossy(&tree.read(file).unwrap_or_default()).into_owned();
    let line = |file: &str, key: &str| {
        let line =
            text(file).lines().find_map(|line| Some(line.trim().strip_prefix(key)?.trim().to_owned()))?;
        Some(line.trim_start_matches([':', '=']).trim().trim_matches(['"', '\'']).to_owned())
    };
    let mut found = Vec::new();
    if !has_cron && let Some(job) = app.get("cron").and_then(|jobs| jobs.get(0)) {
        let field = |name: &str, otherwise: &str| {
            job.get(name).and_then(Value::as_str).unwrap_or(otherwise).to_owned()
        };
        let (when, what) = (field("schedule", "0 4 * * *"), field("command", "command"));
        found.push(format!("`cron` in app.json is not read: write `cron-1: {when} {what}` in the Procfile"));
    }
    if !has_release {
        let commands = [
            ("`postdeploy` in app.json", script("dokku", "postdeploy")),
            ("`predeploy` in app.json", script("dokku", "predeploy")),
            ("`release_command` in fly.toml", line("fly.toml", "release_command")),
            ("`preDeployCommand` in render.yaml", line("render.yaml", "preDeployCommand")),
        ];
        let first = commands.into_iter().find_map(|(what, command)| Some((what, command?)));
        found.extend(
            first.map(|(what, command)| {
                format!("{what} is not run: write `release: {command}` in the Procfile")
            }),
        );
    }
    if !has_healthcheck {
        let files = [
            ("`healthchecks` in app.json", app.get("healthchecks").is_some()),
            ("CHECKS", tree.read("CHECKS").is_some()),
        ];
        found.extend(files.into_iter().find(|(_, is_there)| *is_there).map(|(what, _)| {
            format!("{what} is not read: set PIKU_HEALTHCHECK to the path that must answer, such as `/`")
        }));
    }
    let folders = procfile.entries().iter().filter(|one| matches!(one.kind, Kind::Php | Kind::Static));
    let of_apache = folders.map(|entry| {
        let folder = entry.command.trim().trim_start_matches("./").trim_end_matches(['/', '.']);
        if folder.is_empty() { HTACCESS.to_owned() } else { format!("{folder}/{HTACCESS}") }
    });
    found.extend(of_apache.filter(|path| tree.read(path).is_some()).map(|path| {
        format!(
            "`{path}` is not read, since nginx serves the site, not Apache: write its rules as nginx has them, in a \
             file of the app that the setting NGINX_INCLUDE_FILE names"
        )
    }));
    found.into_iter().map(|message| Diagnostic::warning("source::other-platform", 0..0, message)).collect()
}

/// Refuses Heroku's own programs, which no other machine has. `span` finds the place of an entry.
pub(super) fn refused(name: &str, command: &str) -> Option<(String, String)> {
    let mut words = command.split_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    if !program.starts_with("heroku-php-") && !program.starts_with("heroku-hhvm-") {
        return None;
    }
    let root = words.rfind(|word| !word.starts_with('-')).map_or(".", |root| root.trim_end_matches('/'));
    let root = if root.is_empty() { "." } else { root };
    let message = format!("`{program}` is a program of Heroku, so `{name}` can't start it");
    Some((message, format!("write `php: {root}` instead of this line: uWSGI and nginx serve PHP here")))
}

#[cfg(test)]
mod tests {
    use piku_runtime::MemoryTree;

    use super::*;

    fn lines(files: &[(&str, &str)], procfile: &str, has_healthcheck: bool) -> String {
        let tree = files.iter().fold(MemoryTree::new("c"), |tree, (path, text)| tree.with(*path, *text));
        let procfile = piku_procfile::parse(procfile.as_bytes()).procfile.unwrap();
        let found = hints(&tree, &procfile, has_healthcheck);
        found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_other_platforms_read_is_told_with_what_piku_has_for_it() {
        let app = r#"{"cron": [{"command": "./mail", "schedule": "@daily"}], "healthchecks": {"web": []},
                      "scripts": {"postdeploy": "rake db:seed"}}"#;
        let files = [("app.json", app), ("CHECKS", "/ ok\n")];
        insta::assert_snapshot!(lines(&files, "web: x\n", false), @r"
        `cron` in app.json is not read: write `cron-1: @daily ./mail` in the Procfile
        `postdeploy` in app.json is not run: write `release: rake db:seed` in the Procfile
        `healthchecks` in app.json is not read: set PIKU_HEALTHCHECK to the path that must answer, such as `/`
        ");
        let done = "web: x\ncron-1: @daily ./mail\nrelease: rake db:seed\n";
        assert_eq!(lines(&files, done, true), "", "what is done is not told again");
        let other = [
            ("fly.toml", "[deploy]\n  release_command = \"./migrate\"\n"),
            ("app.json", "{\"name\": \"x\"}"),
        ];
        assert_eq!(
            lines(&other, "web: x\n", false),
            "`release_command` in fly.toml is not run: write `release: ./migrate` in the Procfile"
        );
        let dokku = [("app.json", r#"{"scripts": {"dokku": {"predeploy": "./a"}}}"#), ("CHECKS", "")];
        assert!(lines(&dokku, "web: x\n", false).contains("write `release: ./a`"));
        assert_eq!(lines(&[("app.json", "no JSON")], "web: x\n", false), "");
        let of_apache = [(".htaccess", "RewriteEngine On\n"), ("public/.htaccess", "")];
        for (procfile, path) in [
            ("php: public\n", "public/.htaccess"),
            ("php: .\n", ".htaccess"),
            ("static: ./public/\n", "public/.htaccess"),
        ] {
            let told = lines(&of_apache, procfile, false);
            assert!(
                told.starts_with(&format!("`{path}` is not read")) && told.lines().count() == 1,
                "{told}"
            );
        }
        assert_eq!(lines(&of_apache, "web: x\n", false), "");
    }

    #[test]
    fn the_programs_of_heroku_are_not_started() {
        let help = |command: &str| refused("web", command).map(|(_, help)| help);
        assert!(
            help("vendor/bin/heroku-php-apache2 -C apache.conf public/").unwrap().contains("`php: public`")
        );
        assert!(help("heroku-php-nginx").unwrap().contains("`php: .`"));
        assert_eq!(help("php -S $BIND_ADDRESS:$PORT heroku-php-nginx"), None);
    }
}
