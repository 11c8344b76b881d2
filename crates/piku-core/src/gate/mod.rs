//! What stands before an app, whatever release is live: the page of its maintenance, its users, and
//! counts of its requests.
//!
//! Pure: texts and decisions. [`crate::host`] writes and reads the files.

pub(crate) mod maintenance;
pub(crate) mod requests;
pub(crate) mod traffic;
pub(crate) mod users;
