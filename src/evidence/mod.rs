//! The witnesses. Each reads one place where a model says what it contains, and knows no other.
//!
//! `files` and `sidecars` gather what the witnesses among the files say; `runtime` asks the session.

pub mod checkpoint;
pub(crate) mod collections;
pub(crate) mod constants;
pub(crate) mod files;
pub(crate) mod graph_check;
pub(crate) mod keras;
pub(crate) mod load_hazards;
pub(crate) mod object_graph;
pub(crate) mod restore_graph;
pub(crate) mod roles;
pub mod runtime;
pub(crate) mod sidecars;
