//! Decides how a release runs, and spells it. Pure: the same facts give the same bytes.
//!
//! Whatever has to be asked of the machine is asked before, and given in as a [`basis`]. [`decide`] makes a [`Plan`] of
//! it, with the [`environment`] of each process; [`render`] and [`site`] spell that for uWSGI, the launcher, and nginx.
//! [`reached`] says where the app answers.

pub(crate) mod basis;
mod cloudflare;
mod decide;
pub(crate) mod environment;
pub(crate) mod hosted;
pub(crate) mod reached;
pub(crate) mod render;
pub(crate) mod site;

pub(crate) use decide::{Plan, Process, Serves, Work, listens_at, plan, reachable, web_count};
