//! The formats of a report. A new one is a variant, an arm of the one `match`, and a file; the program
//! offers it by a row in `bin/tfcensus/args/values.rs`, and `bin/tfcensus/commands.rs` asks whether the
//! format tells people of failed expectations by itself. The formats of a difference are in `diff`, those
//! of the list of cached models in `cached`.

use std::io::{self, Write};

use crate::model::Report;
use crate::select::Selection;

use super::view::View;
use super::{csv, github, html, json, markdown, text};

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
