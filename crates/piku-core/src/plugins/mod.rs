//! Programs of an operator, which piku runs for events and as commands. Pure.
//!
//! A plugin is a folder in `plugins/`. Its name and the names of its files decide what runs when: `on-deployed` when a
//! release is live, `before-deploy` before a new release starts, `command-list` for `piku NAME:list`. No setting and no
//! file of an app does.

mod choose;
mod error;
mod notice;
mod role;

pub(crate) use choose::{Candidate, Look, Seen, refusal};
pub use error::{PluginError, PluginVeto};
pub use notice::{Notice, Occasion};
pub(crate) use role::{BEFORE_DEPLOY, Role, is_name};
pub use role::{NotAPluginCommand, PluginCommand};
