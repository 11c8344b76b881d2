//! What listings have in common.

use serde::Serialize;

use crate::json;
use crate::session::Session;

/// Prints a value as JSON.
pub(super) fn print_json(value: &impl Serialize, session: &Session) {
    json::print(value, &session.ui);
}
