//! What every command gets.

use piku_core::{Actor, Piku};

use crate::ui::Ui;

/// What every command gets: piku, the user, and the terminal.
pub(crate) struct Session {
    pub(crate) piku: Piku,
    pub(crate) actor: Actor,
    pub(crate) ui: Ui,
    /// Whether to print JSON (`--json`).
    pub(crate) json: bool,
}
