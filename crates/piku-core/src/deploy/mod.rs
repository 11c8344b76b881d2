//! The way of a push: each stage takes the value of the one before, and can be read alone.
//!
//! [`receive`] decides what a push deploys, and an [`order`] says so. [`pipeline`] then makes four calls: [`prepare`], with
//! [`source`], [`build`], and [`plan`]; [`start`], with [`vassals`]; [`switch`], with [`traffic`] and [`arrival`]; and
//! [`commit`], with [`live`] and [`prune`]. Everything is spelled before anything is stopped. Whatever fails, [`undo`]
//! lets [`repair`] bring back what the live release says, as it does after a crash: there is one way to tidy up, and it
//! is walked all the time.

mod arrival;
pub(crate) mod build;
mod built;
mod claims;
mod commit;
pub(crate) mod detect;
pub(crate) mod environment_fit;
mod error;
mod live;
pub(crate) mod order;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod prepare;
mod prune;
mod ready;
pub(crate) mod receive;
pub(crate) mod repair;
pub(crate) mod source;
mod start;
pub(crate) mod switch;
#[cfg(test)]
mod tests;
mod traffic;
mod undo;
pub(crate) mod vassals;

pub use error::DeployError;
