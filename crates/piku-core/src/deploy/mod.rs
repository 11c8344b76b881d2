//! The deploy: each stage takes the value of the previous one, and can be read on its own.
//!
//! [`receive`] chooses what a push deploys, which becomes an [`order`]. [`pipeline`] then makes four calls:
//! [`prepare`], with [`source`], [`build`], and [`plan`]; [`start`], with [`vassals`]; [`switch`], with [`traffic`]
//! and [`arrival`]; and [`commit`], with [`live`] and [`prune`]. Everything is rendered before anything is stopped. If
//! any of it fails, [`undo`] lets [`repair`] restore the live release, as after a crash: there is only one cleanup, so
//! it is always exercised.

mod arrival;
pub(crate) mod build;
mod built;
pub(crate) mod claims;
mod commit;
pub(crate) mod detect;
pub(crate) mod environment_fit;
mod error;
mod exposure;
mod live;
mod moving;
pub(crate) mod order;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod plugged;
pub(crate) mod prepare;
mod proven;
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
pub(crate) mod undo;
pub(crate) mod vassals;

pub use claims::ClaimError;
pub use error::DeployError;
pub use source::persist::PersistError;
