//! When a `cron` entry runs: five fields, as crontab(5) has them.
//!
//! ```
//! use piku_procfile::cron::Schedule;
//!
//! let schedule: Schedule = "30 4 * * mon-fri".parse()?;
//! assert!(schedule.matches(30, 4, 23, 11, 1));
//! assert_eq!(schedule.to_string(), "30 4 * * 1-5");
//! # Ok::<(), piku_procfile::Diagnostic>(())
//! ```
//!
//! With the feature `cron`, which is on by default, `Schedule::next_after` finds the next such moment.

mod field;
mod job;
#[cfg(feature = "cron")]
mod next;
mod schedule;

pub use job::CronJob;
pub(crate) use job::job;
pub use schedule::Schedule;

#[cfg(test)]
mod tests;
