//! The settings of an app: the `ENV` file in its folder, what `config:set` stored, and how piku interprets both.
//!
//! Pure: bytes go in, values and diagnostics come out. [`parse_env`] reads the app's `ENV` file and expands `$NAME`;
//! [`StoredSettings`] reads the stored file and never expands anything. [`Layers`] merges the two, [`options()`] reads
//! the keys that piku knows, and [`Layers::process_environment`] returns the variables of a process. [`KEYS`] lists
//! every [`Key`], for checks and for the reference in the documentation; [`keys`] finds them by name.
//! [`ServerSettings`] are those of the whole server, among them defaults of settings of apps.
//!
//! ```
//! use std::collections::BTreeMap;
//! use piku_core::settings::{self, Layers, StoredSettings};
//!
//! let parsed = settings::parse_env(b"GREETING=hello\nUWSGI_PROCESSES=4\n", &BTreeMap::new());
//! let mut stored = StoredSettings::default();
//! stored.set("GREETING", "  two\nlines, $kept as they are")?;
//!
//! let layers = Layers::new(parsed.values.unwrap_or_default(), &stored);
//! let (options, problems) = settings::options(&layers);
//! assert_eq!(options.uwsgi.processes, 4);
//! assert!(problems.is_empty());
//! let environment = layers.process_environment(&BTreeMap::new());
//! assert_eq!(environment["GREETING"], "  two\nlines, $kept as they are");
//! # Ok::<(), settings::InvalidSetting>(())
//! ```

mod allowed_paths;
mod assignment;
mod catalog;
mod dotenv;
mod env_file;
mod expand;
mod folders;
mod key;
pub mod keys;
mod layers;
mod limits;
mod lines;
pub mod live_env;
mod lost_quotes;
mod nginx;
mod options;
mod persist;
mod quoting;
mod reader;
mod server;
mod stored;
mod uwsgi;

pub use catalog::KEYS;
pub use dotenv::{ParsedDotenv, RenderedDotenv, parse as parse_dotenv, render as render_dotenv};
pub(crate) use env_file::EnvFile;
pub use env_file::{Assignment, ParsedEnv, parse as parse_env};
pub(crate) use folders::AppFolders;
pub use key::{Key, Scope, ValueType};
pub use layers::{Layers, Origin, Setting};
pub use limits::{InvalidSetting, MAX_TOGETHER, MAX_VALUE, check};
pub use lost_quotes::lost_quotes;
pub(crate) use nginx::PRIVATE;
pub use nginx::{CacheOptions, NginxOptions};
pub(crate) use options::options_in;
pub use options::{Options, Strategy, options};
pub(crate) use persist::{is_code, is_private_to_piku, spelled};
pub use reader::OptionProblem;
pub use server::{ExternalAccount, InvalidServerSetting, ServerOptions, ServerSettings, is_secret};
pub use stored::StoredSettings;
pub use uwsgi::UwsgiOptions;
