//! How many parameters does a TensorFlow SavedModel have, and where?
//!
//! [`census`](census()) reads the model's files, asks a real TensorFlow session in a worker process,
//! and compares the answers. Data flows one way:
//!
//! ```text
//! resolve the source -> read the witnesses -> reconcile -> group -> render
//! ```
//!
//! # From the files alone
//!
//! ```
//! use tfcensus::model::Verdict;
//! use tfcensus::{Options, RuntimeChoice};
//!
//! # fn main() -> tfcensus::Result<()> {
//! let options = Options::default().runtime(RuntimeChoice::Off);
//! let report = tfcensus::census("tests/fixtures/lenet5/model", &options)?;
//!
//! assert_eq!(report.totals.all.parameters, 61_706);
//! assert_eq!(report.verdict, Verdict::Unverified); // The session is off.
//! let classifier = report.groups.nodes.iter().find(|group| group.name == "classifier").unwrap();
//! assert_eq!(classifier.counts.parameters, 400 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10);
//! # Ok(())
//! # }
//! ```
//!
//! # Confirmed by TensorFlow
//!
//! The session runs in a process of its own, so that an abort or too much memory there ends that
//! process and not yours. The process is your program again, which is why `main` begins so:
//!
//! ```no_run
//! fn main() -> tfcensus::Result<()> {
//!     tfcensus::serve_if_worker();
//!     let report = tfcensus::census("my_model", &tfcensus::Options::default())?;
//!     println!("{} parameters, {}", report.totals.all.parameters, report.verdict);
//!     Ok(())
//! }
//! ```
//!
//! `docs/examples/largest_layers.rs` is a whole program.
//!
//! # What to do with a report
//!
//! - [`render`] writes it in every format of the program; with `serde` it serializes as the JSON
//!   that `docs/report.schema.json` describes.
//! - [`select`] chooses and orders variables, [`cost`] estimates what they take in memory.
//! - [`expect`] compares it with numbers or with an earlier report, [`diff`] compares two reports.
//!
//! # Beside the census
//!
//! - [`doctor`](doctor()) looks for a libtensorflow, [`cached_models()`] for downloaded models.
//! - [`remove_temporary_folders`] is for programs that end on a signal.

// The library reads files that nothing vouches for: no panic, no index that was not checked, no number
// that is cut off.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod cached_models;
mod census;
pub mod cost;
#[allow(clippy::indexing_slicing, reason = "positions are those that it has just counted itself")]
pub mod diff;
mod doctor;
mod error;
mod evidence;
pub mod expect;
mod group;
#[doc(hidden)]
pub mod internals;
mod limits;
pub mod model;
mod number;
mod options;
mod reconcile;
mod regular_file;
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "lays out a finished report; nothing here comes from a file unread"
)]
pub mod render;
mod saved_model;
pub mod select;
mod source;
#[cfg(any(test, feature = "testkit"))]
#[doc(hidden)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "writes the inputs of tests and stops where it cannot"
)]
pub mod testkit;
mod verdict;
mod wire;

pub use cached_models::cached_models;
pub use census::{census, census_observed};
pub use doctor::doctor;
pub use error::{Error, Result};
pub use evidence::runtime::serve_if_worker;
pub use options::{GroupBy, Observer, Options, Progress, RuntimeChoice, Silent};
pub use source::cleanup_all as remove_temporary_folders;
