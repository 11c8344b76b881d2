//! Commands that are typed on the laptop, and those of the server that only they send.

use camino::Utf8PathBuf;
use clap::{Subcommand, ValueHint};
use piku_core::AppName;

/// A command that is typed on the laptop.
#[derive(Debug, Subcommand)]
pub(crate) enum AtLaptop {
    /// Prepare this folder for its first push: Procfile, ENV, and the remote (on the laptop)
    Init {
        /// The server, such as piku@my.server; asked for on a terminal
        server: Option<String>,
    },
    /// Open the app's address in a browser (on the laptop)
    Open {
        /// Only print the address
        #[arg(long)]
        print: bool,
    },
    /// Start a shell in the environment and folder of the app (on the laptop)
    Shell,
    /// Let a port of this machine lead to the app's own port on the server (on the laptop)
    Tunnel {
        /// The port on this machine
        port: u16,
    },
    /// Copy a file of the app to this machine (on the laptop)
    Download {
        /// The file, below the app's folder
        file: String,
        /// Where to put it: a file, a folder, or `-` for standard output
        #[arg(value_hint = ValueHint::AnyPath)]
        to: Option<Utf8PathBuf>,
        /// The file is below the app's data, $DATA_ROOT
        #[arg(long)]
        data: bool,
        /// Replace a file of this machine
        #[arg(long)]
        force: bool,
    },
    /// Copy a file of this machine to the app (on the laptop)
    Upload {
        /// The file on this machine
        #[arg(value_hint = ValueHint::AnyPath)]
        file: Utf8PathBuf,
        /// Its path below the app's folder; the same as here by default
        to: Option<String>,
        /// Put it below the app's data, $DATA_ROOT
        #[arg(long)]
        data: bool,
    },
}

/// A command that the laptop sends, and nobody types.
#[derive(Debug, Subcommand)]
pub(crate) enum Sent {
    /// Connect standard input and output to the app's own port
    #[command(name = "app-connect", hide = true)]
    Connect {
        app: AppName,
        /// Only print where it listens
        #[arg(long)]
        check: bool,
    },
    /// Print a file of the app
    #[command(name = "app-read", hide = true)]
    Read {
        app: AppName,
        path: Utf8PathBuf,
        /// Below its data
        #[arg(long)]
        data: bool,
    },
    /// Write a file of the app from standard input
    #[command(name = "app-write", hide = true)]
    Write {
        app: AppName,
        path: Utf8PathBuf,
        /// Below its data
        #[arg(long)]
        data: bool,
        /// How many bytes will come: fewer mean that the connection was cut
        #[arg(long)]
        bytes: u64,
    },
}

impl Sent {
    /// The app it is about.
    pub(crate) fn app(&self) -> &AppName {
        match self {
            Self::Connect { app, .. } | Self::Read { app, .. } | Self::Write { app, .. } => app,
        }
    }
}

impl AtLaptop {
    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Init { .. } => "init",
            Self::Open { .. } => "open",
            Self::Shell => "shell",
            Self::Tunnel { .. } => "tunnel",
            Self::Download { .. } => "download",
            Self::Upload { .. } => "upload",
        }
    }
}
