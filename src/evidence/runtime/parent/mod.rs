//! The parent's side.

mod conversation;
mod pipes;
mod process;
mod progress;
mod stderr;

pub use self::conversation::{Worker, load, probe, restore, start};
