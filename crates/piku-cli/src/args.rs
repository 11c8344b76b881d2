//! The command line.

mod logs;

use std::ffi::OsString;
use std::iter;

use camino::Utf8PathBuf;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueHint};
use piku_core::access::KeyName;
use piku_core::server::NginxWay;
use piku_core::settings::{self, InvalidSetting};
use piku_core::{AppName, Network, PluginCommand, Scale, UserName};

use crate::examples;
use crate::laptop::{AtLaptop, Sent};
pub(crate) use logs::Logs;

/// Deploy to your own small server with git push
#[derive(Debug, Parser)]
#[command(name = "piku", version, disable_help_subcommand = false, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print JSON, and the reason of a refusal too
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Cli {
    /// Reads the words of a command line, without the name of the program.
    ///
    /// # Errors
    /// What clap has to say: a mistake, or a help that was asked for.
    pub(crate) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let whole = || iter::once(OsString::from("piku")).chain(words.iter().cloned());
        let mut cli = Self::try_parse_from(whole()).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => {
                examples::added_to(Self::command()).try_get_matches_from(whole()).err().unwrap_or(error)
            }
            _ => error,
        })?;
        // Any word may follow there, so that no mistake shows a value. Yet this one is no setting.
        if let Command::ConfigSet { settings, .. } | Command::ServerSet { settings } = &mut cli.command {
            let given = settings.len();
            settings.retain(|word| word != "--json");
            cli.json |= settings.len() < given;
        }
        Ok(cli)
    }
}

/// The command line without hidden commands, for shell completions and the manual.
pub(crate) fn offered() -> clap::Command {
    let whole = Cli::command();
    let about = whole.get_about().cloned().unwrap_or_default();
    let shown = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let everywhere = whole.get_arguments().filter(|arg| arg.is_global_set()).cloned();
    clap::Command::new("piku")
        .about(about)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .args(everywhere)
        .subcommands(shown)
}

#[derive(Debug, Args)]
pub(crate) struct OneApp {
    /// The app
    pub(crate) app: AppName,
}

/// What `setup` prepares.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Set up this machine as a server: user, folders, units, nginx
    #[arg(long)]
    pub(crate) system: bool,
    /// Which nginx serves the sites: piku's own or the system's
    #[arg(long, value_name = "own|system")]
    pub(crate) nginx: Option<NginxWay>,
    /// Print the changes without making them
    #[arg(long, requires = "system")]
    pub(crate) dry_run: bool,
    /// Undo `--system`; apps and data are kept
    #[arg(long, requires = "system", conflicts_with = "nginx")]
    pub(crate) undo: bool,
}

/// A `KEY=value` of `config:set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting(pub(crate) String, pub(crate) String);

/// Why an argument is not a setting. Its value may be a secret, and is never shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotASetting {
    #[error("a setting is written KEY=value, and `{}` has no `=`", .0.escape_debug())]
    Form(String),
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

impl NotASetting {
    pub(crate) fn help(&self) -> String {
        match self {
            Self::Form(_) => "put the value behind a `=`, in quotes if it has spaces".to_owned(),
            Self::Invalid(error) => error.help(),
        }
    }
}

impl std::str::FromStr for Setting {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let (key, value) = text.split_once('=').ok_or_else(|| NotASetting::Form(text.to_owned()))?;
        settings::check(key, value)?;
        Ok(Self(key.to_owned(), value.to_owned()))
    }
}

/// Parses the key of a setting.
fn key(word: &str) -> Result<String, InvalidSetting> {
    settings::check(word, "").map(|()| word.to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List every app, `*` before a running one, or show all about one
    Apps {
        /// The app; all apps by default
        app: Option<AppName>,
    },
    /// Make an app before its first push, such as to change its settings
    #[command(name = "apps:create")]
    AppsCreate(OneApp),
    /// Give an app another name, while its site answers
    #[command(name = "apps:rename")]
    AppsRename {
        /// The name that it has
        old: AppName,
        /// The name that it gets
        new: AppName,
    },
    /// Make another app with the commit and the settings of one, and deploy it
    #[command(name = "apps:clone")]
    AppsClone {
        /// The app
        old: AppName,
        /// The new app
        new: AppName,
        /// Copy its data too
        #[arg(long)]
        data: bool,
    },
    /// Show the settings of an app in force, and where they come from
    Config {
        /// The app
        app: AppName,
        /// Include the settings of piku that have their default
        #[arg(long)]
        defaults: bool,
        /// With `--json`, print an object for each setting, with its origin
        #[arg(long)]
        origin: bool,
    },
    /// Show one setting in force
    #[command(name = "config:get")]
    ConfigGet {
        /// The app
        app: AppName,
        /// The key
        #[arg(value_parser = key)]
        key: String,
    },
    /// Change settings and make a release; before the first push, make the app
    #[command(name = "config:set")]
    ConfigSet {
        /// The app
        app: AppName,
        /// Settings, such as DEBUG=1; the value of KEY=- is read from standard input
        #[arg(required = true, value_name = "KEY=VALUE", allow_hyphen_values = true)]
        settings: Vec<String>,
    },
    /// Remove settings and make a release
    #[command(name = "config:unset")]
    ConfigUnset {
        /// The app
        app: AppName,
        /// The keys
        #[arg(required = true, value_name = "KEY", value_parser = key)]
        keys: Vec<String>,
    },
    /// Set what a .env file on standard input sets, and make one release
    #[command(name = "config:import")]
    ConfigImport(OneApp),
    /// Print what config:set stored as a .env file, for config:import and other programs
    #[command(name = "config:export")]
    ConfigExport {
        /// The app
        app: AppName,
        /// Include the settings of ENV and of the server
        #[arg(long)]
        all: bool,
    },
    /// Show the complete environment of the live release
    #[command(name = "config:live")]
    ConfigLive(OneApp),
    /// Make a release from the last pushed commit, in a fresh tree
    Deploy(OneApp),
    /// Remove an app, except for its data and cache
    Destroy {
        /// The app
        app: AppName,
        /// Do not ask
        #[arg(long)]
        force: bool,
    },
    /// Refuse deploys of an app until `unlock`: pushes, changes of settings, rollbacks; restarts go on
    Lock {
        /// The app
        app: AppName,
        /// Why, for whoever is refused
        #[arg(value_name = "REASON")]
        reason: Vec<String>,
    },
    /// Allow deploys of an app again
    Unlock(OneApp),
    /// Write settings, data, and the live commit of an app to standard output
    Backup {
        /// The app
        app: AppName,
    },
    /// Make an app from a backup on standard input, and deploy it
    Restore {
        /// The app, which may have another name than the one that was backed up
        app: AppName,
        /// Replace an app that there is; its data is kept aside
        #[arg(long)]
        replace: bool,
    },
    /// Show an app's logs and follow them
    Logs(Logs),
    /// List the users of a site with NGINX_BASIC_AUTH
    Auth(OneApp),
    /// Add a user of a site, or change a password, which is read from standard input
    #[command(name = "auth:add")]
    AuthAdd {
        /// The app
        app: AppName,
        /// The name of the user
        user: UserName,
    },
    /// Remove a user of a site
    #[command(name = "auth:remove")]
    AuthRemove {
        /// The app
        app: AppName,
        /// The name of the user
        user: UserName,
    },
    /// Answer every visitor with 503 and a page, while the processes go on
    #[command(name = "maintenance:on")]
    MaintenanceOn {
        /// The app
        app: AppName,
        /// Addresses or ranges that still reach the app, such as 192.0.2.7
        #[arg(long, value_name = "ADDRESS", num_args = 1..)]
        allow: Vec<Network>,
    },
    /// Let visitors reach the app again
    #[command(name = "maintenance:off")]
    MaintenanceOff(OneApp),
    /// Show the processes of an app
    Ps(OneApp),
    /// Watch processes, memory, CPU, and requests; without a terminal, print them once
    Top {
        /// The app; all apps by default
        app: Option<AppName>,
        /// Print plain tables once
        #[arg(long)]
        once: bool,
    },
    /// Change how many processes run
    #[command(name = "ps:scale")]
    PsScale {
        /// The app
        app: AppName,
        /// Counts, such as worker=2
        #[arg(required = true, value_name = "KIND=N")]
        changes: Vec<Scale>,
    },
    /// List the releases of an app, `*` before the live one
    Releases(OneApp),
    /// Show the history of an app, or of all apps, including refused pushes
    Events {
        /// The app; all apps by default
        app: Option<AppName>,
    },
    /// Go back to an earlier release: its commit, its build, its settings
    Rollback {
        /// The app
        app: AppName,
        /// The release; by default the one that was live before
        release: Option<u32>,
    },
    /// Restart every process of an app
    Restart(OneApp),
    /// Stop every process of an app
    Stop(OneApp),
    /// Start the processes of a stopped app
    Start(OneApp),
    /// Run a one-off command in the environment and folder of an app
    Run {
        /// The app
        app: AppName,
        /// The command and its arguments; without one, a shell
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD")]
        command: Vec<String>,
    },
    /// Show the certificates of all apps, or of one, and what is done about them
    Certs {
        /// The app; all apps by default
        app: Option<AppName>,
    },
    /// Give the site of an app a certificate of your own
    #[command(name = "certs:add")]
    CertsAdd {
        /// The app
        app: AppName,
        /// A PEM file with the certificate and its chain, or `-` for standard input with the key in it
        #[arg(value_hint = ValueHint::FilePath)]
        certificate: String,
        /// A PEM file with the key; not needed if the other one has it
        #[arg(value_hint = ValueHint::FilePath)]
        key: Option<String>,
    },
    /// Remove that certificate; the site goes on with one of an authority, or a self-signed one
    #[command(name = "certs:remove")]
    CertsRemove(OneApp),
    /// Order a certificate of an authority now, and show how it goes
    #[command(name = "certs:renew")]
    CertsRenew(OneApp),
    /// Check a folder for mistakes, as a push would, without pushing
    Check {
        /// The folder; the current one by default
        folder: Option<Utf8PathBuf>,
    },
    /// Check this server and suggest fixes
    Doctor,
    /// Show the settings of the server and the defaults for apps
    Server,
    /// Change settings of the server, or defaults for all apps
    #[command(name = "server:set")]
    ServerSet {
        /// Settings, such as PIKU_DOMAIN=example.org; the value of KEY=- is read from standard input
        #[arg(required = true, value_name = "KEY=VALUE", allow_hyphen_values = true)]
        settings: Vec<String>,
    },
    /// Remove settings of the server
    #[command(name = "server:unset")]
    ServerUnset {
        /// The keys
        #[arg(required = true, value_name = "KEY", value_parser = key)]
        keys: Vec<String>,
    },
    /// Prepare the folders, and uWSGI if there is none; with `--system`, the whole server (on the server itself only)
    Setup(Setup),
    /// Let the owner of an ssh key push and run commands
    #[command(name = "setup:ssh")]
    SetupSsh {
        /// A file with public keys, or `-` for standard input
        #[arg(value_hint = ValueHint::FilePath)]
        file: String,
    },
    /// List the ssh keys that may push and run commands, and what each may do
    Keys,
    /// Add an ssh key under a name, which events and releases then show
    ///
    /// The key may do everything, as one added by `setup:ssh`, unless `--allow` limits it to apps.
    #[command(name = "keys:add")]
    KeysAdd {
        /// The name, such as alice@laptop
        name: KeyName,
        /// A file with the public key, or `-` for standard input
        #[arg(value_hint = ValueHint::FilePath)]
        file: String,
        /// Limit it to this app from the start, as `keys:allow` does; may be given several times
        #[arg(long = "allow", value_name = "APP")]
        apps: Vec<AppName>,
        /// With `--allow`, only let it look
        #[arg(long, requires = "apps")]
        read_only: bool,
    },
    /// Remove an ssh key
    #[command(name = "keys:remove")]
    KeysRemove {
        /// The name of the key, or its fingerprint
        #[arg(value_name = "NAME")]
        key: String,
    },
    /// Limit an ssh key to apps, or make it an administrator again
    ///
    /// The key may push, run, configure, and read the apps that are named, and nothing else. What is named replaces what
    /// was named before: to allow one app more, name it with the others; to allow one less, name the others.
    #[command(name = "keys:allow")]
    KeysAllow {
        /// The name of the key, or its fingerprint
        #[arg(value_name = "NAME")]
        key: String,
        /// All apps that it may use
        #[arg(value_name = "APP", required_unless_present = "administrator")]
        apps: Vec<AppName>,
        /// Only let it look: `apps`, `ps`, `logs`, `releases`, `events`
        #[arg(long)]
        read_only: bool,
        /// Let it do everything, as before it was limited
        #[arg(long, conflicts_with_all = ["apps", "read_only"])]
        administrator: bool,
    },
    /// Run the uWSGI emperor in the foreground (on the server itself only)
    Emperor {
        /// Stop the running emperor, and every app with it, within ten seconds
        #[arg(long)]
        stop: bool,
    },
    /// Repair every app after a crash, and rebuild environments that no longer match the system (on the server itself
    /// only)
    Repair,
    /// Show the version of piku
    Version,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, for `man -l -`
    Man {
        /// The command; the page of piku itself by default
        command: Option<String>,
        /// List the commands that have a page
        #[arg(long, hide = true, conflicts_with = "command")]
        list: bool,
    },
    /// Do what is due on the server: order and renew certificates
    #[command(hide = true)]
    Upkeep {
        app: Option<AppName>,
        /// In a session of its own, which outlives the one of whoever started it
        #[arg(long)]
        apart: bool,
    },
    /// Run a command of a plugin, which is typed as NAME:WORD
    #[command(hide = true)]
    Plugin {
        command: PluginCommand,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Tell plugins of the event on standard input
    #[command(hide = true)]
    Notify,
    /// Write the unit files of a package into a folder
    #[command(hide = true)]
    Units { folder: Utf8PathBuf },
    #[command(flatten)]
    Laptop(AtLaptop),
    #[command(flatten)]
    Sent(Sent),
    #[command(name = "git-receive-pack", hide = true)]
    GitReceivePack { path: String },
    #[command(name = "git-upload-pack", hide = true)]
    GitUploadPack { path: String },
    #[command(name = "git-upload-archive", hide = true)]
    GitUploadArchive { path: String },
    #[command(name = "git-lfs-authenticate", alias = "git-lfs-transfer", hide = true)]
    GitLfs { path: String, words: Vec<String> },
    #[command(name = "git-hook", hide = true)]
    GitHook { hook: String, app: AppName, words: Vec<String> },
    #[command(hide = true)]
    Reference,
    #[command(name = "ssh-command", hide = true)]
    OverSsh {
        name: String,
        fingerprint: Option<String>,
        #[arg(long)]
        limited: bool,
    },
}

impl Command {
    /// Whether it may make another release live, or start another run of the live one.
    pub(crate) fn deploys(&self) -> bool {
        matches!(
            self,
            Self::ConfigSet { .. }
                | Self::ConfigUnset { .. }
                | Self::ConfigImport(_)
                | Self::Deploy(_)
                | Self::Restore { .. }
                | Self::AppsClone { .. }
                | Self::AppsRename { .. }
                | Self::PsScale { .. }
                | Self::Rollback { .. }
                | Self::Restart(_)
                | Self::Start(_)
                | Self::CertsRenew(_)
                | Self::GitHook { .. }
        )
    }
}
