//! The way of a push: each stage takes the value of the one before, and can be read alone.
//!
//! [`receive`] decides what a push deploys, and an [`order`] says so. [`pipeline`] then goes through [`source`],
//! [`prepare`] with [`build`], [`plan`], [`render`], [`stage`], [`check`], [`switch`], [`arrival`], and [`retire`].
//! Everything is spelled before anything is stopped. Whatever fails, [`repair`] brings back what the live release says,
//! as it does after a crash: there is one way to tidy up, and it is walked all the time.

pub(crate) mod adopt;
mod arrival;
mod basis;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod checkout;
mod claims;
mod cloudflare;
pub(crate) mod detect;
mod environment;
pub(crate) mod environment_fit;
mod error;
pub(crate) mod first;
pub(crate) mod handover;
pub(crate) mod hosted;
pub(crate) mod inputs;
pub(crate) mod order;
mod persist;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod predecessor;
mod prepare;
mod procfile_path;
mod reached;
pub(crate) mod receive;
pub(crate) mod render;
pub(crate) mod repair;
mod rescue;
pub(crate) mod retire;
pub(crate) mod site;
pub(crate) mod socket_links;
pub(crate) mod source;
pub(crate) mod stage;
pub(crate) mod switch;
#[cfg(test)]
mod tests;

pub use error::DeployError;
