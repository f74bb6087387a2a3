//! Counts of whole models, with a real session and without one: fixtures, hostile models, and the
//! worker process. Most tests need a libtensorflow, which `scripts/test` finds or fetches.

#[path = "../common/mod.rs"]
mod common;

mod cleanup;
mod fixtures;
mod forgetful;
mod hostile;
mod incomplete;
mod op_lists;
mod worker;
