//! The command line. No type of clap's goes beyond this folder.

mod command_line;
mod count;
mod diff;
mod doctor;
mod generate;
mod list;
mod looks;
mod parse;
mod session;
mod values;

pub use command_line::Command;
pub use count::CountArgs;
pub use diff::DiffArgs;
pub use doctor::DoctorArgs;
pub use generate::{completions, manual};
pub use list::ListArgs;
pub use parse::{Stop, parse};
