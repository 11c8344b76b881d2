//! What every command is given.

use piku_core::{Actor, Piku};

use crate::ui::Ui;

/// What a command needs: piku, who asks, and the terminal.
pub(crate) struct Session {
    pub(crate) piku: Piku,
    pub(crate) actor: Actor,
    pub(crate) ui: Ui,
}
