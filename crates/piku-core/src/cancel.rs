//! Cancels an operation from outside, before its changes are final.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request to cancel an operation, which another thread may make.
///
/// Until the new release becomes live, a cancelled deploy stops its build, undoes what it started, and fails with an
/// error that says so. After that it is too late: the deploy succeeds.
///
/// ```
/// use piku_core::Cancel;
///
/// let cancel = Cancel::default();
/// let elsewhere = cancel.clone();
/// std::thread::spawn(move || elsewhere.cancel()).join().unwrap();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    wished: Arc<AtomicBool>,
}

impl Cancel {
    /// Requests cancellation. This can't be undone; a second call changes nothing.
    pub fn cancel(&self) {
        self.wished.store(true, Ordering::Relaxed);
    }

    /// Whether cancellation was requested.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.wished.load(Ordering::Relaxed)
    }
}
