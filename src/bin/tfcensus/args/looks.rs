//! Colour and characters: options of every command that prints a report.

use std::path::Path;

use clap::Args;
use tfcensus::render::ColorChoice;
use tfcensus::render::View;

use super::values::Word;
use crate::terminal;

/// Colour and characters.
#[derive(Debug, Args)]
pub struct LooksArgs {
    /// Write nothing beyond ASCII
    #[arg(long, help_heading = "What to show")]
    ascii: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "What to show")]
    color: Word<ColorChoice>,
}

impl LooksArgs {
    /// How to show what goes to this file, or to standard output without one.
    pub fn view(&self, output: Option<&Path>) -> View {
        let color = match output {
            Some(_) => self.color.0 == ColorChoice::Always,
            None => terminal::colors(self.color.0, &std::io::stdout()),
        };
        View { width: terminal::width(), color, ascii: self.ascii, ..View::default() }
    }
}
