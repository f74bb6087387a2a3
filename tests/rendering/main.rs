//! The appearance of reports: every format, several widths, hostile names.

#[path = "../common/mod.rs"]
mod common;

mod build;
mod diff;
mod expect;
mod golden;
mod html;
mod models;
mod outline;
mod program;
mod readme;
mod schema;
mod select;
