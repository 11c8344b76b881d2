//! What each command asks for. Whether it may is decided by [`piku_core::access::decide`].

use piku_core::access::{Request, Standing};
use piku_core::{Actor, Piku};

use crate::args::{Command, Logs};
use crate::error::CliError;

/// Who asks: the owner of an ssh key, or whoever types on the server itself.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    /// `None` on the server itself, where everything is allowed.
    pub(crate) standing: Option<Standing>,
}

impl Caller {
    /// Whoever types on the server itself.
    pub(crate) fn here(actor: Actor) -> Self {
        Self { actor, standing: None }
    }

    /// Fails if the caller may not do this. From then on, `piku` shows only what the caller may see.
    pub(crate) fn must_be_allowed(&self, request: &Request, piku: &mut Piku) -> Result<(), CliError> {
        let Some(standing) = &self.standing else { return Ok(()) };
        Ok(piku.permit(self.actor.name.as_deref().unwrap_or_default(), standing, request)?)
    }
}

/// What a command asks for.
///
/// Every command is named, so that a new one is not forgotten: [`Request`] says what its classes mean.
pub(crate) fn request(command: &Command, piku: &Piku) -> Result<Request, CliError> {
    Ok(match command {
        Command::Sent(sent) => Request::Work(sent.app().clone()),
        Command::Completions { .. } | Command::Laptop(_) | Command::Man { .. } | Command::Version => {
            Request::Program
        }

        Command::Apps { app: None } | Command::Events { app: None, .. } | Command::Top { app: None, .. } => {
            Request::Listing
        }
        Command::Apps { app: Some(app) } => Request::See(app.clone()),

        Command::Events { app: Some(app), .. }
        | Command::Logs(Logs { app, .. })
        | Command::Top { app: Some(app), .. } => Request::See(app.clone()),
        Command::Ps(args) | Command::Releases(args) => Request::See(args.app.clone()),

        Command::Auth(args)
        | Command::CertsRemove(args)
        | Command::CertsRenew(args)
        | Command::ConfigImport(args)
        | Command::ConfigLive(args)
        | Command::Deploy(args)
        | Command::MaintenanceOff(args)
        | Command::Restart(args)
        | Command::Start(args)
        | Command::Stop(args)
        | Command::Unlock(args) => Request::Work(args.app.clone()),
        Command::AuthAdd { app, .. }
        | Command::AuthRemove { app, .. }
        | Command::Backup { app }
        | Command::Certs { app: Some(app), .. }
        | Command::CertsAdd { app, .. }
        | Command::Config { app, .. }
        | Command::ConfigExport { app, .. }
        | Command::ConfigGet { app, .. }
        | Command::ConfigSet { app, .. }
        | Command::ConfigUnset { app, .. }
        | Command::Lock { app, .. }
        | Command::MaintenanceOn { app, .. }
        | Command::PsScale { app, .. }
        | Command::Rollback { app, .. }
        | Command::Run { app, .. } => Request::Work(app.clone()),
        Command::GitReceivePack { path }
        | Command::GitUploadPack { path }
        | Command::GitUploadArchive { path }
        | Command::GitLfs { path, .. } => Request::Work(piku.app_at(path)?),

        Command::AppsClone { .. }
        | Command::AppsCreate(_)
        | Command::AppsRename { .. }
        | Command::Destroy { .. }
        | Command::Restore { .. } => Request::Population,

        Command::Certs { app: None, .. }
        | Command::Check { .. }
        | Command::Doctor
        | Command::Emperor { .. }
        | Command::GitHook { .. }
        | Command::Keys
        | Command::KeysAdd { .. }
        | Command::KeysAllow { .. }
        | Command::KeysRemove { .. }
        | Command::Notify
        | Command::OverSsh { .. }
        | Command::Plugin { .. }
        | Command::Reference
        | Command::Repair
        | Command::Server
        | Command::ServerSet { .. }
        | Command::ServerUnset { .. }
        | Command::Setup(_)
        | Command::SetupSsh { .. }
        | Command::Units { .. }
        | Command::Upkeep { .. } => Request::Server,
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use clap::{CommandFactory, Parser};
    use piku_core::access::{Permission, decide};
    use piku_core::{Root, Surroundings};

    use super::*;
    use crate::args::Cli;
    use crate::ssh;

    /// The words of commands that take more than an app.
    const SAMPLES: &[&str] = &[
        "apps",
        "events",
        "events blog",
        "top",
        "top blog",
        "apps:clone blog twin",
        "apps:rename blog news",
        "config:get blog A",
        "config:set blog A=1",
        "config:unset blog A",
        "auth:add blog ada",
        "auth:remove blog ada",
        "ps:scale blog web=2",
        "run blog -- id",
        "certs",
        "certs blog",
        "certs:add blog - -",
        "check",
        "check blog",
        "keys:add bob -",
        "keys:remove bob",
        "keys:allow bob blog",
        "server:set A=1",
        "server:unset A",
        "completions bash",
        "units /tmp",
        "git-hook update blog",
        "ssh-command bob",
        "upkeep",
        "notify",
        "plugin mail:test blog",
        "tunnel 8000",
        "download photo",
        "upload photo",
        "app-read blog photo",
        "app-write blog photo --bytes 1",
    ];

    fn app(name: &str) -> piku_core::AppName {
        name.parse().unwrap()
    }

    fn piku() -> Piku {
        let home = Utf8PathBuf::from("/nowhere");
        Piku::new(Root::new(home.join(".piku")), Surroundings::new("piku", home, "/usr/bin/piku"))
    }

    /// A command line for each command: the sample above, or else its name with an app, or its name alone.
    fn lines() -> Vec<String> {
        let mut lines = Vec::new();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let samples: Vec<&str> =
                SAMPLES.iter().copied().filter(|line| line.split(' ').next() == Some(name)).collect();
            if samples.is_empty() {
                let with_app = format!("{name} blog");
                let fits =
                    |line: &str| Cli::try_parse_from(["piku"].into_iter().chain(line.split(' '))).is_ok();
                assert!(fits(&with_app) || fits(name), "give `{name}` a sample");
                lines.push(if fits(&with_app) { with_app } else { name.to_owned() });
            } else {
                lines.extend(samples.into_iter().map(str::to_owned));
            }
        }
        lines.extend(["scp -t /tmp", "internal-sftp", "/usr/lib/openssh/sftp-server"].map(str::to_owned));
        lines
    }

    /// What a line asks for when it comes over ssh.
    fn asked(line: &str) -> Request {
        match ssh::read(line) {
            ssh::Request::Files(_) => return Request::Files,
            // Where no sftp server is installed.
            ssh::Request::Unknown(_) if line.ends_with("sftp-server") || line.ends_with("sftp") => {
                return Request::Files;
            }
            _ => {}
        }
        let cli = Cli::try_parse_from(["piku"].into_iter().chain(line.split(' ')));
        request(&cli.unwrap_or_else(|error| panic!("{line}: {error}")).command, &piku()).unwrap()
    }

    #[test]
    fn who_may_do_what_is_known_for_every_command_and_service() {
        let to = |name: &str, read_only| Standing::May(Permission::limited_to([app(name)], read_only));
        let standings = [
            Standing::May(Permission::Administrator),
            to("blog", false),
            to("shop", false),
            to("blog", true),
            Standing::Removed,
        ];
        let mut table = vec![format!(
            "{:<32}{:<15}{:<10}{:<14}{:<11}{}",
            "", "administrator", "deployer", "another app's", "read-only", "removed"
        )];
        for line in lines() {
            let request = asked(&line);
            let may = |standing: &Standing| match decide("bob", standing, &request, |_| true) {
                Ok(_) => "yes".to_owned(),
                Err(denied) => denied.code().trim_start_matches("access::").to_owned(),
            };
            let [first, second, third, fourth, fifth] = standings.each_ref().map(may);
            table.push(format!("{line:<32}{first:<15}{second:<10}{third:<14}{fourth:<11}{fifth}"));
        }
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn the_path_of_a_repository_is_the_app_that_is_asked_for() {
        for path in ["blog", "/blog.git", "~/blog", "'./blog/'"] {
            for verb in ["git-receive-pack", "git-upload-pack", "git upload-archive", "git-lfs-authenticate"]
            {
                let ssh::Request::Command(words) = ssh::read(&format!("{verb} {path}")) else {
                    panic!("{verb} {path} is a command");
                };
                let cli = Cli::try_parse_from(["piku".to_owned()].into_iter().chain(words)).unwrap();
                assert_eq!(
                    request(&cli.command, &piku()).unwrap(),
                    Request::Work(app("blog")),
                    "{verb} {path}"
                );
            }
        }
    }
}
