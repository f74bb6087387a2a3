//! Shows a report: one file per format, one for each thing that formats share.
//!
//! Rendering never counts. Every number comes from the [`Report`], from a [`Selection`] of its
//! variables, or from an [`outline`] that sums what it rolls up. All text from the model passes
//! through [`escape`].

pub mod cached;
pub mod csv;
pub mod diff;
pub mod escape;
pub mod explain;
pub mod github;
pub mod html;
pub mod json;
pub mod markdown;
pub mod outline;
pub mod style;
mod table;
pub mod text;
mod view;
mod width;
mod words;

use std::io::{self, Write};

use crate::model::{Code, Report};
use crate::select::Selection;

pub use view::{Column, Listing, View};

/// The output formats of `count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// Schema version 1, for scripts.
    Json,
    /// A table of variables or groups.
    Csv,
    /// For pull requests and model cards.
    Markdown,
    /// One self-contained page for a browser.
    Html,
    /// Annotations of a GitHub workflow.
    Github,
}

/// Writes the report in this format. `selection` says which variables are listed.
pub fn render(
    report: &Report,
    selection: &Selection,
    format: Format,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, selection, view, out),
        Format::Json => json::write(report, selection, out),
        Format::Csv => csv::write(report, selection, view, out),
        Format::Markdown => markdown::write(report, selection, view, out),
        Format::Html => html::write(report, selection, view, out),
        Format::Github => github::write(report, out),
    }
}

/// The failed expectations of a report, a line for each, with both values.
pub fn failed_expectations(report: &Report) -> Vec<String> {
    let failed = report.findings.iter().filter(|finding| finding.code == Code::Expectation);
    failed
        .map(|finding| escape::terminal(&words::failed_expectation(finding)).into_owned())
        .collect()
}

/// Writes one integer and a newline: the parameters of the model, or of the variables chosen.
pub fn quiet(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    let counts = if selection.filtered { &selection.totals } else { &report.totals };
    writeln!(out, "{}", counts.all.parameters)
}
