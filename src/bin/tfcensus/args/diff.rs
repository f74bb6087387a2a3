//! `tfcensus diff`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use tfcensus::Options;
use tfcensus::render::View;
use tfcensus::render::diff::DiffFormat;

use super::looks::LooksArgs;
use super::session::SessionArgs;
use super::values::Word;

/// What stands below the options.
pub const NOTES: &str = "\
Examples:
  tfcensus diff ./before ./after
  tfcensus diff ./before ./after --format markdown    for a pull request

Exit codes:
  0  no difference    1  a difference    2  one of them could not be counted
";

/// Options of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The model before
    #[arg(value_name = "BEFORE")]
    pub before: OsString,
    /// The model after
    #[arg(value_name = "AFTER")]
    pub after: OsString,
    /// How to show the difference
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Word<DiffFormat>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    looks: LooksArgs,
}

impl DiffArgs {
    /// How to count both models.
    pub fn options(&self) -> Options {
        self.session.options()
    }

    /// How to show the difference.
    pub fn view(&self) -> View {
        self.looks.view(self.output.as_deref())
    }
}
