//! Ending an operation from outside, as long as nothing has changed for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish to end what is going on, which another thread may express.
///
/// A deploy looks at it until the moment at which the new release becomes live: what builds then is stopped, whatever
/// was half made is taken back, and the deploy ends with an error that says so. After that moment the wish comes too
/// late, and the deploy succeeds.
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
    /// Expresses the wish. It can't be taken back; a second call changes nothing.
    pub fn cancel(&self) {
        self.wished.store(true, Ordering::Relaxed);
    }

    /// Whether it was expressed.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.wished.load(Ordering::Relaxed)
    }
}
