//! What a command line does with its own process: who runs it, and whom or what it becomes.
//!
//! The `piku` program acts as the user of a server with these, and hands over to git and ssh's file servers. Whoever
//! embeds piku needs none of them.

pub use crate::host::account::{
    account, become_user, begin_session, enter, has_terminal, is_root, may_use_sudo, read_from, read_from_all,
};
pub use crate::host::launch::become_program;
pub use crate::host::relay::relay;
