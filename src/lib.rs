//! How many parameters does a TensorFlow SavedModel have, and where?
//!
//! The census reads the model's files, asks a real TensorFlow session in a worker process, and
//! holds the answers against each other. Data flows one way:
//!
//! ```text
//! resolve the source -> read the witnesses -> reconcile -> group -> render
//! ```

mod census;
pub mod cost;
pub mod diff;
pub mod error;
pub mod evidence;
pub mod expect;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod group;
pub mod model;
pub mod number;
mod options;
mod reconcile;
pub mod render;
mod saved_model;
pub mod select;
pub mod source;
mod wire;

pub use census::{census, locate_library};
pub use error::{Error, Result};
pub use options::{GroupBy, Observer, Options, Progress, RuntimeChoice, Silent};
