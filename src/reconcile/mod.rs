//! Holds the witnesses against each other.
//!
//! Input: what each of them read. Output: an inventory in which every variable is there once, with
//! the shape and dtype that the best witness knows, and a finding for every contradiction. Nothing
//! is repaired or dropped in silence.

mod declared;
mod findings;
mod inventory;
mod keras_config;
mod keys;
mod partners;
mod runtime;
mod stored;
mod trainable;

pub(crate) use declared::{from_collections, from_object_graph};
pub(crate) use findings::{about_counting, about_graph, about_index_problems, about_restore};
pub(crate) use inventory::{Inventory, Item, Part};
pub(crate) use keras_config::match_config;
pub(crate) use keys::match_keys;
pub(crate) use partners::Partners;
pub(crate) use runtime::{Confirmation, compare_load, compare_restore};
pub(crate) use stored::{about_unfilled, compare_stored};
pub(crate) use trainable::settle_trainable;
