//! Shows a report: one file per format, one for each thing that formats share.
//!
//! Rendering never counts. Every number comes from the [`Report`], or from sums that
//! [`select`](crate::select) makes over its variables. All text from the model is escaped for the
//! format at hand.

pub mod cached;
mod csv;
pub mod diff;
pub mod doctor;
mod escape;
pub mod explain;
mod findings_by_code;
mod format;
mod github;
mod html;
mod json;
mod markdown;
pub(crate) mod outline;
mod page;
mod sentences;
mod style;
mod table;
mod text;
mod train_state;
mod view;
mod width;

use std::io::{self, Write};

use crate::model::{Code, Report};
use crate::select::Selection;

pub use escape::terminal as escape_for_terminal;
pub use format::{Format, render};
pub use style::{ColorChoice, Ink, Style};
pub use view::{Column, Listing, View};

/// The failed expectations of a report, a line for each, with both values.
pub fn failed_expectations(report: &Report) -> Vec<String> {
    let failed = report.findings.iter().filter(|finding| finding.code == Code::Expectation);
    failed
        .map(|finding| escape::terminal(&sentences::failed_expectation(finding)).into_owned())
        .collect()
}

/// Writes one integer and a newline: the parameters of the model, or of the variables chosen.
pub fn quiet(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    let counts = if selection.filtered { &selection.totals } else { &report.totals };
    writeln!(out, "{}", counts.all.parameters)
}
