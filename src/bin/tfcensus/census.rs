//! The one place where the program asks the library for a census.

use std::ffi::OsStr;

use tfcensus::model::Report;
use tfcensus::{Observer, Options, Result};

/// Counts one model.
pub fn count(model: &OsStr, options: &Options, observer: &dyn Observer) -> Result<Report> {
    tfcensus::census_observed(model, options, observer)
}
