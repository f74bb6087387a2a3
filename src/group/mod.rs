//! The tree: counted variables under sub-models and layers, under modules, or under scopes.
//!
//! Each builder makes an outline: which groups, in which order, under which parents, and which
//! variables each can reach. `sums` turns it into numbers. The numbers of a group are those of the
//! distinct variables at and below it.
mod closure;
mod config;
mod keras;
mod modules;
mod objects;
mod outline;
mod paths;
mod scopes;
mod stamps;
mod sums;

pub(crate) use config::outline as config_outline;
pub(crate) use keras::{is_keras, outline as keras_outline};
pub(crate) use modules::outline as module_outline;
pub(crate) use objects::Objects;
pub(crate) use outline::Outline;
pub(crate) use paths::paths_to_variables;
pub(crate) use scopes::outline as scope_outline;
pub(crate) use sums::fill;
