//! Shows a difference: as text, Markdown or JSON.

mod changes;
mod json;
mod markdown;
mod text;

use std::io::{self, Write};

use super::view::View;
use crate::diff::Diff;

/// Formats of a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffFormat {
    /// For a terminal.
    #[default]
    Text,
    /// For pull requests.
    Markdown,
    /// For scripts.
    Json,
}

/// Writes the difference.
pub fn write(diff: &Diff, format: DiffFormat, view: &View, out: &mut dyn Write) -> io::Result<()> {
    match format {
        DiffFormat::Text => text::write(diff, view, out),
        DiffFormat::Markdown => markdown::write(diff, out),
        DiffFormat::Json => json::write(diff, out),
    }
}
