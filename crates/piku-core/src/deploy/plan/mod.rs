//! Plans how a release runs, and renders the plan. Pure: the same input gives the same bytes.
//!
//! Facts about the machine are collected before, and passed in as a [`basis`]. [`decide`] makes a [`Plan`] from it,
//! with the [`environment`] of each process; [`render`] and [`site`] render it for uWSGI, the launcher, and nginx.
//! [`reached`] lists the addresses of the app.

pub(crate) mod basis;
mod cloudflare;
mod decide;
pub(crate) mod environment;
mod gate;
pub(crate) mod hosted;
pub(crate) mod reached;
pub(crate) mod render;
pub(crate) mod site;
pub(crate) mod statics;

pub(crate) use decide::{Plan, Process, Serves, Work, listens_at, plan, reachable, web_count};
