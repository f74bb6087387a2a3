//! What reports look like: every format, several widths, hostile names.

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
