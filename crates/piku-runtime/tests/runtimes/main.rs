//! What is detected in which tree, and how it is built: given as values, shown as text.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic, in what its cases share as well")]

mod detection;
mod given;
mod keys;
mod mistakes;
mod node_plans;
mod plans;
mod python_plans;
mod starts;
mod wishes;
