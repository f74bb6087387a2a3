//! What reports look like: every format, several widths, hostile names.

mod build;
mod diff;
mod expect;
mod golden;
mod html;
mod outline;
mod program;
mod schema;
mod select;
