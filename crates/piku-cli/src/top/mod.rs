//! `top`: apps as they are now, on a screen.
//!
//! - [`figures`] spells numbers
//! - [`lines`] makes tables of a snapshot, as plain text
//! - [`view`] is what a person looks at: the newest snapshot, what was before, and what the keys chose; pure
//! - [`render`] draws a view into a buffer; pure
//! - [`screen`] is the terminal

pub(crate) mod figures;
pub(crate) mod lines;
mod render;
pub(crate) mod screen;
mod view;
